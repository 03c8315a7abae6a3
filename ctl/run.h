#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "ctl/command.h"

/*
 * Carrying a command out.  Below, under "Commands", stands each that is more
 * than one call; the table points to them.
 */

/* Prepares a client for one home; nothing is connected yet. */
void run_init(struct ctl *ctl);
void run_wipe(struct ctl *ctl);

/* Carries out a parsed command; its result is in run->result. */
bool run_command(struct run *run);
/* Parses and carries out; *result is a new reference or NULL. */
bool run_line(struct ctl *ctl, json_t **result, int count,
              const char *const args[]);

/* Connects unless it is; then the daemon has said hello. */
bool run_connect(struct ctl *ctl);
/* One call; a new reference or NULL. */
json_t *run_call(struct ctl *ctl, const char *method, const json_t *params);
/* A call that is answered by a job, and the job's result. */
json_t *run_job(struct ctl *ctl, const char *method, const json_t *params);
/* The text of a local or daemon param; NULL if it is not given. */
const char *run_text(const json_t *object, const char *key);
bool run_flag(const struct run *run, const char *key);
/* Completes the ids of people typed short in a list of maps {person, ...}. */
bool run_complete_people(struct run *run, const char *list);
/*
 * Calls `method` and writes the list `key` of its result, each line put through
 * `line`, to the file that the local param `out` names, else to KEY.json, which
 * is not there yet.
 */
bool run_draft(struct run *run, const char *method, const char *key,
               json_t *(*lines)(const json_t *drafted), const char *next);
/* True if a question may be asked: both ends are terminals, no --no-input. */
bool run_may_ask(const struct ctl *ctl);
/* Asks for y or n on the terminal; n is the answer of silence. */
bool run_ask(const char *question);

/* Commands.  Each returns false with the reason in ctl->fail. */
bool run_start(struct run *run);
bool run_stop(struct run *run);
bool run_seed(struct run *run);
bool run_pledge_list(struct run *run);
bool run_copies(struct run *run);
bool run_config_check(struct run *run);
bool run_init_person(struct run *run);
bool run_person_recover(struct run *run);
bool run_join(struct run *run);
bool run_peer_add(struct run *run);
bool run_project_create(struct run *run);
bool run_edit(struct run *run);
bool run_contribute(struct run *run);
bool run_get(struct run *run);
bool run_open(struct run *run);
bool run_cat(struct run *run);
bool run_tree(struct run *run);
bool run_release_draft(struct run *run);
bool run_release_publish(struct run *run);
bool run_release_bundle(struct run *run);
bool run_release_verify(struct run *run);
bool run_archive_export(struct run *run);
bool run_archive_import(struct run *run);
bool run_attribution(struct run *run);
bool run_income_declare(struct run *run);
bool run_split_draft(struct run *run);
bool run_split_propose(struct run *run);
bool run_split_accept(struct run *run);
bool run_receipt_sign(struct run *run);
bool run_record_raw(struct run *run);
bool run_record_import(struct run *run);
bool run_verify(struct run *run);
bool run_wait(struct run *run);
bool run_events(struct run *run);
bool run_version(struct run *run);
bool run_help(struct run *run);
bool run_completion(struct run *run);
bool run_demo(struct run *run);

#endif
