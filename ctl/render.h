#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include "ctl/command.h"

/* Results on stdout, all else on stderr. */

/* The result of a command: one JSON object, or as its command shows it. */
void render_result(const struct run *run);
/* Why it failed, and with --json as a last line {error, code, hint}. */
void render_fail(const struct ctl *ctl);
/* A remark on stderr, unless -q. */
void render_note(const struct ctl *ctl, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A table of the objects in `items`; `columns` are names with blanks. */
void render_table(const json_t *items, const char *columns);
/* "key: value" lines, lists of maps as tables below. */
void render_object(const json_t *object);

/* How single commands are shown.  render_pretty.c */
void render_status(const json_t *result);
void render_tree(const json_t *result);
void render_credits(const json_t *result);
void render_project(const json_t *result);
void render_words(const json_t *result);
void render_files(const json_t *result);
void render_findings(const json_t *result);
void render_link(const json_t *result);
void render_version(const json_t *result);
/* render_jobs.c */
void render_jobs(const json_t *result);
void render_jobs_running(const json_t *jobs);
/* render_bundle.c */
void render_bundle(const json_t *result);
void render_written(const json_t *result);
void render_taken(const json_t *result);
/* render_split.c */
void render_split(const json_t *result);
void render_shares(const json_t *result);
void render_ledger(const json_t *result);
/* render_copies.c */
void render_health(const json_t *result);
void render_copies(const json_t *result);

#endif
