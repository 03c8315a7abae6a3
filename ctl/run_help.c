/* What the client says of itself. */
#include "ctl/help.h"
#include "ctl/run.h"

bool run_version(struct run *run)
{
    run->result = json_pack("{s:s,s:i}", "version", TROUPE_VERSION, "control",
                            CONTROL_VERSION);
    return true;
}

bool run_help(struct run *run)
{
    const json_t *words = json_object_get(run->local, "words");
    const char *noun = json_string_value(json_array_get(words, 0));
    const char *verb = json_string_value(json_array_get(words, 1));
    const struct command *c;

    if (run_flag(run, "man")) {
        help_man(stdout);
        return true;
    }
    if (noun == NULL) {
        help_overview(stdout);
        return true;
    }
    c = command_find(noun, verb);
    if (c != NULL) {
        help_command(stdout, c);
        return true;
    }
    if (help_noun(stdout, noun))
        return true;
    return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                    "see `troupe help` for all commands",
                    "there is no command \"%s\"", noun);
}

bool run_completion(struct run *run)
{
    const char *shell = run_text(run->local, "shell");

    if (help_completion(stdout, shell))
        return true;
    return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                    "one of bash, zsh and fish",
                    "there are no completions for \"%s\"", shell);
}
