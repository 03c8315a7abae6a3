/* The daemon, its work, and the client itself. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

static const struct option none[] = { END };

static const struct option clock_set[] = {
    { "now_ms", OPTION_TIME, OPTION_ARGUMENT | OPTION_REQUIRED, "now_ms", "TIME", "the time it shall be" },
    END };

static const struct option verify[] = {
    { "data", OPTION_FLAG, 0, NULL, NULL, "read every blob, too" },
    { "repair", OPTION_FLAG, 0, NULL, NULL, "fetch again what is damaged" },
    END };

static const struct option wait_for[] = {
    NEEDS("what", "WHAT", "online, here:ROOT, held:ROOT:N, caught-up:PROJECT or job:N"),
    END };

static const struct option events[] = {
    { "since", OPTION_UINT, 0, NULL, "N", "those after this number" },
    { "follow", OPTION_FLAG, 0, NULL, NULL, "go on until interrupted" },
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic only" },
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind only" },
    END };

static const struct option job[] = {
    { "job", OPTION_UINT, OPTION_ARGUMENT | OPTION_REQUIRED, "job", "JOB", "its number in `job list`" },
    END };

static const struct option demo[] = {
    { "keep", OPTION_FLAG, OPTION_HIDDEN, "@keep", NULL, "leave the folder" },
    END };

static const struct option help[] = {
    { "words", OPTION_TEXT, OPTION_ARGUMENT | OPTION_MANY, "@words", "COMMAND", "what to explain" },
    { "man", OPTION_FLAG, OPTION_HIDDEN, "@man", NULL, "the manual page, in mdoc" },
    END };

static const struct option completion[] = {
    NEEDS("@shell", "SHELL", "bash, zsh or fish"),
    END };

static const struct command rows[] = {
    { .noun = "verify", .method = "verify", .options = verify, .run = run_verify, .show = render_findings, .flags = COMMAND_JOB,
      .help = "check everything that is stored again" },
    { .noun = "wait", .method = "wait", .options = wait_for, .run = run_wait, .said = "", .flags = COMMAND_LONG,
      .help = "wait until something is so",
      .example = "troupe wait caught-up:1f2e3d4c5b6a7988 --timeout 60" },
    { .noun = "events", .method = "events.open", .options = events, .run = run_events, .flags = COMMAND_LONG | COMMAND_NO_JSON,
      .help = "what happens, a line each" },
    { .noun = "job", .verb = "list", .method = "job.list", .options = none, .show = render_jobs,
      .help = "long work under way" },
    { .noun = "job", .verb = "attach", .method = "job.attach", .options = job, .flags = COMMAND_JOB,
      .help = "watch a job until it ends" },
    { .noun = "job", .verb = "cancel", .method = "job.cancel", .options = job, .said = "cancelled",
      .help = "end a job early" },
    { .noun = "config", .verb = "check", .options = none, .run = run_config_check, .show = render_findings,
      .help = "check troupe.conf" },
    { .noun = "clock", .verb = "set", .method = "clock.set", .options = clock_set, .flags = COMMAND_HIDDEN,
      .help = "move the clock of a test daemon" },
    { .noun = "demo", .options = demo, .run = run_demo, .flags = COMMAND_NO_JSON | COMMAND_LONG,
      .help = "a throw-away production of three nodes on this machine" },
    { .noun = "version", .options = none, .run = run_version, .show = render_version,
      .help = "which release this is" },
    { .noun = "help", .options = help, .run = run_help, .flags = COMMAND_NO_JSON,
      .help = "explain a command" },
    { .noun = "completion", .options = completion, .run = run_completion, .flags = COMMAND_NO_JSON,
      .help = "a completion script for bash, zsh or fish",
      .example = "troupe completion bash > ~/.local/share/bash-completion/completions/troupe" },
};
/* clang-format on */

const struct commands commands_daemon = { rows, sizeof rows / sizeof rows[0] };
