/* Exact records out and in; checks, waits and events. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/text.h"

/* --- raw --- */

static bool put_raw(struct ctl *ctl, const char *id)
{
    struct writer w = writer_growing(1024);
    const struct mp_value *result;
    struct bytes bytes;
    bool ok;

    mp_put_map(&w, 1);
    mp_put_text(&w, "record");
    mp_put_text(&w, id);
    ok = w.err == ERR_OK ? client_call_raw(ctl->client, &ctl->fail, &result,
                                           "record.raw", writer_view(&w))
                         : fail_set(&ctl->fail, EXIT_CODE_USAGE, NULL,
                                    "\"%.64s\" is not an id", id);
    writer_free(&w);
    if (!ok)
        return false;
    bytes = mp_bin(mp_get(result, "bytes"));
    if (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len)
        return fail_errno(&ctl->fail, "cannot write");
    return true;
}

bool run_record_raw(struct run *run)
{
    const json_t *records = json_object_get(run->local, "records");

    for (size_t i = 0; i < json_array_size(records); i++)
        if (!put_raw(run->ctl, json_string_value(json_array_get(records, i))))
            return false;
    return true;
}

/* --- import --- */

/* A call carries so much; a record is never cut. */
#define BATCH_LEN ((size_t)512 * 1024)

struct import {
    struct ctl *ctl;
    int fd;
    uint8_t *buf; /* BATCH_LEN bytes */
    size_t len;
    uint64_t offset; /* of buf in the file */
    uint64_t stored;
    uint64_t known;
    uint64_t refused;
    json_t *errors;
};

static bool import_fill(struct import *in)
{
    while (in->len < BATCH_LEN) {
        ssize_t n = read(in->fd, in->buf + in->len, BATCH_LEN - in->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(&in->ctl->fail, "cannot read the records");
        if (n == 0)
            break;
        in->len += (size_t)n;
    }
    return true;
}

/* How many bytes at the start of the buffer are whole values. */
static bool import_measure(struct import *in, size_t *whole)
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

/* Errors name the byte of the file, not of the batch. */
static void import_errors(struct import *in, const struct mp_value *errors)
{
    for (uint32_t i = 0; i < mp_count(errors); i++) {
        const struct mp_value *v = mp_at(errors, i);
        struct bytes text = mp_str(mp_get(v, "text"));
        uint64_t offset = in->offset + mp_uint(mp_get(v, "offset"));

        if (mp_type(v) == MP_STR)
            text = mp_str(v);
        if (json_array_size(in->errors) < 100)
            (void)json_array_append_new(
                in->errors,
                json_pack("{s:I,s:s%}", "offset", (json_int_t)offset, "text",
                          text.data == NULL ? "" : (const char *)text.data,
                          text.len));
    }
}

static bool import_send(struct import *in, size_t whole)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    const struct mp_value *result;
    bool ok;

    mp_put_map(&w, 1);
    mp_put_text(&w, "bytes");
    mp_put_bin(&w, (struct bytes){ in->buf, whole });
    ok = client_call_raw(in->ctl->client, &in->ctl->fail, &result,
                         "record.import", writer_view(&w));
    writer_free(&w);
    if (!ok)
        return false;
    in->stored += mp_uint(mp_get(result, "stored"));
    in->known += mp_uint(mp_get(result, "known"));
    in->refused += mp_uint(mp_get(result, "refused"));
    import_errors(in, mp_get(result, "errors"));
    memmove(in->buf, in->buf + whole, in->len - whole);
    in->len -= whole;
    in->offset += whole;
    return true;
}

static bool import_all(struct import *in)
{
    for (;;) { /* a batch each turn, until the file's end */
        size_t whole = 0;

        if (!import_fill(in))
            return false;
        if (in->len == 0)
            return true;
        if (!import_measure(in, &whole) || !import_send(in, whole))
            return false;
    }
}

bool run_record_import(struct run *run)
{
    struct ctl *ctl = run->ctl;
    const char *path = run_text(run->local, "file");
    bool is_stdin = strcmp(path, "-") == 0;
    struct import in = { .ctl = ctl, .errors = json_array() };
    bool ok;

    in.fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    in.buf = malloc(BATCH_LEN);
    if (in.fd < 0 || in.buf == NULL)
        ok = fail_errno(&ctl->fail, "cannot read %s", path);
    else
        ok = import_all(&in);
    run->result =
        json_pack("{s:I,s:I,s:I,s:o}", "stored", (json_int_t)in.stored, "known",
                  (json_int_t)in.known, "refused", (json_int_t)in.refused,
                  "errors", in.errors);
    if (ok && in.refused > 0)
        ok = fail_set(&ctl->fail, EXIT_CODE_INTEGRITY,
                      "the others were taken in",
                      "%" PRIu64 " records were refused", in.refused);
    if (in.fd >= 0 && !is_stdin)
        (void)close(in.fd);
    free(in.buf);
    return ok;
}

/* --- verify, wait --- */

bool run_verify(struct run *run)
{
    bool repairs = json_is_true(json_object_get(run->params, "repair"));
    size_t count;

    run->result = run_job(run->ctl, "verify", run->params);
    if (run->result == NULL)
        return false;
    count = json_array_size(json_object_get(run->result, "findings"));
    if (count > 0)
        return fail_set(&run->ctl->fail, EXIT_CODE_INTEGRITY,
                        repairs
                            ? "what peers have is being fetched again; then "
                              "run `troupe verify --data` once more"
                            : "`troupe verify --data --repair` fetches files "
                              "again",
                        "%zu things are not as they must be", count);
    return true;
}

/* What has been waited for, now that it is so. */
static void tell_waited(const struct ctl *ctl, const char *what)
{
    if (strncmp(what, "caught-up:", 10) == 0)
        render_note(ctl, "all that its peers have is here");
    else if (strncmp(what, "held:", 5) == 0)
        render_note(ctl, "the file is here, whole");
    else if (strncmp(what, "job:", 4) == 0)
        render_note(ctl, "the job has ended");
    else
        render_note(ctl, "a peer is connected");
}

/* The daemon keeps the time; we only wait a little longer than it. */
bool run_wait(struct run *run)
{
    uint64_t timeout_ms = run->ctl->globals.timeout_ms;

    if (timeout_ms > 0) {
        (void)json_object_set_new(run->params, "timeout_ms",
                                  json_integer((json_int_t)timeout_ms));
        client_set_end(run->ctl->client, timeout_ms + 5000);
    }
    run->result = run_call(run->ctl, "wait", run->params);
    if (run->result != NULL && !run->ctl->globals.json)
        tell_waited(run->ctl, run_text(run->params, "what"));
    return run->result != NULL;
}

/* --- events --- */

static void put_event(const json_t *event)
{
    json_t *held = json_incref((json_t *)(uintptr_t)event);
    const char *key;
    json_t *v;

    json_object_foreach (held, key, v) {
        char *text = text_of_value(key, v, text_is_terminal());
        bool bare = strcmp(key, "seq") == 0 || strcmp(key, "type") == 0;

        if (text != NULL && text[0] != '\0') {
            if (!bare)
                (void)printf("%s=", key);
            text_put(stdout, text);
            (void)fputs("  ", stdout);
        }
        free(text);
    }
    (void)fputc('\n', stdout);
    json_decref(held);
}

static void on_event(void *context, const char *method, json_t *params)
{
    const struct ctl *ctl = context;

    if (strcmp(method, "event") != 0)
        return;
    if (ctl->globals.json) {
        (void)json_dumpf(params, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        (void)fputc('\n', stdout);
    } else {
        put_event(params);
    }
    (void)fflush(stdout);
}

/* Without --follow: what has happened so far comes before the next answer. */
static bool drain_events(struct ctl *ctl)
{
    json_t *answer = run_call(ctl, "job.list", NULL);

    json_decref(answer);
    return answer != NULL;
}

bool run_events(struct run *run)
{
    struct ctl *ctl = run->ctl;
    bool follow = json_is_true(json_object_get(run->params, "follow"));
    json_t *opened;
    bool ok = true;

    if (!follow && json_object_get(run->params, "since") == NULL)
        (void)json_object_set_new(run->params, "since", json_integer(0));
    client_listen(ctl->client, on_event, ctl);
    opened = run_call(ctl, "events.open", run->params);
    json_decref(opened);
    if (opened == NULL)
        return false;
    if (!follow)
        return drain_events(ctl);
    while (ok && !ferror(stdout))
        ok = client_wait_notice(ctl->client, &ctl->fail);
    /* A time limit is how one stops to follow. */
    if (!ok && ctl->fail.code == EXIT_CODE_PARTIAL &&
        ctl->globals.timeout_ms > 0) {
        fail_clear(&ctl->fail);
        ok = true;
    }
    return ok;
}
