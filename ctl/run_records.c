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
        render_note(ctl, "so many nodes hold the file");
    else if (strncmp(what, "here:", 5) == 0)
        render_note(ctl, "the file is here");
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
