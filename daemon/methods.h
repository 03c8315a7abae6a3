#ifndef DAEMON_METHODS_H
#define DAEMON_METHODS_H

#include "daemon/call.h"

/*
 * The methods of the control socket (docs/control-api.md), by the file that
 * holds them: method_NOUN.c, or another where what is said of several nouns has
 * so much in common.  Rows of the table stand in methods.c.
 */
extern const struct method methods[];

/* method_node.c */
void method_hello(struct call *call);
void method_status(struct call *call);
void method_init(struct call *call);
void method_person_recover(struct call *call);
void method_clock_set(struct call *call);
void method_config_check(struct call *call);
void method_shutdown(struct call *call);
void method_wait(struct call *call);
void method_events_open(struct call *call);
void method_job_list(struct call *call);
void method_job_attach(struct call *call);
void method_job_cancel(struct call *call);

/* method_person.c */
void method_person_show(struct call *call);
void method_person_list(struct call *call);
void method_person_edit(struct call *call);

/* method_peer.c */
void method_peer_add(struct call *call);
void method_peer_list(struct call *call);
void method_peer_remove(struct call *call);
void method_peer_ban(struct call *call);
void method_invite_create(struct call *call);
void method_invite_show(struct call *call);
void method_invite_accept(struct call *call);

/* method_pledge.c */
void method_seed(struct call *call);
void method_pledge_list(struct call *call);

/* method_project.c */
void method_project_create(struct call *call);
void method_project_list(struct call *call);
void method_project_show(struct call *call);
void method_project_follow(struct call *call);
void method_project_unfollow(struct call *call);
void method_project_revive(struct call *call);
void method_person_follow(struct call *call);
void method_person_unfollow(struct call *call);

/* method_request.c */
void method_request_publish(struct call *call);
void method_request_list(struct call *call);
void method_request_show(struct call *call);

/* method_request_end.c */
void method_request_close(struct call *call);
void method_request_extend(struct call *call);
void method_request_reopen(struct call *call);

/* method_contribute.c */
void method_contribute(struct call *call);

/* method_find.c */
void method_find(struct call *call);
void method_random(struct call *call);
void method_suggest(struct call *call);

/* method_contact.c */
void method_contact_list(struct call *call);
void method_contact_allow(struct call *call);
void method_contact_allowed(struct call *call);

/* method_inbox.c */
void method_inbox_list(struct call *call);

/* method_contribution.c */
void method_contribution_list(struct call *call);

/* method_talk.c */
void method_thread_create(struct call *call);
void method_journal_write(struct call *call);
void method_feedback(struct call *call);
void method_recommend(struct call *call);
void method_collection_create(struct call *call);

/* method_said.c */
void method_thread_list(struct call *call);
void method_thread_show(struct call *call);
void method_journal_list(struct call *call);
void method_feedback_list(struct call *call);
void method_contribution_show(struct call *call);

/* method_cite.c */
void method_cite(struct call *call);
void method_cite_claim(struct call *call);
void method_cite_accept(struct call *call);
void method_cite_decline(struct call *call);
void method_cite_resolve(struct call *call);
void method_cite_withdraw(struct call *call);
void method_tree(struct call *call);

/* method_rights.c */
void method_rights_request(struct call *call);
void method_rights_grant(struct call *call);
void method_rights_list(struct call *call);

/* method_say.c */
void method_direct(struct call *call);
void method_select(struct call *call);
void method_comment(struct call *call);

/* method_archive.c */
void method_archive_export(struct call *call);
void method_archive_import(struct call *call);
void method_release_bundle(struct call *call);

/* method_class.c */
void method_lesson_add(struct call *call);
void method_class_progress(struct call *call);
void method_courage_declare(struct call *call);
void method_courage_help(struct call *call);
void method_courage_attempt(struct call *call);
void method_courage_keep(struct call *call);
void method_courage_show(struct call *call);

/* method_release.c */
void method_release_draft(struct call *call);
void method_release_publish(struct call *call);
void method_release_show(struct call *call);
void method_credits(struct call *call);
void method_attribution(struct call *call);

/* method_income.c */
void method_income_declare(struct call *call);
void method_receipt_sign(struct call *call);
void method_ledger(struct call *call);

/* method_split.c */
void method_split_draft(struct call *call);
void method_split_propose(struct call *call);
void method_split_feedback(struct call *call);
void method_split_reply(struct call *call);
void method_split_accept(struct call *call);
void method_split_show(struct call *call);

/* method_split_final.c */
void method_split_final(struct call *call);

/* method_record.c */
void method_record_publish(struct call *call);
void method_record_list(struct call *call);
void method_record_show(struct call *call);
void method_record_raw(struct call *call);
void method_record_import(struct call *call);

/* method_blob.c */
void method_blob_read(struct call *call);

/* method_want.c */
void method_want_list(struct call *call);

/* method_copies.c */
void method_copies(struct call *call);
void method_copies_check(struct call *call);

/* method_health.c */
void method_health(struct call *call);

/* method_drop.c */
void method_drop(struct call *call);

/* method_gc.c */
void method_gc(struct call *call);

/* method_get.c */
void method_get(struct call *call);

/* method_verify.c */
void method_verify(struct call *call);

/* method_role.c */
void method_role_grant(struct call *call);
void method_role_revoke(struct call *call);
void method_role_accept(struct call *call);
void method_role_handover(struct call *call);
void method_vouch(struct call *call);
void method_project_news(struct call *call);

/* method_safety.c */
void method_block(struct call *call);
void method_unblock(struct call *call);
void method_block_list(struct call *call);
void method_report(struct call *call);
void method_ruling(struct call *call);
void method_keeper_follow(struct call *call);
void method_keeper_unfollow(struct call *call);
void method_keeper_list(struct call *call);
void method_keeper_allow(struct call *call);
void method_takedown(struct call *call);
void method_takedown_lift(struct call *call);
void method_takedown_list(struct call *call);

/* method_retract.c */
void method_retract(struct call *call);

/* method_edit.c */
void method_edit(struct call *call);

#endif
