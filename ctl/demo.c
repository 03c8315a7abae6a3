/* The stage of the demo: a folder, daemons, a clock, and no trace after it. */
#include "ctl/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/service.h"
#include "ctl/text.h"

#define WORDS_MAX   32
#define PATIENCE_MS 60000
#define LOOK_MS     50

/* Of the daemons that run, for the handler of Ctrl-C; 0: none. */
static volatile pid_t pids[DEMO_PARTS];
static volatile sig_atomic_t interrupted;

/*
 * Ends the daemons: whatever call waits for one of them fails then, and the
 * usual way out cleans up.
 */
static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    for (size_t i = 0; i < DEMO_PARTS; i++)
        if (pids[i] > 0)
            (void)kill(pids[i], SIGKILL);
}

bool demo_goes_on(struct demo *d)
{
    if (!interrupted)
        return true;
    return fail_set(&d->fail, EXIT_CODE_PARTIAL, NULL, "interrupted");
}

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void demo_tell(struct demo *d, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (d->json)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)fputs("       ", stdout);
    text_put_lines(stdout, text, 7);
    (void)fputc('\n', stdout);
}

/* --- commands --- */

json_t *demo_do(struct demo *d, enum demo_part who, ...)
{
    struct ctl *ctl = &d->nodes[who].ctl;
    const char *words[WORDS_MAX];
    json_t *result = NULL;
    va_list args;
    int count = 0;

    if (!demo_goes_on(d))
        return NULL;
    va_start(args, who);
    while (count < WORDS_MAX &&
           (words[count] = va_arg(args, const char *)) != NULL)
        count++;
    va_end(args);
    ctl->globals = (struct globals){ .home = d->nodes[who].home,
                                     .quiet = true,
                                     .no_input = true,
                                     .timeout_ms = PATIENCE_MS };
    if (run_line(ctl, &result, count, words))
        return result;
    d->fail = ctl->fail;
    json_decref(result);
    return NULL;
}

bool demo_id(char out[2 * ID_LEN + 1], struct demo *d, json_t *take)
{
    const char *id = run_text(take, "id");
    bool ok = id != NULL && strlen(id) == (size_t)2 * ID_LEN;

    if (ok)
        (void)snprintf(out, 2 * ID_LEN + 1, "%s", id);
    else if (take != NULL)
        (void)fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                       "the daemon did not say the new id");
    json_decref(take);
    return ok;
}

bool demo_until(struct demo *d, enum demo_part who, demo_question_fn is_so,
                const char *what)
{
    uint64_t end = now_ms() + PATIENCE_MS;
    char last[1024];

    while (demo_goes_on(d)) {
        if (is_so(d, who))
            return true;
        (void)snprintf(last, sizeof last, "%.1000s", d->fail.text);
        if (now_ms() > end)
            return fail_set(&d->fail, EXIT_CODE_PARTIAL, last,
                            "waited a minute in vain for %s", what);
        (void)poll(NULL, 0, LOOK_MS);
    }
    return false;
}

bool demo_hash(char out[2 * HASH_LEN + 1], struct demo *d, const char *path)
{
    crypto_hash_sha256_state state;
    uint8_t hash[HASH_LEN];
    uint8_t buf[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return fail_errno(&d->fail, "cannot read %s", path);
    (void)crypto_hash_sha256_init(&state);
    while ((n = read(fd, buf, sizeof buf)) > 0)
        (void)crypto_hash_sha256_update(&state, buf, (unsigned long long)n);
    (void)crypto_hash_sha256_final(&state, hash);
    hex_encode(out, BYTES_ARRAY(hash));
    if (n < 0)
        (void)fail_errno(&d->fail, "cannot read %s", path);
    (void)close(fd);
    return n == 0;
}

/* --- daemons --- */

static bool learn_address(struct demo *d, enum demo_part who)
{
    struct demo_node *node = &d->nodes[who];
    json_t *status = demo_do(d, who, "status", NULL);
    const char *listen =
        json_string_value(json_array_get(json_object_get(status, "listen"), 0));
    const char *id = run_text(status, "node");
    bool ok = listen != NULL && id != NULL;

    if (ok) {
        (void)snprintf(node->address, sizeof node->address, "%s", listen);
        (void)snprintf(node->node, sizeof node->node, "%s", id);
    } else if (status != NULL) {
        (void)fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                       "status shows no address");
    }
    json_decref(status);
    return ok;
}

bool demo_start(struct demo *d, enum demo_part who, const char *name)
{
    struct demo_node *node = &d->nodes[who];
    const char *const options[] = {
        "--home",      node->home,  "--listen", "127.0.0.1:0",
        "--network",   "test-demo", "--no-lan", "--no-portmap",
        "--log-level", "warn",      NULL
    };
    char log[PATHS_LEN_MAX];
    pid_t pid;

    node->name = name;
    run_init(&node->ctl);
    if (!demo_goes_on(d) || !paths_join(node->home, &d->fail, d->folder, name))
        return false;
    if (!paths_make(&d->fail, node->home) ||
        !paths_join(log, &d->fail, node->home, "log") ||
        !service_start(&d->fail, &pid, options, log, 0))
        return false;
    pids[who] = pid;
    return demo_goes_on(d) && learn_address(d, who);
}

bool demo_stop(struct demo *d, enum demo_part who)
{
    pid_t pid = pids[who];
    int status = 0;

    run_wipe(&d->nodes[who].ctl);
    (void)kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid)
        return fail_errno(&d->fail, "cannot end the daemon");
    pids[who] = 0;
    if (!demo_goes_on(d))
        return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                        "the daemon of %s did not end in peace",
                        d->nodes[who].name);
    return true;
}

/* --- before and after --- */

/* The n-th file of a pattern, in the order of names. */
static bool find_file(char out[PATHS_LEN_MAX], struct demo *d,
                      const char *pattern, size_t n, const char *package)
{
    glob_t found;
    bool ok = glob(pattern, 0, NULL, &found) == 0;
    char hint[128];

    if (ok && found.gl_pathc > 0)
        (void)snprintf(out, PATHS_LEN_MAX, "%s",
                       found.gl_pathv[n < found.gl_pathc ? n : 0]);
    if (ok)
        globfree(&found);
    (void)snprintf(hint, sizeof hint, "install it: apt-get install %s",
                   package);
    return ok ||
           fail_set(&d->fail, EXIT_CODE_NOT_FOUND, hint,
                    "the demo needs the files of Debian's package %s", package);
}

static bool prepare(struct demo *d)
{
    const char *base = getenv("TMPDIR");

    if (base == NULL || base[0] != '/')
        base = "/tmp";
    if (!find_file(d->picture, d, "/usr/share/backgrounds/*.jpg", 0,
                   "lomiri-wallpapers-20.04") ||
        !find_file(d->answer, d, "/usr/share/backgrounds/*.jpg", 2,
                   "lomiri-wallpapers-20.04") ||
        !find_file(d->drawing, d,
                   "/usr/share/icons/Tango/scalable/*/"
                   "applications-multimedia.svg",
                   0, "tango-icon-theme") ||
        !find_file(d->stem, d,
                   "/usr/share/games/fretsonfire/data/songs/muldjord/*/"
                   "guitar.ogg",
                   0, "fretsonfire-songs-muldjord") ||
        !find_file(d->song, d,
                   "/usr/share/games/fretsonfire/data/songs/muldjord/*/"
                   "song.ogg",
                   0, "fretsonfire-songs-muldjord"))
        return false;
    if (!paths_join(d->folder, &d->fail, base, "troupe-demo.XXXXXX"))
        return false;
    if (mkdtemp(d->folder) == NULL) {
        d->folder[0] = '\0';
        return fail_errno(&d->fail, "cannot make a folder in %s", base);
    }
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void clean_up(struct demo *d, bool keep)
{
    for (size_t i = 0; i < DEMO_PARTS; i++) {
        run_wipe(&d->nodes[i].ctl);
        if (pids[i] > 0) {
            (void)kill(pids[i], SIGKILL);
            (void)waitpid(pids[i], NULL, 0);
            pids[i] = 0;
        }
    }
    json_decref(d->records);
    if (d->folder[0] != '\0' && !keep)
        (void)nftw(d->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void watch_signals(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL);
}

/* --- the play --- */

/* The heading comes before the step: one sees what is under way. */
static bool play_step(struct demo *d, size_t i)
{
    uint64_t begun = now_ms();
    char took[TEXT_SHORT];
    uint64_t ms;
    bool ok;

    if (!d->json) {
        (void)printf("\n%3zu.   ", i + 1);
        text_put_style(stdout, TEXT_BOLD, demo_steps[i].what);
        (void)fputc('\n', stdout);
        (void)fflush(stdout);
    }
    ok = demo_steps[i].run(d);
    ms = now_ms() - begun;
    text_span(took, ms);
    (void)json_array_append_new(d->steps, json_pack("{s:s,s:b,s:I}", "what",
                                                    demo_steps[i].what, "ok",
                                                    ok, "ms", (json_int_t)ms));
    if (!d->json) {
        (void)fputs("       ", stdout);
        text_put_style(stdout, ok ? TEXT_GOOD : TEXT_BAD,
                       ok ? "done" : "failed");
        (void)printf(" after %s\n", took);
        (void)fflush(stdout);
    }
    return ok;
}

static bool play(struct demo *d)
{
    if (!prepare(d))
        return false;
    if (!d->json)
        (void)puts("A small production on this machine. Every line below is "
                   "done by real\ndaemons over encrypted connections; all of "
                   "it is thrown away at the end.");
    for (size_t i = 0; i < demo_steps_count; i++)
        if (!demo_goes_on(d) || !play_step(d, i))
            return false;
    return true;
}

static void put_result(const struct demo *d)
{
    json_t *out =
        json_pack("{s:s,s:O}", "schema", "troupe/demo/1", "steps", d->steps);

    (void)json_dumpf(out, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)fputc('\n', stdout);
    json_decref(out);
}

bool run_demo(struct run *run)
{
    struct demo *d = calloc(1, sizeof *d);
    uint64_t begun = now_ms();
    char took[TEXT_SHORT];
    bool ok;

    if (d == NULL)
        return fail_set(&run->ctl->fail, EXIT_CODE_LIMIT, NULL,
                        "out of memory");
    d->json = run->ctl->globals.json;
    d->steps = json_array();
    watch_signals();
    ok = play(d);
    clean_up(d, run_flag(run, "keep"));
    text_span(took, now_ms() - begun);
    if (d->json)
        put_result(d);
    else if (ok)
        (void)printf("\nThe work outlived those who made it. All of this took "
                     "%s and left nothing behind.\n",
                     took);
    (void)(ok || demo_goes_on(d)); /* the reason, if it was Ctrl-C */
    run->ctl->fail = d->fail;
    if (!ok && d->fail.code == EXIT_CODE_OK)
        (void)fail_set(&run->ctl->fail, EXIT_CODE_FAILED, NULL,
                       "the demo failed");
    json_decref(d->steps);
    free(d);
    return ok;
}
