/* Whether troupe.conf can be read, with a daemon or without. */
#include <string.h>

#include "ctl/run.h"
#include "ctl/trouped.h"

/* "PATH:LINE: TEXT" as a finding. */
static json_t *finding_of(const char *line)
{
    static const char file[] = "troupe.conf:";
    const char *at = strstr(line, file);
    json_int_t number = 0;

    if (at == NULL)
        return json_pack("{s:i,s:s}", "line", 0, "text", line);
    for (at += sizeof file - 1; *at >= '0' && *at <= '9'; at++)
        number = number < 1000000 ? 10 * number + (*at - '0') : number;
    at += strspn(at, ": ");
    return json_pack("{s:I,s:s}", "line", number, "text", at);
}

/* Whoever repairs troupe.conf may have no daemon running because of it. */
static bool check_without_daemon(struct run *run)
{
    char line[TROUPED_LINE_MAX];
    json_t *findings;

    fail_clear(&run->ctl->fail);
    if (!trouped_check_config(run->ctl, line))
        return false;
    findings = json_array();
    if (line[0] != '\0')
        (void)json_array_append_new(findings, finding_of(line));
    run->result = json_pack("{s:o}", "findings", findings);
    return true;
}

bool run_config_check(struct run *run)
{
    struct ctl *ctl = run->ctl;

    if (run_connect(ctl))
        run->result = run_call(ctl, "config.check", run->params);
    else if (ctl->fail.code != EXIT_CODE_NOT_RUNNING ||
             !check_without_daemon(run))
        return false;
    if (run->result == NULL)
        return false;
    if (json_array_size(json_object_get(run->result, "findings")) > 0)
        return fail_set(&ctl->fail, EXIT_CODE_USAGE,
                        "trouped(8) lists what may stand there",
                        "troupe.conf is not as it must be");
    return true;
}
