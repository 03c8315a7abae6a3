/* From a parsed command to its result. */
#include "ctl/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/parse.h"
#include "ctl/progress.h"
#include "ctl/render.h"
#include "ctl/value.h"

/* A usual call is answered at once; longer than this something is stuck. */
#define CALL_TIMEOUT_MS 60000

void run_init(struct ctl *ctl)
{
    *ctl = (struct ctl){ 0 };
}

void run_wipe(struct ctl *ctl)
{
    client_close(ctl->client);
    ctl->client = NULL;
    json_decref(ctl->spans);
    ctl->spans = NULL;
}

/* The time limit begins when the daemon is reached. */
static void set_timeout(struct ctl *ctl)
{
    uint64_t timeout_ms = ctl->globals.timeout_ms;

    client_set_timeout(ctl->client,
                       timeout_ms > 0 || ctl->waits_long ? 0 : CALL_TIMEOUT_MS);
    client_set_end(ctl->client, timeout_ms);
}

bool run_connect(struct ctl *ctl)
{
    if (ctl->client == NULL) {
        if (!paths_find(&ctl->paths, &ctl->fail, ctl->globals.home))
            return false;
        ctl->client = client_open(&ctl->fail, ctl->paths.runtime);
        if (ctl->client == NULL)
            return false;
        set_timeout(ctl);
    }
    value_set_clock(ctl, client_clock_ahead_ms(ctl->client));
    return true;
}

json_t *run_call(struct ctl *ctl, const char *method, const json_t *params)
{
    if (!run_connect(ctl))
        return NULL;
    return client_call(ctl->client, &ctl->fail, method, params);
}

static void on_progress(void *context, const char *method, json_t *params)
{
    if (strcmp(method, "progress") == 0)
        progress_take(context, params);
}

/* The closing notification as the result of the call that began the job. */
static json_t *job_result(struct ctl *ctl, const json_t *last)
{
    const char *state = json_string_value(json_object_get(last, "state"));
    const json_t *error = json_object_get(last, "error");
    json_t *result = json_object_get(last, "result");
    json_int_t code = json_integer_value(json_object_get(error, "code"));
    const char *text = json_string_value(json_object_get(error, "text"));

    if (state != NULL && strcmp(state, "done") == 0)
        return result == NULL ? json_object() : json_incref(result);
    if (code <= 0 || code > EXIT_CODE_VERSION)
        code = EXIT_CODE_FAILED;
    (void)fail_set(&ctl->fail, (enum exit_code)code,
                   json_string_value(json_object_get(error, "hint")), "%s",
                   text != NULL ? text : "the job was cancelled");
    return NULL;
}

/*
 * Who interrupts the client is told that the daemon has not been: the words
 * are made beforehand, for a signal's handler may do little.
 */
static char farewell[160];

static void on_interrupt(int number)
{
    ssize_t n = write(STDERR_FILENO, farewell, strlen(farewell));

    (void)n;             /* nothing is left to be done if nobody hears it */
    (void)raise(number); /* and ends, as it would have without us */
}

static void farewell_say(long long job, bool over_bar)
{
    const char *clear = over_bar ? "\r\033[K" : "\n";

    if (job > 0)
        (void)snprintf(farewell, sizeof farewell,
                       "%sit goes on: `troupe job attach %lld`; to end it: "
                       "`troupe job cancel %lld`\n",
                       clear, job, job);
    else
        (void)snprintf(farewell, sizeof farewell,
                       "%sfiles that are still being taken in are let go of, "
                       "and nothing is made of them\n",
                       clear);
}

/* False if ^C is not for us, as under nohup. */
static bool farewell_begin(struct sigaction *before)
{
    struct sigaction action = { .sa_handler = on_interrupt,
                                .sa_flags = (int)SA_RESETHAND };

    (void)sigaction(SIGINT, NULL, before);
    return before->sa_handler == SIG_DFL &&
           sigaction(SIGINT, &action, NULL) == 0;
}

json_t *run_job(struct ctl *ctl, const char *method, const json_t *params)
{
    struct sigaction before;
    bool says_farewell;
    struct progress p = { .job = 0 }; /* of no job: of the call */
    json_t *started;
    json_t *result = NULL;
    bool ok = true;

    if (!run_connect(ctl))
        return NULL;
    p.visible = !ctl->globals.quiet && isatty(STDERR_FILENO);
    farewell_say(0, p.visible);
    says_farewell = farewell_begin(&before);
    client_listen(ctl->client, on_progress, &p);
    started = client_call(ctl->client, &ctl->fail, method, params);
    progress_clear(&p);
    if (started != NULL && json_object_get(started, "job") == NULL) {
        result = json_incref(started); /* done at once, without a job */
    } else if (started != NULL) {
        p.job = json_integer_value(json_object_get(started, "job"));
        farewell_say(p.job, p.visible);
        while (ok && p.last == NULL)
            ok = client_wait_notice(ctl->client, &ctl->fail);
        progress_clear(&p);
        if (ok)
            result = job_result(ctl, p.last);
        else if (ctl->fail.code == EXIT_CODE_PARTIAL)
            (void)snprintf(ctl->fail.hint, sizeof ctl->fail.hint,
                           "it goes on: `troupe job attach %lld`",
                           (long long)p.job);
    }
    client_listen(ctl->client, NULL, NULL);
    if (says_farewell)
        (void)sigaction(SIGINT, &before, NULL);
    json_decref(started);
    json_decref(p.last);
    return result;
}

/* The name after `says` up to `end`; what follows it, or NULL. */
static const char *name_after(char out[64], const char *text, const char *says,
                              char end)
{
    const char *at = strstr(text, says);
    const char *name = at == NULL ? NULL : at + strlen(says);
    const char *stop = name == NULL ? NULL : strchr(name, end);

    if (stop == NULL || stop - name >= 64)
        return NULL;
    (void)snprintf(out, 64, "%.*s", (int)(stop - name), name);
    return stop;
}

/*
 * "media_kinds" is a field of the protocol; people know it as --kind.  The
 * daemon's text says `the field "NAME"` or `the param NAME` wherever it means
 * one.
 */
static void name_option(struct run *run)
{
    struct fail *f = &run->ctl->fail;
    struct fail was = *f;
    char field[64];
    char option[64];
    char command[64];
    const char *rest = name_after(field, was.text, "the field \"", '"');

    if (rest != NULL)
        rest++;
    else
        rest = name_after(field, was.text, "the param ", ' ');
    if (rest == NULL ||
        !command_option_of(option, sizeof option, run->command, field))
        return;
    (void)snprintf(f->text, sizeof f->text, "%s%s", option, rest);
    command_name(command, sizeof command, run->command);
    if (f->hint[0] == '\0')
        (void)snprintf(f->hint, sizeof f->hint, "see `troupe help %s`",
                       command);
}

bool run_command(struct run *run)
{
    const struct command *c = run->command;
    struct ctl *ctl = run->ctl;
    bool ok;

    ctl->waits_long = (c->flags & (COMMAND_JOB | COMMAND_LONG)) != 0;
    if (ctl->client != NULL)
        set_timeout(ctl);
    if (c->method != NULL && !run_connect(ctl))
        return false;
    if (c->run != NULL) {
        ok = c->run(run);
    } else {
        run->result = c->flags & COMMAND_JOB
                          ? run_job(ctl, c->method, run->params)
                          : run_call(ctl, c->method, run->params);
        ok = run->result != NULL;
    }
    if (!ok)
        name_option(run);
    return ok;
}

bool run_line(struct ctl *ctl, json_t **result, int count,
              const char *const args[])
{
    struct run run = { .ctl = ctl };
    bool ok;

    fail_clear(&ctl->fail);
    ok = parse_line(&run, count, args) && run.command != NULL &&
         run_command(&run);
    *result = json_incref(run.result);
    parse_wipe(&run);
    return ok;
}

const char *run_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool run_flag(const struct run *run, const char *key)
{
    return json_is_true(json_object_get(run->local, key));
}

bool run_may_ask(const struct ctl *ctl)
{
    return !ctl->globals.no_input && !ctl->globals.json &&
           isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool run_ask(const char *question)
{
    char answer[16];

    (void)fprintf(stderr, "%s [y/N] ", question);
    (void)fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL)
        return false;
    return answer[0] == 'y' || answer[0] == 'Y';
}
