/* What a bundle holds, for people. */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"
#include "ctl/text.h"

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static long long number_at(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void put_line(const char *label, const char *text, enum text_style style)
{
    text_put_cell(stdout, label, 10);
    text_put_style(stdout, style, text);
    (void)fputc('\n', stdout);
}

static void put_author(const json_t *author)
{
    const char *name = string_at(author, "name");
    char line[512];

    (void)snprintf(line, sizeof line, "%s%s%.16s, device %.16s",
                   name[0] == '\0' ? "" : name, name[0] == '\0' ? "" : " ",
                   string_at(author, "person"), string_at(author, "device"));
    put_line("signed by", line, TEXT_PLAIN);
}

static void put_files(const json_t *files)
{
    const json_t *file;
    size_t i;

    json_array_foreach (files, i, file) {
        const char *state = string_at(file, "state");
        char size[TEXT_SHORT];

        text_size(size, (uint64_t)number_at(file, "size"));
        (void)fputs("  ", stdout);
        text_put_cell(stdout, string_at(file, "name"), 40);
        (void)printf("  %10s  ", size);
        text_put_style(
            stdout, strcmp(state, "whole") == 0 ? TEXT_GOOD : TEXT_BAD, state);
        (void)fputc('\n', stdout);
    }
}

/* "3 records and 2 files", and how many of the files are another case. */
static void put_counts(const json_t *result, const char *files, const char *odd)
{
    char records[TEXT_SHORT];
    char count[TEXT_SHORT];

    text_count(records, (uint64_t)number_at(result, "records"), "record");
    text_count(count, (uint64_t)number_at(result, files), "file");
    (void)printf("%s and %s", records, count);
    if (number_at(result, odd) > 0)
        (void)printf(", %lld", number_at(result, odd));
}

static void put_holes(const json_t *result)
{
    const json_t *hole;
    size_t dropped = 0;
    size_t i;

    json_array_foreach (json_object_get(result, "holes"), i, hole) {
        char size[TEXT_SHORT];

        text_size(size, (uint64_t)number_at(hole, "size"));
        (void)fputs("  ", stdout);
        text_put_cell(stdout, string_at(hole, "name"), 40);
        (void)printf("  %10s  ", size);
        text_put_style(stdout, TEXT_BAD, string_at(hole, "why"));
        (void)fputc('\n', stdout);
        dropped += strcmp(string_at(hole, "why"), "dropped here") == 0 ? 1 : 0;
    }
    if (number_at(result, "holes_count") > (long long)i)
        (void)printf("  and %lld more\n",
                     number_at(result, "holes_count") - (long long)i);
    if (dropped > 0)
        (void)puts("  what was dropped comes again with: troupe get RECORD");
    if (i > dropped)
        (void)printf("  to fetch what others have of it: troupe seed %.16s\n",
                     string_at(result, "topic"));
}

void render_written(const json_t *result)
{
    put_counts(result, "blobs", "holes_count");
    (void)fputs(number_at(result, "holes_count") > 0 ? " of them not whole, in "
                                                     : ", in ",
                stdout);
    text_put(stdout, string_at(result, "path"));
    (void)fputc('\n', stdout);
    put_holes(result);
}

void render_taken(const json_t *result)
{
    put_counts(result, "blobs", "blobs_stored");
    (void)puts(number_at(result, "blobs_stored") > 0 ? " of them new" : "");
    if (number_at(result, "stored") > 0)
        (void)printf("  %lld of the records are new\n",
                     number_at(result, "stored"));
    if (number_at(result, "over") > 0)
        (void)printf("  %lld records of strangers are more than is kept of "
                     "them in a day\n",
                     number_at(result, "over"));
    if (number_at(result, "heads") > 0)
        (void)printf("  %lld records are known of that the maker did not "
                     "have\n",
                     number_at(result, "heads"));
    put_holes(result);
}

void render_bundle(const json_t *result)
{
    const char *verdict = string_at(result, "verdict");
    bool stands = json_is_true(json_object_get(result, "in_force"));
    char when[TEXT_SHORT];

    text_time(when, (uint64_t)number_at(result, "created_ms"));
    put_line(string_at(result, "kind"), string_at(result, "title"), TEXT_BOLD);
    put_author(json_object_get(result, "author"));
    put_line("on", when, TEXT_PLAIN);
    put_line("stands", verdict[0] == '\0' ? "yes" : verdict,
             stands ? TEXT_GOOD : TEXT_BAD);
    if (json_array_size(json_object_get(result, "credits")) > 0) {
        (void)puts("credits");
        render_credits(result);
    }
    put_counts(result, "files_count", "missing");
    (void)puts(number_at(result, "missing") > 0 ? " of them not whole" : "");
    put_files(json_object_get(result, "files"));
}
