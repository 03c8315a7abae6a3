/* Finding: how long the first screen takes where much is held. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/identity.h"
#include "proto/kind.h"
#include "proto/mp.h"
#include "proto/record.h"
#include "tests/bench/bench.h"

enum {
    PEOPLE = 1000,
    PROJECTS = 30,
    REQUESTS = 300,
    WORKS = 10000,
    CROWD = 11000, /* works for one request */
    ROUNDS = 15,
    SCREEN_MS = 50,
    CURATE_MS = 100,
    PEAK_MIB = 128,
    DAYS = 86400000
};

struct person {
    struct sign_key device;
    uint8_t id[ID_LEN];
    uint8_t certificate[RECORD_CERTIFICATE_MAX];
    size_t certificate_len; /* 0 once it has been said */
};

struct world {
    struct network network;
    struct person *people;
    uint8_t projects[PROJECTS][ID_LEN];
    uint8_t requests[REQUESTS][ID_LEN];
    uint64_t now_ms;
    uint64_t made; /* records; spreads their dates */
    struct writer map;
    struct writer out;
};

static const char *const tags[] = { "drawing", "violin", "voice",  "ink",
                                    "dance",   "light",  "script", "mask" };
static const char *const words[] = { "crown",  "river", "night",  "cat",
                                     "winter", "mill",  "mirror", "letter",
                                     "ocean",  "glass", "song",   "house" };
enum { TAGS = sizeof tags / sizeof tags[0] };
enum { WORDS = sizeof words / sizeof words[0] };

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- People and records ------------------------------------------------- */

static void make_person(const struct world *w, struct person *p)
{
    uint8_t seed[32];
    struct sign_key key;
    uint8_t commitment[HASH_LEN];
    struct writer out = writer_fixed(p->certificate, sizeof p->certificate);

    randombytes_buf(seed, sizeof seed);
    sign_key_from_seed(&key, seed);
    randombytes_buf(seed, sizeof seed);
    sign_key_from_seed(&p->device, seed);
    randombytes_buf(seed, sizeof seed);
    person_key_commit(commitment, seed);
    person_id(p->id, key.public_key, commitment);
    certificate_write(&out, &w->network, &key, commitment, p->device.public_key,
                      w->now_ms - (uint64_t)90 * DAYS);
    bench_check(out.err == ERR_OK, "a certificate");
    p->certificate_len = out.len;
}

/* The map in w->map becomes a record; `topic` NULL founds one. */
static void put(struct world *w, struct person *p, uint64_t kind,
                const uint8_t *topic, uint64_t age_ms,
                const struct record_link *links, size_t links_count,
                uint8_t id[ID_LEN])
{
    struct record_draft d = { .kind = kind,
                              .created_ms =
                                  w->now_ms - age_ms - 30000 + w->made++,
                              .links = links,
                              .links_count = links_count,
                              .map = writer_view(&w->map) };

    memcpy(d.author, p->id, ID_LEN);
    if (topic != NULL)
        memcpy(d.topic, topic, ID_LEN);
    randombytes_buf(d.salt, sizeof d.salt);
    bench_check(
        w->map.err == ERR_OK &&
            record_write(&w->out, id, &d, &p->device,
                         (struct bytes){ p->certificate, p->certificate_len },
                         &w->network) == ERR_OK,
        "a record");
    p->certificate_len = 0;
    writer_reset(&w->map);
}

/* Three words that follow from the number. */
static void put_words(struct writer *map, const char *field, uint64_t n)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s %s %s", words[n % WORDS],
                   words[n / 7 % WORDS], words[n / 31 % WORDS]);
    mp_put_text(map, field);
    mp_put_text(map, text);
}

static void put_profile(struct world *w, uint64_t n)
{
    uint8_t id[ID_LEN];

    mp_put_map(&w->map, 4);
    put_words(&w->map, "bio", n);
    put_words(&w->map, "name", n * 5);
    mp_put_text(&w->map, "seeking");
    mp_put_array(&w->map, 1);
    mp_put_text(&w->map, tags[n / 3 % TAGS]);
    mp_put_text(&w->map, "skills");
    mp_put_array(&w->map, 1);
    mp_put_map(&w->map, 2);
    mp_put_text(&w->map, "level");
    mp_put_uint(&w->map, 2);
    mp_put_text(&w->map, "tag");
    mp_put_text(&w->map, tags[n % TAGS]);
    put(w, &w->people[n], KIND_PROFILE, w->people[n].id, (uint64_t)60 * DAYS,
        NULL, 0, id);
}

static void put_project(struct world *w, uint64_t n)
{
    mp_put_map(&w->map, 5);
    put_words(&w->map, "goal", n);
    mp_put_text(&w->map, "licence");
    mp_put_text(&w->map, "CC0-1.0");
    mp_put_text(&w->map, "medium");
    mp_put_uint(&w->map, 1 + n % 3);
    mp_put_text(&w->map, "terms");
    mp_put_map(&w->map, 3);
    mp_put_text(&w->map, "decision");
    mp_put_uint(&w->map, 1);
    mp_put_text(&w->map, "ml_use");
    mp_put_uint(&w->map, 1);
    mp_put_text(&w->map, "pay");
    mp_put_uint(&w->map, 1);
    put_words(&w->map, "title", n);
    put(w, &w->people[n], KIND_PROJECT, NULL, (uint64_t)50 * DAYS, NULL, 0,
        w->projects[n]);
}

static void put_request(struct world *w, uint64_t n)
{
    struct record_link link = { .relation = RELATION_PROJECT };

    memcpy(link.id, w->projects[n % PROJECTS], ID_LEN);
    mp_put_map(&w->map, 5);
    mp_put_text(&w->map, "deadline");
    mp_put_uint(&w->map, w->now_ms + (n % 30) * DAYS - (uint64_t)4 * DAYS);
    put_words(&w->map, "deliverable", n * 3);
    mp_put_text(&w->map, "interests");
    mp_put_array(&w->map, 1);
    mp_put_text(&w->map, tags[n % TAGS]);
    mp_put_text(&w->map, "media_kinds");
    mp_put_array(&w->map, 1);
    mp_put_uint(&w->map, 1 + n % 6);
    put_words(&w->map, "title", n);
    put(w, &w->people[n % PROJECTS], KIND_REQUEST, link.id, (uint64_t)40 * DAYS,
        &link, 1, w->requests[n]);
}

static void put_work(struct world *w, uint64_t n, const uint8_t *project,
                     const uint8_t *request)
{
    static const uint8_t empty[HASH_LEN] = { 0 };
    struct record_link links[2] = { { .relation = RELATION_PROJECT },
                                    { .relation = RELATION_REQUEST } };
    uint8_t id[ID_LEN];

    memcpy(links[0].id, project, ID_LEN);
    memcpy(links[1].id, request, ID_LEN);
    mp_put_map(&w->map, 6);
    mp_put_text(&w->map, "files");
    mp_put_array(&w->map, 1);
    mp_put_map(&w->map, 3);
    mp_put_text(&w->map, "blob");
    mp_put_array(&w->map, 2);
    mp_put_bin(&w->map, BYTES_ARRAY(empty));
    mp_put_uint(&w->map, 0);
    mp_put_text(&w->map, "media_type");
    mp_put_text(&w->map, "image/png");
    mp_put_text(&w->map, "name");
    mp_put_text(&w->map, "a.png");
    mp_put_text(&w->map, "licence");
    mp_put_text(&w->map, "CC0-1.0");
    mp_put_text(&w->map, "media_kind");
    mp_put_uint(&w->map, 1 + n % 6);
    mp_put_text(&w->map, "rights_statement");
    mp_put_text(&w->map, "own_work");
    put_words(&w->map, "title", n);
    mp_put_text(&w->map, "work_kind");
    mp_put_uint(&w->map, 1);
    put(w, &w->people[n % PEOPLE], KIND_CONTRIBUTION, project, 0, links, 2, id);
}

/* ---- The node ----------------------------------------------------------- */

struct crowd {
    char project[2 * ID_LEN + 1];
    char request[2 * ID_LEN + 1];
};

/* The node's own person asks; dated before what answers. */
static void ask(struct node *n, struct crowd *c)
{
    node_init_person(n);
    node_do(n, "person", "edit", "--skill", "ink:able", NULL);
    node_id(c->project, node_run(n, "project", "create", "--title", "Crowd",
                                 "--goal", "One song by many", "--medium",
                                 "song", "--licence", "CC0-1.0", NULL));
    node_id(c->request,
            node_run(n, "request", "publish", "--project", c->project,
                     "--title", "Sing", "--deliverable", "One voice", "--kind",
                     "audio", "--deadline", "+20d", NULL));
}

static void import(struct node *n, struct world *w)
{
    char path[PATHS_LEN_MAX];
    FILE *f;

    bench_path(path, "world");
    f = fopen(path, "w");
    bench_check(f != NULL &&
                    fwrite(w->out.data, 1, w->out.len, f) == w->out.len &&
                    fclose(f) == 0,
                "writing the records");
    node_do(n, "record", "import", path, NULL);
    writer_reset(&w->out);
}

static void read_id(uint8_t out[ID_LEN], const char *hex)
{
    size_t len;

    bench_check(
        sodium_hex2bin(out, ID_LEN, hex, strlen(hex), NULL, &len, NULL) == 0 &&
            len == ID_LEN,
        "an id");
}

static void fill(struct node *n, const struct crowd *c)
{
    struct world w = { .now_ms = now_ms(),
                       .map = writer_growing(4096),
                       .out = writer_growing((size_t)64 << 20) };
    uint8_t project[ID_LEN];
    uint8_t request[ID_LEN];

    bench_check(network_parse(&w.network, BENCH_NETWORK) == ERR_OK,
                "the network's name");
    w.people = calloc(PEOPLE, sizeof *w.people);
    bench_check(w.people != NULL, "memory");
    for (size_t i = 0; i < PEOPLE; i++)
        make_person(&w, &w.people[i]);
    for (uint64_t i = 0; i < PEOPLE; i++)
        put_profile(&w, i);
    for (uint64_t i = 0; i < PROJECTS; i++)
        put_project(&w, i);
    for (uint64_t i = 0; i < REQUESTS; i++)
        put_request(&w, i);
    for (uint64_t i = 0; i < WORKS; i++) { /* a tenth stays unanswered */
        uint64_t r = REQUESTS / 10 + i % (REQUESTS - REQUESTS / 10);

        put_work(&w, i, w.projects[r % PROJECTS], w.requests[r]);
    }
    import(n, &w);
    read_id(project, c->project);
    read_id(request, c->request);
    w.made = 0;
    w.now_ms = now_ms() + 30000; /* put() takes them off again */
    for (uint64_t i = 0; i < CROWD; i++) {
        w.made = 0; /* all at one moment, not ahead of the clock */
        put_work(&w, i, project, request);
    }
    import(n, &w);
    writer_free(&w.map);
    writer_free(&w.out);
    free(w.people);
}

/* ---- Rows --------------------------------------------------------------- */

/* Milliseconds of one screen of `at_least` items or more. */
static double screen(struct node *n, const char *const line[8], size_t least)
{
    double begun = bench_now();
    json_t *result = node_run(n, line[0], line[1], line[2], line[3], line[4],
                              line[5], line[6], line[7], NULL);
    double took = (bench_now() - begun) * 1000;

    bench_check(json_array_size(json_object_get(result, "items")) >= least,
                line[0]);
    json_decref(result);
    return took;
}

static void row(struct node *n, const char *name, const char *const line[8],
                size_t least)
{
    double ms[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++)
        ms[i] = screen(n, line, least);
    bench_row(name, bench_median(ms, ROUNDS), "ms", SCREEN_MS);
}

/* Each single work shown, chosen and directed, in the crowd of one request. */
static void curate(struct node *n, const struct crowd *c)
{
    json_t *page = node_run(n, "contribution", "list", "--request", c->request,
                            "--limit", "15", NULL);
    const json_t *items = json_object_get(page, "items");
    double show[ROUNDS];
    double choose[ROUNDS];
    double direct[ROUNDS];

    bench_check(json_array_size(items) == ROUNDS, "works to choose from");
    for (size_t i = 0; i < ROUNDS; i++) {
        const char *id = run_text(json_array_get(items, i), "id");
        double begun = bench_now();

        node_do(n, "contribution", "show", id, NULL);
        show[i] = (bench_now() - begun) * 1000;
        begun = bench_now();
        node_do(n, "select", id, "chosen", NULL);
        choose[i] = (bench_now() - begun) * 1000;
        begun = bench_now();
        node_do(n, "direct", id, "Louder", NULL);
        direct[i] = (bench_now() - begun) * 1000;
    }
    json_decref(page);
    bench_row("find.crowd_show", bench_median(show, ROUNDS), "ms", SCREEN_MS);
    bench_row("find.crowd_select", bench_median(choose, ROUNDS), "ms",
              CURATE_MS);
    bench_row("find.crowd_direct", bench_median(direct, ROUNDS), "ms",
              CURATE_MS);
}

static void rows(struct node *n, const struct crowd *c)
{
#define SCREEN(...) ((const char *const[8]){ __VA_ARGS__ })
    row(n, "find.text", SCREEN("find", "crow nig", "--limit", "50"), 50);
    row(n, "find.people",
        SCREEN("person", "list", "--skill", "ink", "--limit", "50"), 50);
    row(n, "find.interest",
        SCREEN("request", "list", "--interest", "ink", "--open", "--limit",
               "50"),
        10);
    row(n, "find.closing",
        SCREEN("request", "list", "--closing", "7d", "--limit", "50"), 10);
    row(n, "find.unanswered",
        SCREEN("request", "list", "--no-answers", "--limit", "50"), 30);
    row(n, "find.never_used",
        SCREEN("contribution", "list", "--never-used", "--limit", "50"), 50);
    row(n, "find.suggest", SCREEN("suggest", "--limit", "50"), 10);
    row(n, "find.inbox", SCREEN("inbox", "--limit", "50"), 50);
    row(n, "find.crowd",
        SCREEN("contribution", "list", "--request", c->request, "--limit",
               "50"),
        50);
    row(n, "find.crowd_pending",
        SCREEN("contribution", "list", "--request", c->request, "--pending",
               "--limit", "50"),
        50);
#undef SCREEN
}

void bench_find(void)
{
    const char *const first[8] = { "request", "list", "--no-answers", "--limit",
                                   "50" };
    struct watch *watch;
    struct crowd crowd;
    struct node n;
    uint64_t peak;

    node_start(&n, "finder");
    ask(&n, &crowd);
    fill(&n, &crowd);
    node_stop(&n);
    node_start(&n, "finder");
    watch = watch_start(n.pid);
    bench_row("find.first_of_all", screen(&n, first, 30), "ms", SCREEN_MS);
    rows(&n, &crowd);
    curate(&n, &crowd);
    peak = watch_stop(watch);
    bench_row("find.anon_peak", (double)peak / BENCH_MIB, "MiB", PEAK_MIB);
    node_stop(&n);
}
