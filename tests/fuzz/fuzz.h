#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What every fuzz target defines and uses. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of any input; a fuzzer reports the one for which it fails. */
#define check(holds) check_holds((holds), __FILE__, __LINE__, #holds)

static inline void check_holds(bool holds, const char *file, int line,
                               const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

#endif
