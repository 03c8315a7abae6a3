/* Lineage: the tree both ways with its limits, and licences that clash. */
#include "proto/lineage.h"

#include <stdio.h>
#include <string.h>

#include "tests/common/scene.h"

#define PATH "{\"child\":\"%s\",\"source\":\"%s\",\"thanks\":\"t\"}"

/* Adds a record and forgets its bytes. */
static void add(struct topic_state *ts, struct made made)
{
    assert_int_equal(
        topic_state_add(ts, (struct bytes){ made.whole, made.len }), ERR_OK);
    made_free(&made);
}

/* A project with one work by B, without a scene's bound on records. */
struct wide {
    struct maker m;
    struct topic_state *ts;
    struct made work;
};

static struct made wide_work(struct wide *w, uint64_t at)
{
    struct made made =
        make(&w->m, KIND_CONTRIBUTION, 'B', at,
             "{\"title\":\"T\",\"media_kind\":\"image\","
             "\"work_kind\":\"original\"," FILES ",\"licence\":\"CC0-1.0\","
             "\"rights_statement\":\"own_work\"}");

    assert_int_equal(
        topic_state_add(w->ts, (struct bytes){ made.whole, made.len }), ERR_OK);
    return made;
}

static void wide_begin(struct wide *w)
{
    struct made project;

    memset(w, 0, sizeof *w);
    project = make(&w->m, KIND_PROJECT, 'A', 100, PROJECT);
    memcpy(w->m.topic, project.id, ID_LEN);
    assert_int_equal(topic_state_new(&w->ts, project.id, 1 << 16), ERR_OK);
    add(w->ts, project);
    w->work = wide_work(w, 110);
}

static void wide_end(struct wide *w)
{
    made_free(&w->work);
    topic_state_free(w->ts);
}

static struct lineage_tree tree_of(struct wide *w)
{
    struct lineage_tree tree;

    assert_int_equal(authority_judge(w->ts, NOW), ERR_OK);
    assert_int_equal(lineage_tree(&tree, w->ts, w->work.id), ERR_OK);
    return tree;
}

static void
a_tree_holds_its_limit_of_works_and_says_when_it_goes_on(void **state)
{
    struct wide w;
    struct made last = { 0 };
    struct lineage_tree tree;

    (void)state;
    wide_begin(&w);
    for (uint64_t i = 0; i + 1 < LINEAGE_NODES_MAX; i++) {
        made_free(&last);
        last = wide_work(&w, 200 + i);
        add(w.ts,
            make(&w.m, KIND_RESOURCE, 'B', 5000, PATH, w.work.hex, last.hex));
    }
    tree = tree_of(&w);
    assert_int_equal(tree.nodes_count, LINEAGE_NODES_MAX);
    assert_int_equal(tree.edges_count, LINEAGE_NODES_MAX - 1);
    assert_false(tree.is_cut);
    lineage_tree_wipe(&tree);

    /* One more edge between works that are there is no cut, */
    add(w.ts, make(&w.m, KIND_RESOURCE, 'B', 5001, PATH, w.work.hex, last.hex));
    tree = tree_of(&w);
    assert_int_equal(tree.edges_count, LINEAGE_NODES_MAX);
    assert_false(tree.is_cut);
    lineage_tree_wipe(&tree);

    /* one more work is. */
    made_free(&last);
    last = wide_work(&w, 9000);
    add(w.ts, make(&w.m, KIND_RESOURCE, 'B', 9001, PATH, w.work.hex, last.hex));
    tree = tree_of(&w);
    assert_int_equal(tree.nodes_count, LINEAGE_NODES_MAX);
    assert_true(tree.is_cut);
    lineage_tree_wipe(&tree);
    made_free(&last);
    wide_end(&w);
}

static void a_tree_holds_its_limit_of_citations(void **state)
{
    struct wide w;
    struct made other;
    struct lineage_tree tree;

    (void)state;
    wide_begin(&w);
    other = wide_work(&w, 200);
    for (uint64_t i = 0; i < LINEAGE_EDGES_MAX; i++)
        add(w.ts, make(&w.m, KIND_RESOURCE, 'B', 5000 + i, PATH, w.work.hex,
                       other.hex));
    tree = tree_of(&w);
    assert_int_equal(tree.nodes_count, 2);
    assert_int_equal(tree.edges_count, LINEAGE_EDGES_MAX);
    assert_false(tree.is_cut);
    lineage_tree_wipe(&tree);
    add(w.ts,
        make(&w.m, KIND_RESOURCE, 'B', 9999, PATH, w.work.hex, other.hex));
    tree = tree_of(&w);
    assert_int_equal(tree.edges_count, LINEAGE_EDGES_MAX);
    assert_true(tree.is_cut);
    lineage_tree_wipe(&tree);
    made_free(&other);
    wide_end(&w);
}

/* Works of other topics are nodes by their id, texts are edges alone. */
static void sources_outside_are_nodes_once(void **state)
{
    struct scene s;
    const struct made *w;
    struct topic_state *ts;
    struct lineage_tree tree;
    char far[2 * ID_LEN + 1];
    uint8_t id[ID_LEN];

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'B', 110, "CC0-1.0", "");
    maker_person(id, 'Z'); /* any id that is not held */
    hex_encode(far, BYTES_ARRAY(id));
    for (uint64_t i = 0; i < 2; i++)
        (void)scene_keep(
            &s, make(&s.m, KIND_RESOURCE, 'B', 120 + i, PATH, w->hex, far));
    (void)scene_keep(&s, make(&s.m, KIND_RESOURCE, 'B', 130,
                              "{\"child\":\"%s\",\"source_text\":\"a song\","
                              "\"thanks\":\"t\"}",
                              w->hex));
    ts = scene_judge(&s, NULL, NOW);
    assert_int_equal(lineage_tree(&tree, ts, w->id), ERR_OK);
    assert_int_equal(tree.nodes_count, 2);
    assert_memory_equal(tree.nodes[1].id, id, ID_LEN);
    assert_null(tree.nodes[1].entry);
    assert_non_null(tree.nodes[1].named_by);
    assert_int_equal(tree.edges_count, 3);
    assert_true(tree.edges[0].has_source && tree.edges[1].has_source);
    assert_false(tree.edges[2].has_source);
    lineage_tree_wipe(&tree);
    assert_int_equal(lineage_tree(&tree, ts, id), ERR_NOT_FOUND);
    topic_state_free(ts);
    scene_assert_any_order(&s);
    scene_free(&s);
}

static bool clashes(const struct scene *s, struct lineage_clash *out,
                    const struct lineage_work *child,
                    const struct lineage_work *source)
{
    struct topic_state *ts = scene_judge(s, NULL, NOW);
    bool found;

    assert_int_equal(lineage_clash_of(&found, out, ts, child, source), ERR_OK);
    topic_state_free(ts);
    return found;
}

static void a_clash_names_the_two_works_deep_in_the_lineage(void **state)
{
    struct scene s;
    struct lineage_clash clash;
    static const uint8_t zeros[ID_LEN] = { 0 };
    const struct made *poem;
    const struct made *tune;
    const struct made *song;
    struct lineage_work child = { .licence = BYTES_LITERAL("CC-BY-NC-4.0") };
    struct lineage_work source;

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'C', 110, "CC-BY-SA-4.0", "");
    tune = scene_work(&s, 'D', 111, "CC-BY-4.0", "");
    song = scene_work(&s, 'E', 112, "CC-BY-NC-4.0", "");
    (void)scene_cite(&s, 'D', 120, tune, poem);
    source = (struct lineage_work){ .id = tune->id };
    assert_true(clashes(&s, &clash, &child, &source));
    assert_int_equal(clash.child, LICENCE_BY_NC_4);
    assert_int_equal(clash.source, LICENCE_BY_SA_4);
    assert_memory_equal(clash.child_id, zeros, ID_LEN);
    assert_memory_equal(clash.source_id, poem->id, ID_LEN);
    child = (struct lineage_work){ .id = song->id };
    assert_true(clashes(&s, &clash, &child, &source));
    assert_memory_equal(clash.child_id, song->id, ID_LEN);
    child.id = poem->id; /* the same licence never excludes itself */
    assert_false(clashes(&s, &clash, &child, &source));
    scene_free(&s);
}

static void a_source_elsewhere_counts_by_what_is_said_of_it(void **state)
{
    struct scene s;
    struct lineage_clash clash;
    uint8_t far[ID_LEN] = { 7 };
    struct lineage_work child = { .licence = BYTES_LITERAL("CC-BY-4.0") };
    struct lineage_work source = { .id = far,
                                   .licence = BYTES_LITERAL("cc-by-nd-4.0") };

    (void)state;
    (void)scene_begin(&s);
    assert_true(clashes(&s, &clash, &child, &source));
    assert_memory_equal(clash.source_id, far, ID_LEN);
    source.licence = BYTES_LITERAL("my own words");
    assert_false(clashes(&s, &clash, &child, &source));
    source.licence = (struct bytes){ NULL, 0 };
    assert_false(clashes(&s, &clash, &child, &source));
    scene_free(&s);
}

/* What has no licence to give cannot be built on at all. */
static void an_impossible_source_clashes_with_everything(void **state)
{
    struct scene s;
    struct lineage_clash clash;
    const struct made *poem;
    const struct made *tune;
    struct lineage_work child = { .licence = BYTES_LITERAL("CC0-1.0") };
    struct lineage_work source;

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'C', 110, "CC-BY-SA-4.0", "");
    tune = scene_work(&s, 'D', 111, "CC-BY-NC-4.0", "");
    (void)scene_cite(&s, 'D', 120, tune, poem);
    source = (struct lineage_work){ .id = tune->id };
    assert_true(clashes(&s, &clash, &child, &source));
    /* but whose work is impossible already may go on citing */
    assert_false(clashes(&s, &clash, &source, &child));
    scene_free(&s);
}

/* The licences of a work and of all that it is built on. */
static struct licence_mix mix_of(const struct topic_state *ts,
                                 const struct made *work)
{
    const struct lineage_past now = { 0 };
    struct lineage_licences found = { 0 };
    uint32_t index = topic_state_index(ts, work->id);

    assert_int_equal(lineage_licences_of(&found, ts, &now, &index, 1), ERR_OK);
    return found.mix;
}

static void inspiration_binds_nobody(void **state)
{
    struct scene s;
    struct lineage_clash clash;
    struct licence_mix mix;
    const struct made *poem;
    const struct made *tune;
    struct topic_state *ts;
    struct lineage_work child = { .licence = BYTES_LITERAL("CC-BY-NC-4.0") };
    struct lineage_work source;

    (void)state;
    (void)scene_begin(&s);
    poem = scene_work(&s, 'C', 110, "CC-BY-SA-4.0", "");
    tune = scene_work(&s, 'D', 111, "CC-BY-4.0", "");
    (void)scene_keep(&s, make(&s.m, KIND_RESOURCE, 'D', 120,
                              "{\"child\":\"%s\",\"source\":\"%s\","
                              "\"relation\":\"inspired\",\"thanks\":\"t\"}",
                              tune->hex, poem->hex));
    source = (struct lineage_work){ .id = tune->id };
    assert_false(clashes(&s, &clash, &child, &source));
    ts = scene_judge(&s, NULL, NOW);
    mix = mix_of(ts, tune);
    assert_true(licence_mix_has(mix, LICENCE_BY_4));
    assert_false(licence_mix_has(mix, LICENCE_BY_SA_4));
    topic_state_free(ts);
    scene_free(&s);
}

static void licences_of_sources_elsewhere_are_in_the_mix(void **state)
{
    struct scene s;
    struct licence_mix mix;
    const struct made *w;
    struct topic_state *ts;

    (void)state;
    (void)scene_begin(&s);
    w = scene_work(&s, 'C', 110, "CC-BY-4.0", "");
    (void)scene_keep(&s, make(&s.m, KIND_RESOURCE, 'C', 120,
                              "{\"child\":\"%s\",\"source_text\":\"a song\","
                              "\"source_licence\":\"CC-BY-NC-3.0\","
                              "\"thanks\":\"t\"}",
                              w->hex));
    ts = scene_judge(&s, NULL, NOW);
    mix = mix_of(ts, w);
    assert_true(licence_mix_has(mix, LICENCE_BY_4));
    assert_true(licence_mix_has(mix, LICENCE_BY_NC_3));
    topic_state_free(ts);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_tree_holds_its_limit_of_works_and_says_when_it_goes_on),
        cmocka_unit_test(a_tree_holds_its_limit_of_citations),
        cmocka_unit_test(sources_outside_are_nodes_once),
        cmocka_unit_test(a_clash_names_the_two_works_deep_in_the_lineage),
        cmocka_unit_test(a_source_elsewhere_counts_by_what_is_said_of_it),
        cmocka_unit_test(an_impossible_source_clashes_with_everything),
        cmocka_unit_test(inspiration_binds_nobody),
        cmocka_unit_test(licences_of_sources_elsewhere_are_in_the_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
