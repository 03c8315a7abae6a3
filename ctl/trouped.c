/* The daemon's program: found, run, and asked what it thinks of a file. */
#include "ctl/trouped.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 16

/* `dir`/`name`, if it can be run. */
static bool is_program(char out[PATHS_LEN_MAX], const char *dir,
                       const char *name)
{
    struct fail none;

    return paths_join(out, &none, dir, name) && access(out, X_OK) == 0;
}

static bool find_in_path(char out[PATHS_LEN_MAX])
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') { /* a folder each turn */
        size_t len = strcspn(path, ":");
        char dir[PATHS_LEN_MAX];

        (void)snprintf(dir, sizeof dir, "%.*s", (int)len, path);
        if (len > 0 && len < sizeof dir && is_program(out, dir, "trouped"))
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

bool trouped_find(char out[PATHS_LEN_MAX], struct fail *f)
{
    char self[PATHS_LEN_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    if (len > 0) {
        char *slash;

        self[len] = '\0';
        slash = strrchr(self, '/');
        *slash = '\0';
        if (is_program(out, self, "trouped") ||
            is_program(out, self, "../daemon/trouped"))
            return true;
    }
    if (find_in_path(out))
        return true;
    return fail_set(f, EXIT_CODE_NOT_FOUND,
                    "install it beside troupe, or put its folder into $PATH",
                    "the program trouped is not found");
}

void trouped_become(const char *program, const char *const options[])
{
    char *args[ARGS_MAX + 2];
    size_t n = 0;

    args[n++] = (char *)(uintptr_t)program;
    for (; *options != NULL && n <= ARGS_MAX; options++)
        args[n++] = (char *)(uintptr_t)*options;
    args[n] = NULL;
    (void)execv(program, args);
    _exit(127);
}

/* The child's output to a pipe; NULL if it cannot be started. */
static FILE *run_program(struct fail *f, const char *program,
                         const char *const options[], pid_t *pid)
{
    int out[2];

    if (pipe2(out, O_CLOEXEC) != 0) {
        (void)fail_errno(f, "cannot run trouped");
        return NULL;
    }
    *pid = fork();
    if (*pid == 0) {
        if (dup2(out[1], STDOUT_FILENO) < 0)
            _exit(127);
        trouped_become(program, options);
    }
    (void)close(out[1]);
    if (*pid > 0)
        return fdopen(out[0], "r");
    (void)close(out[0]);
    (void)fail_errno(f, "cannot run trouped");
    return NULL;
}

bool trouped_check_config(struct ctl *ctl, char out[TROUPED_LINE_MAX])
{
    const char *options[4] = { "--check-config" };
    char program[PATHS_LEN_MAX];
    pid_t pid = -1;
    FILE *in;

    if (ctl->paths.home[0] != '\0') {
        options[1] = "--home";
        options[2] = ctl->paths.home;
    }
    out[0] = '\0';
    if (!trouped_find(program, &ctl->fail))
        return false;
    in = run_program(&ctl->fail, program, options, &pid);
    if (in == NULL)
        return false;
    if (fgets(out, TROUPED_LINE_MAX, in) != NULL)
        out[strcspn(out, "\n")] = '\0';
    (void)fclose(in);
    (void)waitpid(pid, NULL, 0);
    return true;
}
