/*
 * `record import`: exact records, or drafts of records as lines of JSON, in
 * batches; the next drafts are sent while the last are being worked on.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/convert.h"
#include "ctl/plain.h"
#include "ctl/run.h"

/* A call carries so much; a record or a line is never cut. */
#define BATCH_LEN ((size_t)512 * 1024)

enum { DRAFTS = 1000, UNDER_WAY = 4, ERRORS_SHOWN = 100 };

/* What is to be known of a batch when its answer comes. */
struct sent {
    bool is_under_way;
    uint32_t number;
    uint64_t offset; /* of records: where it begins in the file */
    uint64_t *lines; /* of drafts: the line of each, DRAFTS of them */
};

struct import {
    struct ctl *ctl;
    int fd;
    bool is_lines;
    bool at_end;  /* the buffer has the file's last byte */
    uint8_t *buf; /* BATCH_LEN bytes */
    size_t len;
    uint64_t offset; /* of buf in the file */
    uint64_t line;   /* of its first byte, from 1 */
    struct sent sent[UNDER_WAY];
    size_t count; /* of those under way */
    uint64_t stored;
    uint64_t known;
    uint64_t refused;
    json_t *errors;
    json_t *ids;
};

static bool fill(struct import *in)
{
    while (in->len < BATCH_LEN && !in->at_end) {
        ssize_t n = read(in->fd, in->buf + in->len, BATCH_LEN - in->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(&in->ctl->fail, "cannot read the records");
        in->at_end = n == 0;
        in->len += (size_t)n;
    }
    return true;
}

static void drop(struct import *in, size_t len)
{
    memmove(in->buf, in->buf + len, in->len - len);
    in->len -= len;
    in->offset += len;
}

static void add_error(struct import *in, const char *place, uint64_t at,
                      struct bytes text)
{
    if (json_array_size(in->errors) < ERRORS_SHOWN)
        (void)json_array_append_new(
            in->errors,
            json_pack("{s:I,s:s%}", place, (json_int_t)at, "text",
                      text.data == NULL ? "" : (const char *)text.data,
                      text.len));
}

/* --- exact records --- */

/* How many bytes at the start of the buffer are whole values. */
static bool measure(struct import *in, size_t *whole)
{
    struct fail *f = &in->ctl->fail;
    size_t at = 0;

    while (at < in->len) {
        struct bytes rest = { in->buf + at, in->len - at };
        enum mp_grade grade;
        size_t used;
        enum err e = mp_walk(&grade, &used, rest);

        if (e == ERR_TRUNCATED && at > 0)
            break; /* the rest of it comes with the next batch */
        if (e == ERR_TRUNCATED)
            return fail_set(f, EXIT_CODE_INTEGRITY, NULL,
                            "byte %" PRIu64 ": the file ends within a record",
                            in->offset);
        if (e != ERR_OK)
            return fail_set(f, EXIT_CODE_INTEGRITY, NULL,
                            "byte %" PRIu64 ": not a record: %s",
                            in->offset + at, err_text(e));
        at += used;
    }
    *whole = at;
    return true;
}

static bool take_records(struct import *in, struct writer *w, struct sent *sent)
{
    size_t whole = 0;

    if (!measure(in, &whole))
        return false;
    sent->offset = in->offset;
    mp_put_map(w, 1);
    mp_put_text(w, "bytes");
    mp_put_bin(w, (struct bytes){ in->buf, whole });
    drop(in, whole);
    return true;
}

/* --- drafts --- */

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if (memchr(" \t\r", line.data[i], 3) == NULL)
            return false;
    return true;
}

/* The first line of what is left; false if it goes on in the file. */
static bool next_line(const struct import *in, struct bytes left,
                      struct bytes *line)
{
    const uint8_t *end =
        left.len == 0 ? NULL : memchr(left.data, '\n', left.len);

    if (end == NULL && !in->at_end)
        return false;
    line->data = left.data;
    line->len = end == NULL ? left.len : (size_t)(end - left.data);
    return true;
}

/* Puts one draft; a line that is no JSON is refused here. */
static bool put_draft(struct import *in, struct writer *drafts,
                      struct bytes line)
{
    json_error_t wrong;
    json_t *draft;

    if (plain_put(drafts, line))
        return true;
    draft = json_loadb((const char *)line.data, line.len,
                       JSON_REJECT_DUPLICATES, &wrong);
    if (draft == NULL) {
        in->refused++;
        add_error(
            in, "line", in->line,
            (struct bytes){ (const uint8_t *)wrong.text, strlen(wrong.text) });
        return false;
    }
    convert_from_json(drafts, draft);
    json_decref(draft);
    return true;
}

/* Lines to drafts, until the batch is full or the buffer empty. */
static uint32_t put_drafts(struct import *in, struct writer *drafts,
                           uint64_t *lines)
{
    struct bytes left = { in->buf, in->len };
    struct bytes line;
    uint32_t n = 0;

    while (n < DRAFTS && drafts->len < BATCH_LEN && left.len > 0 &&
           next_line(in, left, &line)) {
        size_t used = line.len < left.len ? line.len + 1 : line.len;

        lines[n] = in->line;
        if (!is_blank(line) && put_draft(in, drafts, line))
            n++;
        in->line++;
        left.data += used;
        left.len -= used;
    }
    drop(in, in->len - left.len);
    return n;
}

static bool take_lines(struct import *in, struct writer *w, struct sent *sent)
{
    struct writer drafts = writer_growing(CONTROL_MESSAGE_MAX);
    size_t before = in->len;
    uint32_t n = put_drafts(in, &drafts, sent->lines);
    bool ok = true;

    if (n > 0) {
        mp_put_map(w, 2);
        mp_put_text(w, "ids");
        mp_put_bool(w, in->ctl->globals.json);
        mp_put_text(w, "drafts");
        mp_put_array(w, n);
        writer_bytes(w, writer_view(&drafts));
    }
    if (drafts.err != ERR_OK || in->len == before)
        ok = fail_set(&in->ctl->fail, EXIT_CODE_LIMIT, NULL,
                      "line %" PRIu64 " is too long for one record", in->line);
    writer_free(&drafts);
    return ok;
}

/* --- answers --- */

static uint64_t place_of(const struct import *in, const struct sent *sent,
                         const struct mp_value *error)
{
    uint64_t line = mp_uint(mp_get(error, "line"));

    if (!in->is_lines)
        return sent->offset + mp_uint(mp_get(error, "offset"));
    return line < DRAFTS ? sent->lines[line] : 0;
}

static void take_ids(struct import *in, const struct sent *sent,
                     const struct mp_value *ids)
{
    for (uint32_t i = 0; i < mp_count(ids) && i < DRAFTS; i++) {
        struct bytes id = mp_str(mp_at(ids, i));

        if (id.len > 0)
            (void)json_array_append_new(
                in->ids,
                json_pack("{s:I,s:s%}", "line", (json_int_t)sent->lines[i],
                          "id", (const char *)id.data, id.len));
    }
}

static struct sent *find_sent(struct import *in, bool under_way,
                              uint32_t number)
{
    for (size_t i = 0; i < UNDER_WAY; i++)
        if (in->sent[i].is_under_way == under_way &&
            (!under_way || in->sent[i].number == number))
            return &in->sent[i];
    return NULL;
}

/* Errors name the byte or the line of the file, not of the batch. */
static bool finish(struct import *in)
{
    const struct mp_value *result;
    const struct mp_value *errors;
    struct sent *sent;
    uint32_t number;

    if (!client_finish(in->ctl->client, &in->ctl->fail, &result, &number))
        return false;
    sent = find_sent(in, true, number);
    if (sent == NULL)
        return true; /* not of ours */
    in->stored += mp_uint(mp_get(result, "stored"));
    in->known += mp_uint(mp_get(result, "known"));
    in->refused += mp_uint(mp_get(result, "refused"));
    errors = mp_get(result, "errors");
    for (uint32_t i = 0; i < mp_count(errors); i++) {
        const struct mp_value *v = mp_at(errors, i);

        add_error(in, in->is_lines ? "line" : "offset", place_of(in, sent, v),
                  mp_str(mp_get(v, "text")));
    }
    take_ids(in, sent, mp_get(result, "ids"));
    sent->is_under_way = false;
    in->count--;
    return true;
}

/* --- batches --- */

static bool send_next(struct import *in)
{
    struct sent *sent = find_sent(in, false, 0);
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    bool ok =
        in->is_lines ? take_lines(in, &w, sent) : take_records(in, &w, sent);

    if (ok && (w.len > 0 || w.err != ERR_OK)) { /* else only blank lines */
        ok =
            w.err == ERR_OK
                ? client_begin(in->ctl->client, &in->ctl->fail, &sent->number,
                               "record.import", writer_view(&w))
                : fail_set(&in->ctl->fail, EXIT_CODE_LIMIT, NULL,
                           "line %" PRIu64 ": too much for one call", in->line);
        sent->is_under_way = ok;
        in->count += ok;
    }
    writer_free(&w);
    return ok;
}

/*
 * A record may need the certificate beside an earlier one: exact records wait
 * until those before them are taken in.
 */
static bool must_wait(const struct import *in)
{
    return in->count == (in->is_lines ? UNDER_WAY : 1);
}

static bool import_all(struct import *in)
{
    if (!fill(in))
        return false;
    /* A record begins with an array of four: no text does. */
    in->is_lines = in->len > 0 && memchr("{ \t\r\n", in->buf[0], 5) != NULL;
    for (;;) { /* a batch each turn, until the file's end */
        if (!fill(in))
            return false;
        if (in->len == 0)
            break;
        if (must_wait(in) && !finish(in))
            return false;
        if (!send_next(in))
            return false;
    }
    while (in->count > 0)
        if (!finish(in))
            return false;
    return true;
}

static int by_place(const void *a, const void *b)
{
    const json_t *const items[2] = { *(json_t *const *)a, *(json_t *const *)b };
    json_int_t places[2];

    for (size_t i = 0; i < 2; i++) {
        const json_t *line = json_object_get(items[i], "line");

        places[i] = json_integer_value(
            line != NULL ? line : json_object_get(items[i], "offset"));
    }
    return (places[0] > places[1]) - (places[0] < places[1]);
}

/* Batches end in any order; what is told of them follows the file. */
static json_t *sorted(const json_t *items)
{
    size_t count = json_array_size(items);
    json_t **all = calloc(count + 1, sizeof(json_t *));
    json_t *out = json_array();

    for (size_t i = 0; all != NULL && i < count; i++)
        all[i] = json_array_get(items, i);
    if (all != NULL)
        qsort(all, count, sizeof(json_t *), by_place);
    for (size_t i = 0; all != NULL && i < count; i++)
        (void)json_array_append(out, all[i]);
    free(all);
    return out;
}

static json_t *result_of(struct import *in)
{
    json_t *result =
        json_pack("{s:I,s:I,s:I,s:o}", "stored", (json_int_t)in->stored,
                  "known", (json_int_t)in->known, "refused",
                  (json_int_t)in->refused, "errors", sorted(in->errors));

    if (in->is_lines && in->ctl->globals.json)
        (void)json_object_set_new(result, "ids", sorted(in->ids));
    return result;
}

static bool import_open(struct import *in, const char *path)
{
    in->errors = json_array();
    in->ids = json_array();
    in->line = 1;
    in->buf = malloc(BATCH_LEN);
    for (size_t i = 0; i < UNDER_WAY; i++)
        in->sent[i].lines = calloc(DRAFTS, sizeof *in->sent[i].lines);
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO
                                    : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0 || in->buf == NULL || in->sent[UNDER_WAY - 1].lines == NULL)
        return fail_errno(&in->ctl->fail, "cannot read %s", path);
    return true;
}

static void import_close(struct import *in)
{
    if (in->fd > STDIN_FILENO)
        (void)close(in->fd);
    for (size_t i = 0; i < UNDER_WAY; i++)
        free(in->sent[i].lines);
    free(in->buf);
    json_decref(in->errors);
    json_decref(in->ids);
}

bool run_record_import(struct run *run)
{
    struct import in = { .ctl = run->ctl };
    bool ok = import_open(&in, run_text(run->local, "file")) && import_all(&in);

    run->result = result_of(&in);
    if (ok && in.refused > 0)
        ok = fail_set(&run->ctl->fail, EXIT_CODE_INTEGRITY,
                      "the others were taken in",
                      "%" PRIu64 " records were refused", in.refused);
    import_close(&in);
    return ok;
}
