/*
 * Requests on their way: what a method may ask of its call, and the one answer
 * that each gets.
 */
#include <assert.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control_parts.h"
#include "daemon/pair.h"

static void call_free(struct call *call)
{
    struct control *control = call->control;

    control_message_wipe(&call->message);
    sodium_memzero(call->bytes, call->bytes_len);
    free(call->bytes);
    client_wipe(&call->reply);
    while (call->blocks != NULL) {
        struct call_block *block = call->blocks;

        call->blocks = block->next;
        sodium_memzero(block->data, block->size);
        free(block);
    }
    free(call);
    if (control != NULL) { /* NULL: it never started */
        control->calls_count--;
        control_finish(control);
    }
}

/* Out of its client's list; the answer is on its way or nobody waits. */
static void call_end(struct call *call)
{
    struct client *c = call->client;

    if (c != NULL) {
        struct call **at = &c->calls;

        while (*at != call)
            at = &(*at)->next;
        *at = call->next;
        c->calls_count--;
        client_pace(c);
    }
    call_free(call);
}

struct bytes call_method(const struct call *call)
{
    return call->message.method;
}

const struct mp_value *call_param(const struct call *call, const char *name)
{
    return mp_get(call->message.params, name);
}

void *call_alloc(struct call *call, size_t size)
{
    struct call_block *block = calloc(1, sizeof *block + size);

    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = call->blocks;
    call->blocks = block;
    return block->data;
}

const char *call_text(struct call *call, const char *name)
{
    struct bytes text = mp_str(call_param(call, name));
    char *copy;

    if (text.len == 0 || memchr(text.data, 0, text.len) != NULL)
        return NULL;
    copy = call_alloc(call, text.len + 1);
    if (copy != NULL)
        memcpy(copy, text.data, text.len);
    return copy;
}

struct client *call_client(const struct call *call)
{
    return call->client;
}

struct desk *call_desk(const struct call *call)
{
    return call->control->desk;
}

struct node *call_node(const struct call *call)
{
    return desk_node(call->control->desk);
}

void call_on_abandon(struct call *call, method_fn on_abandon)
{
    call->on_abandon = on_abandon;
}

void call_set_data(struct call *call, void *data)
{
    call->data = data;
}

void *call_data(const struct call *call)
{
    return call->data;
}

void call_on_answer(struct call *call, call_answer_fn *on_answer, void *context)
{
    assert(call->on_answer == NULL);
    call->on_answer = on_answer;
    call->answer_context = context;
}

static void tell_answer(struct call *call, const struct call_answer *answer)
{
    call_answer_fn *on_answer = call->on_answer;

    call->on_abandon = NULL; /* answered, even if the client is lost by it */
    call->on_answer = NULL;
    if (on_answer != NULL)
        on_answer(call->answer_context, answer);
}

void call_progress(struct call *call, uint64_t job, uint64_t done,
                   uint64_t total, uint64_t rate)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    mp_put_map(&w, 7);
    pair_uint(&w, "request", call->message.number);
    if (job > 0)
        pair_uint(&w, "job", job);
    else
        pair_nil(&w, "job");
    pair_text(&w, "state", "running");
    pair_uint(&w, "done", done);
    pair_uint(&w, "total", total);
    pair_text(&w, "unit", "bytes");
    pair_uint(&w, "rate", rate);
    if (call->client != NULL) /* one that is slow to read is not waited for */
        (void)client_notify(call->client, "progress", writer_view(&w));
    writer_free(&w);
}

struct writer *call_reply(struct call *call)
{
    assert(call->reply.max == 0);
    call->reply = writer_growing(CONTROL_MESSAGE_MAX);
    control_put_response(&call->reply, call->message.number);
    call->result_at = call->reply.len;
    return &call->reply;
}

void call_send(struct call *call)
{
    struct call_answer answer = { .err = ERR_OK };

    assert(call->reply.max > 0);
    if (call->reply.err != ERR_OK) {
        enum err e =
            call->reply.err == ERR_NO_SPACE ? ERR_TOO_LARGE : call->reply.err;
        call_fail(call, e, "the answer is too long for one message",
                  "Ask for less at once, with --limit.");
        return;
    }
    answer.result = (struct bytes){ call->reply.data + call->result_at,
                                    call->reply.len - call->result_at };
    tell_answer(call, &answer);
    if (call->client != NULL)
        client_send(call->client, &call->reply);
    call_end(call);
}

/* What helps wherever it happens. */
static const char *usual_hint(enum err e)
{
    switch (e) {
    case ERR_NO_SPACE:
        return "Free some space, then run the command again.";
    case ERR_IO:
        return "The disk fails: see `dmesg`, copy what is yours, then run "
               "`troupe verify --data`.";
    default:
        return NULL;
    }
}

void call_fail(struct call *call, enum err e, const char *text,
               const char *hint)
{
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);
    struct call_answer answer = {
        .err = e,
        .text = text,
        .hint = hint == NULL ? usual_hint(e) : hint,
    };

    assert(e != ERR_OK);
    control_put_error(&w, call->message.number, e, text, answer.hint);
    tell_answer(call, &answer);
    if (call->client != NULL)
        client_send(call->client, &w);
    else
        writer_free(&w);
    call_end(call);
}

/* What a client said may be no text, or be cut in the midst of a letter. */
static void make_text(char *text)
{
    struct bytes all = { (const uint8_t *)text, strlen(text) };

    if (mp_utf8_valid(all))
        return;
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
}

void call_failf(struct call *call, enum err e, const char *hint,
                const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_text(text);
    call_fail(call, e, text, hint);
}

static const struct method *method_find(const struct control *control,
                                        const struct control_message *m)
{
    for (const struct method *row = control->methods; row->name != NULL; row++)
        if (control_method_is(m, row->name))
            return row;
    return NULL;
}

static void call_run(struct call *call)
{
    struct client *c = call->client;
    bool hello = control_method_is(&call->message, "hello");
    const struct method *row = method_find(c->control, &call->message);

    if (hello && mp_uint(call_param(call, "version")) != CONTROL_VERSION) {
        call_fail(call, ERR_VERSION, "client and daemon do not match",
                  "Run the troupe and trouped of one release.");
        return;
    }
    if (!hello && !c->greeted) {
        call_fail(call, ERR_OUT_OF_ORDER, "hello comes first", NULL);
        return;
    }
    if (row == NULL) {
        call_failf(call, ERR_USAGE, "See docs/control-api.md.",
                   "there is no method \"%.*s\"", (int)call->message.method.len,
                   (const char *)call->message.method.data);
        return;
    }
    c->greeted = true;
    row->run(call);
}

enum err call_start(struct client *c, uint8_t *bytes, size_t len)
{
    struct call *call = calloc(1, sizeof *call);
    size_t used;
    enum err e;

    if (call == NULL) {
        free(bytes);
        return ERR_NO_MEMORY;
    }
    call->bytes = bytes;
    call->bytes_len = len;
    e = control_decode(&call->message, &used, (struct bytes){ bytes, len });
    if (e == ERR_OK && call->message.type != CONTROL_REQUEST)
        e = ERR_MALFORMED;
    if (e != ERR_OK) {
        call_free(call);
        return e;
    }
    call->client = c;
    call->control = c->control;
    call->next = c->calls;
    c->calls = call;
    c->calls_count++;
    c->control->calls_count++;
    call_run(call);
    return ERR_OK;
}
