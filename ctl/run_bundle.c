/*
 * Bundles: the daemon writes and reads them, the client alone checks them.
 * What stands for a pipe, `-`, is opened by the daemon through /proc: it runs
 * as the same user on this machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/convert.h"
#include "ctl/progress.h"
#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/text.h"
#include "proto/bundle_check.h"

enum { READ_LEN = 256 * 1024, TELL_MS = 100 };

static bool is_pipe(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* One of our open files, as the daemon finds it. */
static void set_own(json_t *params, const char *key, int fd)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), fd);
    (void)json_object_set_new(params, key, json_string(path));
}

static long long number_at(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --- out --- */

/* Whether that can be written to, as far as one sees from here. */
static bool check_out(struct fail *f, const char *out)
{
    if (out == NULL)
        return fail_set(f, EXIT_CODE_USAGE,
                        "name a file with --out, or - for a pipe",
                        "--out is missing");
    if (!is_pipe(out) && is_folder(out))
        return fail_set(f, EXIT_CODE_USAGE, "name a file in it with --out",
                        "%s is a folder", out);
    return true;
}

static bool run_export(struct run *run, const char *method)
{
    const char *out = run_text(run->params, "out");
    bool piped = is_pipe(out);

    if (!check_out(&run->ctl->fail, out))
        return false;
    if (piped && run->ctl->globals.json)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "name a file with --out",
                        "the bundle and its JSON cannot both go to stdout");
    if (piped && isatty(STDOUT_FILENO))
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "name a file with --out, or send it through a pipe",
                        "a bundle is nothing for a terminal");
    if (piped) {
        (void)json_object_set_new(run->params, "stream", json_true());
        set_own(run->params, "out", STDOUT_FILENO);
    }
    run->result = run_job(run->ctl, method, run->params);
    if (run->result == NULL)
        return false;
    if (piped) { /* stdout has the bundle */
        render_note(run->ctl, "%lld records and %lld files, %lld not whole",
                    number_at(run->result, "records"),
                    number_at(run->result, "blobs"),
                    number_at(run->result, "holes_count"));
        json_decref(run->result);
        run->result = NULL;
    }
    return true;
}

bool run_archive_export(struct run *run)
{
    return run_export(run, "archive.export");
}

bool run_release_bundle(struct run *run)
{
    return run_export(run, "release.bundle");
}

/* --- in --- */

/* What was taken in is told in any case. */
static bool judge_import(struct fail *f, const json_t *result)
{
    long long damaged = number_at(result, "damaged");
    long long refused = number_at(result, "refused");
    char records[TEXT_SHORT];
    char pieces[TEXT_SHORT];
    char files[TEXT_SHORT];

    text_count(records, (uint64_t)refused, "record");
    text_count(pieces, (uint64_t)damaged, "piece");
    text_count(files, (uint64_t)number_at(result, "no_room"), "file");
    if (damaged + refused > 0)
        return fail_set(f, EXIT_CODE_INTEGRITY,
                        "all that is right has been taken in; another copy of "
                        "the file may have the rest",
                        "%s refused, %s of files damaged", records, pieces);
    if (number_at(result, "no_room") > 0)
        return fail_set(f, EXIT_CODE_LIMIT,
                        "raise quota below [node] in troupe.conf, or make room "
                        "with `troupe drop`; then the same command goes on",
                        "the quota has no room for %s of it", files);
    return true;
}

bool run_archive_import(struct run *run)
{
    if (is_pipe(run_text(run->params, "file")))
        set_own(run->params, "file", STDIN_FILENO);
    run->result = run_job(run->ctl, "archive.import", run->params);
    return run->result != NULL && judge_import(&run->ctl->fail, run->result);
}

/* --- verify --- */

static bool fail_file(struct fail *f, const struct bundle_check *check,
                      enum err e)
{
    enum exit_code code = err_exit_code(e);
    uint64_t at = bundle_check_offset(check);

    if (at == 0 && (e == ERR_MALFORMED || e == ERR_TRUNCATED))
        return fail_set(f, EXIT_CODE_INTEGRITY,
                        "`troupe archive export` and `troupe release bundle` "
                        "write bundles",
                        "this file is no bundle");
    if (err_blame(e) == BLAME_PEER)
        code = EXIT_CODE_INTEGRITY; /* the file is the one to blame */
    return fail_set(f, code,
                    e == ERR_VERSION
                        ? "it needs a newer Troupe"
                        : "get the file anew; what is whole of this one is "
                          "taken in by `troupe archive import`",
                    "byte %" PRIu64 " of the file: %s", at,
                    e == ERR_TRUNCATED ? "it is cut off here" : err_text(e));
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* How far it is, now and then. */
struct telling {
    struct progress bar;
    uint64_t total; /* 0 of a pipe */
    uint64_t begun_ms;
    uint64_t told_ms;
};

static void tell(struct telling *t, uint64_t done)
{
    uint64_t now = clock_ms(CLOCK_MONOTONIC);

    if (now - t->told_ms < TELL_MS)
        return;
    t->told_ms = now;
    progress_tell(&t->bar, done, t->total, now - t->begun_ms);
}

static void telling_start(struct telling *t, const struct ctl *ctl, int fd)
{
    struct stat st;

    *t = (struct telling){ .begun_ms = clock_ms(CLOCK_MONOTONIC) };
    t->told_ms = t->begun_ms;
    t->bar.visible = !ctl->globals.quiet && isatty(STDERR_FILENO);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        t->total = (uint64_t)st.st_size;
}

static bool feed_file(struct ctl *ctl, struct bundle_check *check, int fd)
{
    uint8_t *buf = malloc(READ_LEN);
    ssize_t n = buf == NULL ? -1 : 1;
    struct telling telling;
    enum err e = ERR_OK;

    telling_start(&telling, ctl, fd);
    while (n > 0 && e == ERR_OK) {
        n = read(fd, buf, READ_LEN);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            e = bundle_check_feed(check, (struct bytes){ buf, (size_t)n });
        tell(&telling, bundle_check_offset(check));
    }
    progress_clear(&telling.bar);
    free(buf);
    if (n < 0)
        return fail_errno(&ctl->fail, "cannot read the file");
    return e == ERR_OK || fail_file(&ctl->fail, check, e);
}

/* What the check came to; the result is told in any case. */
static bool judge(struct run *run, const struct bundle_check *check)
{
    struct fail *f = &run->ctl->fail;
    const char *why = run_text(run->result, "verdict");
    long long missing =
        (long long)json_integer_value(json_object_get(run->result, "missing"));

    switch (bundle_check_verdict(check)) {
    case ERR_OK:
        return true;
    case ERR_BAD_BLOB:
        return fail_set(f, EXIT_CODE_INTEGRITY,
                        "get the file anew; what is whole of this one is "
                        "taken in by `troupe archive import`",
                        "files in it are damaged");
    case ERR_BAD_SIGNATURE:
        return fail_set(f, EXIT_CODE_INTEGRITY, "get the file anew",
                        "records in it are not what their authors signed");
    case ERR_REFUSED:
        return fail_set(f, EXIT_CODE_REFUSED, NULL, "it does not stand: %s",
                        why == NULL || *why == '\0' ? "void" : why);
    default:
        return fail_set(f, EXIT_CODE_PARTIAL,
                        "whoever made the bundle did not have them; after "
                        "`troupe archive import`, `troupe get` asks others",
                        "not whole in it: %lld of its files", missing);
    }
}

static bool read_result(struct run *run, struct bundle_check *check)
{
    struct writer w = writer_growing((size_t)64 << 20);
    struct mp_doc *doc = NULL;
    enum err e = bundle_check_finish(check, &w);

    if (e == ERR_OK)
        e = mp_doc_parse(&doc, writer_view(&w), MP_WELL_FORMED);
    if (e == ERR_OK)
        run->result = convert_to_json(mp_doc_root(doc));
    mp_doc_free(doc);
    writer_free(&w);
    if (e != ERR_OK)
        return fail_file(&run->ctl->fail, check, e);
    return run->result != NULL && judge(run, check);
}

static int open_bundle(struct fail *f, const char *path)
{
    int fd = is_pipe(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && !is_folder(path))
        return fd;
    if (fd >= 0) {
        (void)close(fd); /* only opened */
        errno = EISDIR;
    }
    (void)fail_set(f, EXIT_CODE_NOT_FOUND,
                   "check the path, and that you may read it",
                   "cannot read %s: %s", path, strerror(errno));
    return -1;
}

bool run_release_verify(struct run *run)
{
    struct fail *f = &run->ctl->fail;
    const char *path = run_text(run->local, "file");
    struct bundle_check *check;
    uint8_t seed[16];
    bool ok;
    int fd = open_bundle(f, path);

    if (fd < 0)
        return false;
    randombytes_buf(seed, sizeof seed);
    if (bundle_check_new(&check, clock_ms(CLOCK_REALTIME), seed) != ERR_OK)
        return fail_set(f, EXIT_CODE_LIMIT, NULL, "out of memory");
    ok = feed_file(run->ctl, check, fd) && read_result(run, check);
    bundle_check_free(check);
    if (fd != STDIN_FILENO)
        (void)close(fd);
    return ok;
}
