#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Text for people.  What others wrote is shown so that it can change nothing
 * but its own place on the screen: control characters and those that turn the
 * direction of text are spelled out.
 */

enum text_style { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_GOOD, TEXT_BAD };

/* Decides once whether stdout and stderr get colours (NO_COLOR, terminals). */
void text_init(void);
/* True if stdout is a terminal: then ids are shortened in lists. */
bool text_is_terminal(void);
unsigned text_columns(void);

/* Begins and ends a style on a stream; nothing where there are no colours. */
void text_begin(FILE *out, enum text_style style);
void text_end(FILE *out, enum text_style style);

/* One line: everything unprintable is spelled <U+001B>. */
void text_put(FILE *out, const char *text);
/* Several lines: breaks are kept, each line after the first is indented. */
void text_put_lines(FILE *out, const char *text, unsigned indent);
/* The columns that text_put() takes. */
unsigned text_width(const char *text);
/* text_put() cut or filled to exactly `width` columns. */
void text_put_cell(FILE *out, const char *text, unsigned width);
/* As text_put(), in a style. */
void text_put_style(FILE *out, enum text_style style, const char *text);

/* "3.4 MiB", "12.5 s", "3 days"; into the caller's buffer. */
#define TEXT_SHORT 32
/* "1 record", "2 records". */
void text_count(char out[TEXT_SHORT], uint64_t n, const char *one);
void text_size(char out[TEXT_SHORT], uint64_t bytes);
void text_span(char out[TEXT_SHORT], uint64_t ms);
/* "2026-11-21 18:00", where one lives. */
void text_time(char out[TEXT_SHORT], uint64_t ms);

/*
 * A value as one line by the name of its field: times, sizes, shares, ids and
 * lists as people read them.  To be freed; NULL if memory ran out.
 */
char *text_of_value(const char *key, const json_t *v, bool shorten);
/* "house_share_bp" as "house share". */
void text_label(char *out, size_t cap, const char *key);

#endif
