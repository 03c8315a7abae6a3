#ifndef CTL_ATTRIBUTION_H
#define CTL_ATTRIBUTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * The answer of the method `attribution` as what people paste beside a work,
 * or print.  What others wrote can change nothing but its own place in it.
 */

enum attribution_form {
    ATTRIBUTION_TEXT,
    ATTRIBUTION_MARKDOWN,
    ATTRIBUTION_HTML
};

void attribution_write(FILE *out, enum attribution_form form,
                       const json_t *result, bool with_thanks);

#endif
