/* The daemon's process: started, awaited, ended. */
#include "ctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/run.h"
#include "ctl/trouped.h"

#define READY_MS 60000 /* a large store may have to be checked first */
#define END_MS   15000

/* In the child: nothing of ours stays open but the pipe and the log. */
static void become_daemon(const char *program, const char *const options[],
                          int ready_fd, const char *log, bool ours)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (null_fd < 0 || log_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(ready_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        _exit(127);
    (void)setsid();
    if (ours)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_DFL);
    trouped_become(program, options);
}

/* True once "ready" has come; false at its end, or when it takes too long. */
static bool wait_ready(int fd, uint64_t timeout_ms)
{
    int wait_ms =
        timeout_ms > 0 && timeout_ms < READY_MS ? (int)timeout_ms : READY_MS;
    char line[16];
    size_t len = 0;

    while (len < sizeof line) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int n = poll(&p, 1, wait_ms);
        ssize_t got;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got = read(fd, line + len, sizeof line - len);
        if (got <= 0)
            return false;
        len += (size_t)got;
        if (memchr(line, '\n', len) != NULL)
            return len >= 6 && memcmp(line, "ready\n", 6) == 0;
    }
    return false;
}

/* The last line that the daemon wrote, as the reason. */
static bool fail_not_ready(struct fail *f, const char *log, int status)
{
    char tail[1024] = { 0 };
    char *line = tail;
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from =
        size > (off_t)sizeof tail - 1 ? size - (off_t)sizeof tail + 1 : 0;
    ssize_t len = fd < 0 ? 0 : pread(fd, tail, sizeof tail - 1, from);
    enum exit_code code = EXIT_CODE_FAILED;
    char hint[1024];

    if (fd >= 0)
        (void)close(fd);
    while (len > 0 && tail[len - 1] == '\n')
        tail[--len] = '\0';
    if (strrchr(tail, '\n') != NULL)
        line = strrchr(tail, '\n') + 1;
    if (WIFEXITED(status) && WEXITSTATUS(status) > 0 &&
        WEXITSTATUS(status) <= EXIT_CODE_VERSION)
        code = (enum exit_code)WEXITSTATUS(status);
    (void)snprintf(hint, sizeof hint, "its log is %.900s", log);
    return fail_set(f, code, hint, "the daemon did not start: %s",
                    line[0] != '\0' ? line : "it said nothing");
}

bool service_start(struct fail *f, pid_t *out, const char *const options[],
                   const char *log, uint64_t timeout_ms)
{
    char program[PATHS_LEN_MAX];
    int ready[2];
    int status = 0;
    bool ok;
    pid_t pid;

    if (!trouped_find(program, f))
        return false;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return fail_errno(f, "cannot start the daemon");
    pid = fork();
    if (pid == 0)
        become_daemon(program, options, ready[1], log, out != NULL);
    (void)close(ready[1]);
    if (pid < 0) {
        (void)close(ready[0]);
        return fail_errno(f, "cannot start the daemon");
    }
    ok = wait_ready(ready[0], timeout_ms);
    (void)close(ready[0]);
    if (!ok) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
        return fail_not_ready(f, log, status);
    }
    if (out != NULL)
        *out = pid;
    return true;
}

bool service_start_home(struct ctl *ctl)
{
    const char *options[3] = { NULL };
    char log[PATHS_LEN_MAX];
    struct fail none = { 0 };

    if (ctl->client != NULL)
        return true;
    if (!paths_find(&ctl->paths, &ctl->fail, ctl->globals.home))
        return false;
    ctl->client = client_open(&none, ctl->paths.runtime);
    if (ctl->client != NULL) {
        client_set_end(ctl->client, ctl->globals.timeout_ms);
        return true;
    }
    if (ctl->paths.home[0] != '\0') {
        options[0] = "--home";
        options[1] = ctl->paths.home;
    }
    if (!paths_make(&ctl->fail, ctl->paths.data) ||
        !paths_join(log, &ctl->fail, ctl->paths.data, "trouped.log") ||
        !service_start(&ctl->fail, NULL, options, log, ctl->globals.timeout_ms))
        return false;
    return run_connect(ctl);
}

/* A handle on the daemon's process, which no other can take the number of. */
static int open_process(const struct client *client)
{
    int pid = client_daemon_pid(client);

    return pid > 0 ? pidfd_open(pid, 0) : -1;
}

bool service_stop(struct ctl *ctl)
{
    int process = open_process(ctl->client);
    struct pollfd p = { .fd = process, .events = POLLIN };
    json_t *answer = run_call(ctl, "shutdown", NULL);
    bool ok = answer != NULL;

    json_decref(answer);
    if (ok) {
        client_set_timeout(ctl->client, END_MS);
        ok = client_wait_closed(ctl->client, &ctl->fail);
    }
    if (ok && process >= 0 && poll(&p, 1, END_MS) <= 0)
        ok = fail_set(&ctl->fail, EXIT_CODE_PARTIAL, NULL,
                      "the daemon takes long to end");
    if (process >= 0)
        (void)close(process);
    client_close(ctl->client);
    ctl->client = NULL;
    return ok;
}
