/* What people see: states, labels, trees, credits and briefs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/authority.h"
#include "proto/credits.h"
#include "proto/lineage.h"
#include "proto/request_state.h"
#include "proto/view.h"
#include "tests/common/topic_maker.h"

#define TERMS                                                                  \
    "\"terms\":{\"pay\":\"none\",\"decision\":\"leader\",\"ml_use\":\"no\"}"
#define FILES                                                                  \
    "\"files\":[{\"blob\":{\"root\":\"00000000000000000000000000000000000000"  \
    "00000000000000000000000000\",\"size\":0},\"media_type\":\"image/png\","   \
    "\"name\":\"a.png\"}]"

/*
 * A leads a project with a request until 1000; C wrote a poem, D drew from it
 * in time, E sent late.
 */
struct story {
    struct maker m;
    struct made project, request, poem, drawing, late, cited, chosen;
    struct topic_state *ts;
};

static void add(struct topic_state *ts, const struct made *made)
{
    assert_int_equal(
        topic_state_add(ts, (struct bytes){ made->whole, made->len }), ERR_OK);
}

static struct made work(struct story *s, char who, uint64_t at)
{
    return make(&s->m, KIND_CONTRIBUTION, who, at,
                "{\"title\":\"Work of %c\",\"media_kind\":\"image\","
                "\"work_kind\":\"original\"," FILES
                ",\"licence\":\"CC-BY-4.0\",\"rights_statement\":\"own_work\","
                "\"request\":\"%s\"}",
                who, s->request.hex);
}

static void begin(struct story *s)
{
    memset(s, 0, sizeof *s);
    s->m.flags = RECORD_LISTED;
    s->project = make(&s->m, KIND_PROJECT, 'A', 100,
                      "{\"title\":\"Crown\",\"goal\":\"a film\",\"medium\":"
                      "\"short_film\",\"licence\":\"CC-BY-4.0\"," TERMS "}");
    memcpy(s->m.topic, s->project.id, ID_LEN);
    s->request = make(&s->m, KIND_REQUEST, 'A', 110,
                      "{\"title\":\"Crown\",\"deliverable\":\"the crown\","
                      "\"media_kinds\":[\"image\"],\"deadline\":1000}");
    s->poem = work(s, 'C', 200);
    s->drawing = work(s, 'D', 1000);
    s->late = work(s, 'E', 1001);
    s->cited = make(&s->m, KIND_RESOURCE, 'D', 1002,
                    "{\"child\":\"%s\",\"source\":\"%s\",\"relation\":"
                    "\"adapted\",\"thanks\":\"for the words\"}",
                    s->drawing.hex, s->poem.hex);
    s->chosen =
        make(&s->m, KIND_SELECTION, 'A', 1003,
             "{\"contribution\":\"%s\",\"state\":\"chosen\"}", s->drawing.hex);
    assert_int_equal(topic_state_new(&s->ts, s->project.id, 100), ERR_OK);
    add(s->ts, &s->project);
    add(s->ts, &s->request);
    add(s->ts, &s->poem);
    add(s->ts, &s->drawing);
    add(s->ts, &s->late);
    add(s->ts, &s->cited);
    add(s->ts, &s->chosen);
}

static void end(struct story *s)
{
    made_free(&s->project);
    made_free(&s->request);
    made_free(&s->poem);
    made_free(&s->drawing);
    made_free(&s->late);
    made_free(&s->cited);
    made_free(&s->chosen);
    topic_state_free(s->ts);
}

/* Closes the request at `at` and forgets the bytes. */
static void close_request(struct story *s, uint64_t at, const char *more)
{
    struct made c = make(&s->m, KIND_REQUEST_CLOSE, 'A', at,
                         "{\"request\":\"%s\",\"note\":\"thanks all\",%s}",
                         s->request.hex, more);

    add(s->ts, &c);
    made_free(&c);
}

static struct request_state state_at(struct story *s, uint64_t now)
{
    struct request_state out;

    assert_int_equal(authority_judge(s->ts, now), ERR_OK);
    assert_int_equal(request_state_of(&out, s->ts, s->request.id), ERR_OK);
    return out;
}

static enum contribution_timing timing(struct story *s, const struct made *m)
{
    enum contribution_timing t;

    assert_int_equal(request_timing(&t, s->ts, topic_state_find(s->ts, m->id)),
                     ERR_OK);
    return t;
}

static void a_request_is_open_up_to_its_deadline(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    assert_int_equal(state_at(&s, 1000).phase, REQUEST_OPEN);
    assert_int_equal(state_at(&s, 2000).phase, REQUEST_PAST_DEADLINE);
    assert_int_equal(timing(&s, &s.drawing), TIMING_IN_TIME);
    assert_int_equal(timing(&s, &s.late), TIMING_LATE);
    end(&s);
}

static void a_close_that_does_not_know_a_work_leaves_it_claimed(void **state)
{
    struct story s;
    char known[128];

    (void)state;
    begin(&s);
    (void)snprintf(known, sizeof known,
                   "\"outcome\":\"chosen\",\"known\":[\"%.32s\"]",
                   s.drawing.hex);
    close_request(&s, 1500, known);
    assert_int_equal(state_at(&s, 2000).phase, REQUEST_CLOSED);
    assert_int_equal(timing(&s, &s.drawing), TIMING_IN_TIME);
    assert_int_equal(timing(&s, &s.poem), TIMING_CLAIMED);
    assert_int_equal(timing(&s, &s.late), TIMING_LATE);
    end(&s);
}

static void extending_and_reopening_are_entries_of_a_log(void **state)
{
    struct story s;

    (void)state;
    begin(&s);
    close_request(&s, 1500, "\"outcome\":\"none_used\"");
    close_request(&s, 1600, "\"outcome\":\"extended\",\"deadline\":3000");
    assert_int_equal(state_at(&s, 1700).phase, REQUEST_CLOSED);
    close_request(&s, 1800, "\"outcome\":\"reopened\"");
    assert_int_equal(state_at(&s, 1900).phase, REQUEST_OPEN);
    assert_true(state_at(&s, 1900).deadline_ms == 3000);
    assert_true(state_at(&s, 1900).first_deadline_ms == 1000);
    assert_int_equal(timing(&s, &s.late), TIMING_IN_TIME);
    end(&s);
}

static struct mp_doc *parse(const struct writer *w)
{
    struct mp_doc *doc;

    assert_int_equal(w->err, ERR_OK);
    assert_int_equal(mp_doc_parse(&doc, writer_view(w), MP_WELL_FORMED),
                     ERR_OK);
    return doc;
}

static void assert_text(const struct mp_value *map, const char *key,
                        const char *want)
{
    struct bytes text = mp_str(mp_get(map, key));

    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.data, want, text.len);
}

static void views_show_state_label_and_choice(void **state)
{
    struct story s;
    struct view v = { 0 };
    struct view_page page = { 0 };
    struct writer w = writer_growing(1 << 20);
    struct mp_doc *doc;

    (void)state;
    begin(&s);
    assert_int_equal(authority_judge(s.ts, 1004), ERR_OK);
    v.topic = s.ts;
    assert_int_equal(view_contribution_show(&w, &v, s.drawing.id, &page, 1),
                     ERR_OK);
    mp_put_text(&w, "local");
    mp_put_nil(&w);
    doc = parse(&w);
    assert_text(mp_doc_root(doc), "title", "Work of D");
    assert_text(mp_doc_root(doc), "selection", "chosen");
    assert_int_equal(mp_uint(mp_get(mp_doc_root(doc), "selected_ms")), 1003);
    assert_int_equal(mp_bin(mp_get(mp_doc_root(doc), "selected_by")).len,
                     ID_LEN);
    assert_text(mp_doc_root(doc), "kind", "image");
    assert_text(mp_doc_root(doc), "work_kind", "original");
    assert_text(mp_doc_root(doc), "void_reason", "");
    assert_true(mp_bool(mp_get(mp_doc_root(doc), "in_force")));
    assert_false(mp_bool(mp_get(mp_doc_root(doc), "late")));
    assert_int_equal(mp_count(mp_get(mp_doc_root(doc), "files")), 1);
    mp_doc_free(doc);

    writer_reset(&w);
    assert_int_equal(view_project_show(&w, &v, 0), ERR_OK);
    doc = parse(&w);
    assert_text(mp_doc_root(doc), "medium", "short_film");
    assert_int_equal(mp_count(mp_get(mp_doc_root(doc), "requests")), 1);
    assert_text(mp_at(mp_get(mp_doc_root(doc), "requests"), 0), "state",
                "past deadline");
    assert_false(mp_bool(mp_get(mp_doc_root(doc), "listed")));
    mp_doc_free(doc);
    assert_int_equal(authority_judge(s.ts, 999), ERR_OK);
    writer_reset(&w);
    assert_int_equal(view_project_item(&w, &v, 0), ERR_OK);
    doc = parse(&w);
    assert_true(mp_bool(mp_get(mp_doc_root(doc), "listed")));
    mp_doc_free(doc);
    writer_free(&w);
    end(&s);
}

static void every_record_has_a_view_and_unknown_ids_have_none(void **state)
{
    struct story s;
    struct view v = { 0 };
    struct writer w = writer_growing(1 << 20);
    static const uint8_t nobody[ID_LEN] = { 1 };

    (void)state;
    begin(&s);
    assert_int_equal(authority_judge(s.ts, 2000), ERR_OK);
    v.topic = s.ts;
    for (uint32_t i = 0; i < topic_state_count(s.ts); i++) {
        writer_reset(&w);
        assert_int_equal(
            view_record_show(&w, &v, topic_state_at(s.ts, i)->record.id, 0),
            ERR_OK);
        mp_doc_free(parse(&w));
        writer_reset(&w);
        assert_int_equal(
            view_record_item(&w, &v, topic_state_at(s.ts, i)->record.id, 0),
            ERR_OK);
        mp_doc_free(parse(&w));
    }
    assert_int_equal(view_record_show(&w, &v, nobody, 0), ERR_NOT_FOUND);
    assert_int_equal(view_request_item(&w, &v, s.poem.id, 0), ERR_NOT_FOUND);
    assert_int_equal(view_release_show(&w, &v, s.poem.id, 0), ERR_NOT_FOUND);
    assert_int_equal(view_tree(&w, &v, nobody, 0), ERR_NOT_FOUND);
    writer_free(&w);
    end(&s);
}

static void the_tree_goes_both_ways(void **state)
{
    struct story s;
    struct lineage_tree tree;
    struct view v = { 0 };
    struct writer w = writer_growing(1 << 20);
    struct mp_doc *doc;

    (void)state;
    begin(&s);
    assert_int_equal(authority_judge(s.ts, 2000), ERR_OK);
    assert_int_equal(lineage_tree(&tree, s.ts, s.poem.id), ERR_OK);
    assert_int_equal(tree.nodes_count, 2);
    assert_int_equal(tree.edges_count, 1);
    assert_memory_equal(tree.nodes[0].id, s.poem.id, ID_LEN);
    assert_memory_equal(tree.nodes[1].id, s.drawing.id, ID_LEN);
    assert_memory_equal(tree.edges[0].source, s.poem.id, ID_LEN);
    assert_false(tree.is_cut);
    lineage_tree_wipe(&tree);
    assert_int_equal(lineage_tree(&tree, s.ts, s.drawing.id), ERR_OK);
    assert_int_equal(tree.nodes_count, 2);
    assert_memory_equal(tree.nodes[1].id, s.poem.id, ID_LEN);
    lineage_tree_wipe(&tree);
    v.topic = s.ts;
    assert_int_equal(view_tree(&w, &v, s.drawing.id, 0), ERR_OK);
    doc = parse(&w);
    assert_text(mp_at(mp_get(mp_doc_root(doc), "edges"), 0), "thanks",
                "for the words");
    assert_text(mp_at(mp_get(mp_doc_root(doc), "nodes"), 1), "title",
                "Work of C");
    mp_doc_free(doc);
    writer_free(&w);
    end(&s);
}

static void a_draft_credits_parts_and_those_they_cite(void **state)
{
    struct story s;
    struct credits c;
    uint8_t parts[1][ID_LEN];
    uint8_t person[ID_LEN];

    (void)state;
    begin(&s);
    assert_int_equal(authority_judge(s.ts, 2000), ERR_OK);
    memcpy(parts[0], s.drawing.id, ID_LEN);
    assert_int_equal(
        credits_draft(&c, s.ts, (const uint8_t(*)[ID_LEN])parts, 1), ERR_OK);
    assert_int_equal(c.count, 2);
    maker_person(person, 'D');
    assert_memory_equal(c.lines[0].person, person, ID_LEN);
    assert_false(c.lines[0].influence);
    assert_int_equal(c.lines[0].roles_count, 1);
    assert_memory_equal(c.lines[0].roles[0].data, "image", 5);
    maker_person(person, 'C');
    assert_memory_equal(c.lines[1].person, person, ID_LEN);
    assert_true(c.lines[1].influence);
    assert_memory_equal(c.lines[1].contributions[0], s.poem.id, ID_LEN);
    credits_wipe(&c);
    parts[0][0] ^= 1;
    assert_int_equal(
        credits_draft(&c, s.ts, (const uint8_t(*)[ID_LEN])parts, 1),
        ERR_NOT_FOUND);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_open_up_to_its_deadline),
        cmocka_unit_test(a_close_that_does_not_know_a_work_leaves_it_claimed),
        cmocka_unit_test(extending_and_reopening_are_entries_of_a_log),
        cmocka_unit_test(views_show_state_label_and_choice),
        cmocka_unit_test(every_record_has_a_view_and_unknown_ids_have_none),
        cmocka_unit_test(the_tree_goes_both_ways),
        cmocka_unit_test(a_draft_credits_parts_and_those_they_cite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
