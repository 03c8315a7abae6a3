/* Long work: how far each is, for what it waits, or why it failed. */
#include <string.h>

#include "ctl/render.h"
#include "ctl/text.h"

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static void amount(char out[TEXT_SHORT], const json_t *job, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(job, key));

    if (strcmp(string_at(job, "unit"), "bytes") == 0)
        text_size(out, n < 0 ? 0 : (uint64_t)n);
    else
        (void)snprintf(out, TEXT_SHORT, "%" JSON_INTEGER_FORMAT, n);
}

/* "187 MiB of 600 MiB"; nothing of what has not been measured. */
static json_t *far_text(const json_t *job)
{
    char done[TEXT_SHORT];
    char total[TEXT_SHORT];

    if (json_integer_value(json_object_get(job, "total")) <= 0)
        return json_string("");
    amount(done, job, "done");
    amount(total, job, "total");
    return json_sprintf("%s of %s", done, total);
}

static json_t *remark_text(const json_t *job)
{
    if (string_at(job, "error")[0] != '\0')
        return json_string(string_at(job, "error"));
    if (string_at(job, "waits")[0] != '\0')
        return json_sprintf("waits for %s", string_at(job, "waits"));
    return json_string("");
}

/* Those in that state, or all with NULL; a new array. */
static json_t *rows_of(const json_t *jobs, const char *only)
{
    json_t *rows = json_array();
    const json_t *job;
    size_t i;

    json_array_foreach (jobs, i, job) {
        const char *state = string_at(job, "state");
        json_t *row;

        if (only != NULL && strcmp(state, only) != 0)
            continue;
        row = json_object();
        (void)json_object_set(row, "id", json_object_get(job, "id"));
        (void)json_object_set(row, "what", json_object_get(job, "what"));
        (void)json_object_set_new(row, "state", json_string(state));
        (void)json_object_set_new(row, "so far", far_text(job));
        (void)json_object_set_new(row, "remark", remark_text(job));
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

void render_jobs_running(const json_t *jobs)
{
    json_t *rows = rows_of(jobs, "running");

    if (json_array_size(rows) > 0) {
        (void)fputc('\n', stdout);
        text_put_style(stdout, TEXT_BOLD, "jobs");
        (void)fputc('\n', stdout);
        render_table(rows, NULL);
    }
    json_decref(rows);
}

void render_jobs(const json_t *result)
{
    json_t *rows = rows_of(json_object_get(result, "items"), NULL);

    if (json_array_size(rows) == 0)
        (void)puts("no long work since the daemon started");
    else
        render_table(rows, NULL);
    json_decref(rows);
}
