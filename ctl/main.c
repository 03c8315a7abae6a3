/* troupe: one command line, one answer, one exit code. */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/help.h"
#include "ctl/parse.h"
#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/text.h"

/* Words and passphrases pass through JSON: what is freed is wiped first. */
static void free_wiped(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static bool carry_out(struct run *run, int count, const char *const args[])
{
    if (!parse_line(run, count, args))
        return false;
    if (run->command == NULL) {
        help_overview(stdout);
        return true;
    }
    if (run->ctl->globals.help) {
        help_command(stdout, run->command);
        return true;
    }
    return run_command(run);
}

int main(int argc, char *argv[])
{
    struct ctl ctl;
    struct run run = { .ctl = &ctl };
    enum exit_code code = EXIT_CODE_OK;

    (void)setlocale(LC_ALL, "");
    (void)signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(malloc, free_wiped);
    text_init();
    run_init(&ctl);
    if (!carry_out(&run, argc - 1, (const char *const *)(argv + 1)))
        code = ctl.fail.code;
    render_result(&run);
    if (fflush(stdout) != 0 && code == EXIT_CODE_OK) {
        (void)fail_errno(&ctl.fail, "cannot write the result");
        code = EXIT_CODE_FAILED;
    }
    if (code != EXIT_CODE_OK)
        render_fail(&ctl);
    parse_wipe(&run);
    run_wipe(&ctl);
    return (int)code;
}
