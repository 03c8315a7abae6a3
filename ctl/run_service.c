/* start and stop, for people. */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/service.h"
#include "ctl/trouped.h"

static bool write_file(struct fail *f, const char *path, const char *text)
{
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return fail_errno(f, "cannot write %s", path);
    (void)fputs(text, out);
    if (fclose(out) != 0)
        return fail_errno(f, "cannot write %s", path);
    return true;
}

/* An entry of the desktop's autostart folder: no privileges, any session. */
static bool start_at_login(struct ctl *ctl)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char program[PATHS_LEN_MAX];
    char dir[PATHS_LEN_MAX];
    char path[PATHS_LEN_MAX];
    char text[3 * PATHS_LEN_MAX];
    bool own = ctl->paths.home[0] != '\0';

    if (base == NULL || base[0] != '/') {
        if (home == NULL)
            return fail_set(&ctl->fail, EXIT_CODE_USAGE, NULL,
                            "$HOME is not known");
        if (!paths_join(path, &ctl->fail, home, ".config"))
            return false;
        base = path;
    }
    if (!trouped_find(program, &ctl->fail) ||
        !paths_join(dir, &ctl->fail, base, "autostart") ||
        !paths_make(&ctl->fail, dir) ||
        !paths_join(path, &ctl->fail, dir, "troupe.desktop"))
        return false;
    (void)snprintf(text, sizeof text,
                   "[Desktop Entry]\nType=Application\nName=Troupe\n"
                   "Comment=Keeps the projects you care about\n"
                   "Exec=\"%s\"%s%s%s\nTerminal=false\nNoDisplay=true\n",
                   program, own ? " --home \"" : "", own ? ctl->paths.home : "",
                   own ? "\"" : "");
    if (!write_file(&ctl->fail, path, text))
        return false;
    render_note(ctl, "it will start when you log in: %s", path);
    return true;
}

bool run_start(struct run *run)
{
    if (!service_start_home(run->ctl))
        return false;
    if (run_flag(run, "at_login") && !start_at_login(run->ctl))
        return false;
    run->result = json_pack("{s:b}", "running", 1);
    return true;
}

bool run_stop(struct run *run)
{
    struct ctl *ctl = run->ctl;

    run->result = json_pack("{s:b}", "running", 0);
    if (!run_connect(ctl)) {
        if (ctl->fail.code != EXIT_CODE_NOT_RUNNING)
            return false;
        fail_clear(&ctl->fail); /* what was wanted is so */
        return true;
    }
    return service_stop(ctl);
}
