/*
 * The story: Ada leads, Ben answers, an archive keeps, and Cyd, who comes when
 * both are gone, has all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/demo.h"
#include "ctl/text.h"
#include "ctl/value.h"

#define LEADER      DEMO_LEADER
#define CONTRIBUTOR DEMO_CONTRIBUTOR
#define ARCHIVE     DEMO_ARCHIVE
#define NEWCOMER    DEMO_NEWCOMER

#define LICENCE "CC-BY-SA-4.0"

static bool drop(json_t *take)
{
    json_decref(take);
    return take != NULL;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* --- the cast --- */

static bool start_three(struct demo *d)
{
    static const char *const names[] = { "Ada", "Ben", "archive" };

    for (int i = LEADER; i <= ARCHIVE; i++) {
        const struct demo_node *node = &d->nodes[i];

        if (!demo_start(d, (enum demo_part)i, names[i]))
            return false;
        demo_tell(d, "%-8s node %.16s listens on %s", node->name, node->node,
                  node->address);
    }
    return true;
}

static bool make_person(struct demo *d, enum demo_part who)
{
    struct demo_node *node = &d->nodes[who];
    char words[PATHS_LEN_MAX];
    json_t *made;
    const char *person;

    if (!paths_join(words, &d->fail, node->home, "words"))
        return false;
    made = demo_do(d, who, "init", "--name", node->name, "--no-passphrase",
                   "--words-out", words, NULL);
    person = run_text(made, "person");
    if (person != NULL) {
        (void)snprintf(node->person, sizeof node->person, "%s", person);
        demo_tell(d, "%-8s is %.16s", node->name, node->person);
    }
    return drop(made);
}

static bool make_people(struct demo *d)
{
    if (!make_person(d, LEADER) || !make_person(d, CONTRIBUTOR) ||
        !drop(demo_do(d, ARCHIVE, "init", "--node-only", NULL)))
        return false;
    demo_tell(d, "The archive is a node alone: it signs for nobody.");
    return true;
}

static bool is_connected(struct demo *d, enum demo_part who)
{
    json_t *status = demo_do(d, who, "status", NULL);
    const json_t *peers = json_object_get(status, "peers");
    bool found = false;

    for (size_t i = 0; i < json_array_size(peers); i++) {
        const char *node = run_text(json_array_get(peers, i), "node");

        found = found ||
                (node != NULL && strcmp(node, d->nodes[ARCHIVE].node) == 0);
    }
    json_decref(status);
    return found;
}

static bool meet_archive(struct demo *d, enum demo_part who)
{
    char peer[256];

    (void)snprintf(peer, sizeof peer, "%s@%s", d->nodes[ARCHIVE].node,
                   d->nodes[ARCHIVE].address);
    return drop(demo_do(d, who, "peer", "add", peer, NULL)) &&
           demo_until(d, who, is_connected, "the connection");
}

static bool connect_two(struct demo *d)
{
    if (!meet_archive(d, LEADER) || !meet_archive(d, CONTRIBUTOR))
        return false;
    demo_tell(d, "Each checked the archive's key before it said who it is.");
    demo_tell(d, "Ada and Ben do not know each other's address.");
    return true;
}

/* --- the project --- */

static bool create_project(struct demo *d)
{
    if (!demo_id(d->project, d,
                 demo_do(d, LEADER, "project", "create", "--title",
                         "The Fossa's Song", "--goal",
                         "A song for an animal that few people know, with a "
                         "sleeve to hold in one's hands",
                         "--medium", "song", "--licence", LICENCE, NULL)) ||
        !demo_id(d->riff, d,
                 demo_do(d, LEADER, "contribute", "--project", d->project,
                         d->stem, "--title", "The riff", "--kind", "audio",
                         "--work-kind", "stem", "--licence", LICENCE, NULL)))
        return false;
    demo_tell(d, "project %.16s, licence %s, no pay", d->project, LICENCE);
    demo_tell(d, "Her own first piece: %s, \"The riff\"", file_name(d->stem));
    return true;
}

static bool publish_request(struct demo *d)
{
    if (!demo_id(
            d->request, d,
            demo_do(d, LEADER, "request", "publish", "--project", d->project,
                    "--title", "Make the sleeve", "--deliverable",
                    "A picture for the sleeve, and a small drawing for "
                    "its back as SVG",
                    "--kind", "image", "--reference", d->picture, "--deadline",
                    "+14d", "--interest", "illustration", NULL)))
        return false;
    demo_tell(d, "\"Make the sleeve\": a picture and an SVG, within 14 days");
    demo_tell(d, "It should go with %s.", file_name(d->picture));
    return true;
}

static bool seed_project(struct demo *d)
{
    if (!drop(demo_do(d, ARCHIVE, "seed", d->project, NULL)))
        return false;
    demo_tell(d, "From now on it holds every record and every byte of it.");
    return true;
}

/* --- the answer --- */

static bool finds_request(struct demo *d, enum demo_part who)
{
    json_t *list =
        demo_do(d, who, "request", "list", "--kind", "image", "--open", NULL);
    const json_t *items = json_object_get(list, "items");
    bool found = false;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *id = run_text(json_array_get(items, i), "id");

        found = found || (id != NULL && strcmp(id, d->request) == 0);
    }
    json_decref(list);
    return found;
}

static bool knows_riff(struct demo *d, enum demo_part who)
{
    return drop(demo_do(d, who, "contribution", "show", d->riff, NULL));
}

static bool find_request(struct demo *d)
{
    if (!demo_until(d, CONTRIBUTOR, finds_request, "the request"))
        return false;
    demo_tell(d, "$ troupe request list --kind image --open");
    demo_tell(d, "\"Make the sleeve\" is what he can do.");
    if (!drop(demo_do(d, CONTRIBUTOR, "project", "follow", d->project, NULL)) ||
        !demo_until(d, CONTRIBUTOR, knows_riff, "the project's records"))
        return false;
    demo_tell(d, "He follows the project and hears the riff.");
    return true;
}

static bool answer_request(struct demo *d)
{
    char drawing[PATHS_LEN_MAX + 16];

    (void)snprintf(drawing, sizeof drawing, "source=%s", d->drawing);
    if (demo_do(d, CONTRIBUTOR, "contribute", d->request, d->answer, "--title",
                "The sleeve", "--licence", LICENCE, NULL) != NULL)
        return fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                        "the terms should have been asked for");
    if (d->fail.code != EXIT_CODE_CONFIRM)
        return false;
    demo_tell(d, "Terms come before work. He is shown the %s", d->fail.text);
    if (!demo_id(d->sleeve, d,
                 demo_do(d, CONTRIBUTOR, "contribute", d->request, d->answer,
                         "--role", drawing, "--title", "The sleeve", "--kind",
                         "image", "--licence", LICENCE, "--from", d->riff,
                         "--relation", "inspired", "--thanks",
                         "Your riff gave it its colours", "--accept-terms",
                         NULL)))
        return false;
    demo_tell(d, "He reads them, accepts them, and sends %s and %s.",
              file_name(d->answer), file_name(d->drawing));
    demo_tell(d, "To Ada, for the riff: \"Your riff gave it its colours\"");
    return true;
}

/* --- the choice --- */

/* Fetches a file of a record and compares it with what was sent. */
static bool same_bytes(struct demo *d, enum demo_part who, const char *record,
                       const char *const sent[], size_t count)
{
    char out[PATHS_LEN_MAX];
    json_t *got;
    const json_t *files;
    size_t same = 0;

    if (!paths_join(out, &d->fail, d->nodes[who].home, "fetched"))
        return false;
    got = demo_do(d, who, "get", record, "--out", out, NULL);
    files = json_object_get(got, "files");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *path = run_text(json_array_get(files, i), "path");
        char here[2 * HASH_LEN + 1];
        char there[2 * HASH_LEN + 1];

        for (size_t n = 0; path != NULL && n < count; n++) {
            if (strcmp(file_name(path), file_name(sent[n])) != 0 ||
                !demo_hash(here, d, path) || !demo_hash(there, d, sent[n]) ||
                strcmp(here, there) != 0)
                continue;
            demo_tell(d, "%-36s SHA-256 %.16s, identical", file_name(path),
                      here);
            same++;
        }
    }
    if (got != NULL && same != count)
        (void)fail_set(&d->fail, EXIT_CODE_INTEGRITY, NULL,
                       "%zu of %zu files came as they were sent", same, count);
    return drop(got) && same == count;
}

static bool knows_sleeve(struct demo *d, enum demo_part who)
{
    return drop(demo_do(d, who, "contribution", "show", d->sleeve, NULL));
}

static bool fetch_answer(struct demo *d)
{
    const char *const sent[] = { d->answer, d->drawing };

    return demo_until(d, LEADER, knows_sleeve, "Ben's answer") &&
           same_bytes(d, LEADER, d->sleeve, sent, 2);
}

static bool choose(struct demo *d)
{
    if (!drop(demo_do(d, LEADER, "direct", d->sleeve,
                      "Keep the light. Leave room for the title at the top.",
                      NULL)))
        return false;
    demo_tell(d, "\"Keep the light. Leave room for the title at the top.\"");
    if (!drop(demo_do(d, LEADER, "select", d->sleeve, "chosen", "--reason",
                      "It looks like the riff sounds", NULL)) ||
        !drop(demo_do(d, LEADER, "request", "close", d->request, "--outcome",
                      "chosen", "--note", "Thank you", NULL)))
        return false;
    demo_tell(d, "Chosen: \"It looks like the riff sounds\". The choice is "
                 "signed and public.");
    return true;
}

/* --- the release --- */

static bool refuse_release(struct demo *d)
{
    char credit[2 * ID_LEN + 16];

    (void)snprintf(credit, sizeof credit, "%s=music", d->nodes[LEADER].person);
    if (demo_do(d, LEADER, "release", "publish", "--project", d->project,
                "--title", "The Fossa's Song", "--medium", "song", "--file",
                d->song, "--part", d->sleeve, "--credit", credit, NULL) != NULL)
        return fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                        "a release without Ben should have been refused");
    if (d->fail.code != EXIT_CODE_REFUSED ||
        strstr(d->fail.text, d->nodes[CONTRIBUTOR].name) == NULL)
        return false;
    demo_tell(d, "Refused: %s", d->fail.text);
    demo_tell(d, "Nobody is added silently, and nobody is left out.");
    return true;
}

static void tell_credits(struct demo *d, const json_t *credits)
{
    for (size_t i = 0; i < json_array_size(credits); i++) {
        const json_t *line = json_array_get(credits, i);
        const char *name = run_text(line, "name");
        char *roles =
            text_of_value("roles", json_object_get(line, "roles"), false);

        demo_tell(d, "%-8s %s", name == NULL ? "" : name,
                  roles == NULL ? "" : roles);
        free(roles);
    }
}

static bool publish_release(struct demo *d)
{
    char draft[PATHS_LEN_MAX];

    if (!paths_join(draft, &d->fail, d->nodes[LEADER].home, "credits.json") ||
        !drop(demo_do(d, LEADER, "release", "draft", "--project", d->project,
                      "--part", d->sleeve, "--part", d->riff, "--out", draft,
                      NULL)) ||
        !demo_id(d->release, d,
                 demo_do(d, LEADER, "release", "publish", "--project",
                         d->project, "--title", "The Fossa's Song", "--medium",
                         "song", "--file", d->song, "--part", d->sleeve,
                         "--part", d->riff, "--credits", draft, NULL)))
        return false;
    demo_tell(d, "release %.16s with %s", d->release, file_name(d->song));
    return true;
}

/* --- the archive --- */

/* All ids of the project's records, but for pledges: those are nodes' own, and
 * come when a node seeds.  A new reference or NULL. */
static json_t *all_records(struct demo *d, enum demo_part who)
{
    json_t *list = demo_do(d, who, "record", "list", "--topic", d->project,
                           "--limit", "1000", NULL);
    const json_t *items = json_object_get(list, "items");
    json_t *ids = list == NULL ? NULL : json_object();

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *kind = run_text(item, "kind");

        if (kind != NULL && strcmp(kind, "pledge") != 0)
            (void)json_object_set_new(ids, run_text(item, "id"), json_true());
    }
    json_decref(list);
    return ids;
}

/* Every record that the leader knows, and every byte that they name. */
static bool holds_everything(struct demo *d, enum demo_part who)
{
    json_t *ids = all_records(d, who);
    json_t *status = demo_do(d, who, "status", NULL);
    const json_t *topics = json_object_get(status, "topics");
    bool whole = false;

    for (size_t i = 0; i < json_array_size(topics); i++) {
        const json_t *topic = json_array_get(topics, i);
        const char *id = run_text(topic, "id");
        json_int_t known =
            json_integer_value(json_object_get(topic, "blobs_known"));

        whole =
            whole ||
            (id != NULL && strcmp(id, d->project) == 0 && known > 0 &&
             known == json_integer_value(json_object_get(topic, "blobs_held")));
    }
    whole = whole && json_equal(ids, d->records);
    json_decref(ids);
    json_decref(status);
    return whole;
}

static void tell_held(struct demo *d, enum demo_part who)
{
    json_t *status = demo_do(d, who, "status", NULL);
    const json_t *blobs = json_object_get(status, "blobs");
    char size[TEXT_SHORT];

    text_size(size,
              (uint64_t)json_integer_value(json_object_get(blobs, "bytes")));
    demo_tell(
        d, "%s holds %zu of %zu records and %lld files, %s", d->nodes[who].name,
        json_object_size(d->records), json_object_size(d->records),
        (long long)json_integer_value(json_object_get(blobs, "count")), size);
    json_decref(status);
}

static bool keep_everything(struct demo *d)
{
    d->records = all_records(d, LEADER);
    if (d->records == NULL ||
        !demo_until(d, ARCHIVE, holds_everything, "the archive to hold it all"))
        return false;
    tell_held(d, ARCHIVE);
    return true;
}

static bool switch_off(struct demo *d)
{
    if (!demo_stop(d, LEADER) || !demo_stop(d, CONTRIBUTOR))
        return false;
    demo_tell(d, "Their daemons have ended. Only the archive is left.");
    return true;
}

static bool newcomer_comes(struct demo *d)
{
    if (!demo_start(d, NEWCOMER, "Cyd") || !make_person(d, NEWCOMER) ||
        !meet_archive(d, NEWCOMER) ||
        !drop(demo_do(d, NEWCOMER, "seed", d->project, NULL)) ||
        !demo_until(d, NEWCOMER, holds_everything, "every record and byte"))
        return false;
    tell_held(d, NEWCOMER);
    return true;
}

static bool compare_all(struct demo *d)
{
    const char *const sleeve[] = { d->answer, d->drawing };
    const char *const riff[] = { d->stem };
    const char *const song[] = { d->song };
    json_t *shown;
    bool in_force;

    if (!same_bytes(d, NEWCOMER, d->sleeve, sleeve, 2) ||
        !same_bytes(d, NEWCOMER, d->riff, riff, 1) ||
        !same_bytes(d, NEWCOMER, d->release, song, 1))
        return false;
    shown = demo_do(d, NEWCOMER, "record", "show", d->release, NULL);
    in_force = json_is_true(json_object_get(shown, "in_force"));
    if (shown != NULL && !in_force)
        (void)fail_set(&d->fail, EXIT_CODE_INTEGRITY, NULL,
                       "the release is not in force: %s",
                       run_text(shown, "void_reason"));
    json_decref(shown);
    return in_force;
}

static bool read_credits(struct demo *d)
{
    json_t *credits = demo_do(d, NEWCOMER, "credits", d->release, NULL);
    json_t *tree = demo_do(d, NEWCOMER, "tree", d->sleeve, NULL);
    const json_t *edge = json_array_get(json_object_get(tree, "edges"), 0);
    const char *source = run_text(edge, "source");
    const char *thanks = run_text(edge, "thanks");
    bool ok = source != NULL && strcmp(source, d->riff) == 0;

    tell_credits(d, json_object_get(credits, "credits"));
    if (ok && thanks != NULL)
        demo_tell(d, "\"The sleeve\" came from \"The riff\": \"%s\"", thanks);
    else if (tree != NULL)
        ok = fail_set(&d->fail, EXIT_CODE_FAILED, NULL,
                      "the lineage does not lead to the riff");
    ok = drop(credits) && ok;
    return drop(tree) && ok && demo_stop(d, NEWCOMER) && demo_stop(d, ARCHIVE);
}

const struct demo_step demo_steps[] = {
    { "Ada, Ben and an archive start their daemons", start_three },
    { "Ada and Ben make their keys; the archive needs none", make_people },
    { "Ada and Ben connect to the archive", connect_two },
    { "Ada starts a project, \"The Fossa's Song\"", create_project },
    { "Ada asks for something specific", publish_request },
    { "The archive pledges itself to the project", seed_project },
    { "Ben finds the request", find_request },
    { "Ben answers it, and thanks Ada for what he built on", answer_request },
    { "Ada fetches his files, checked block by block", fetch_answer },
    { "Ada says what she wants, and chooses", choose },
    { "Ada publishes without naming Ben, and is refused", refuse_release },
    { "Ada publishes with complete credits", publish_release },
    { "The archive holds everything", keep_everything },
    { "Ada and Ben switch their machines off", switch_off },
    { "Cyd comes, who knows nobody but the archive", newcomer_comes },
    { "Cyd has what Ada and Ben had, byte for byte", compare_all },
    { "Cyd reads who made it", read_credits },
};
const size_t demo_steps_count = sizeof demo_steps / sizeof demo_steps[0];
