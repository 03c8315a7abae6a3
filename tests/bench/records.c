/* Many valid records of one topic, by somebody made up. */
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

enum { COMMENT_LEN = 100 };

struct maker {
    struct network network;
    struct sign_key device;
    uint8_t person[ID_LEN];
    uint8_t topic[ID_LEN];
    uint8_t certificate[RECORD_CERTIFICATE_MAX];
    size_t certificate_len;
    struct writer out;
};

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void make_person(struct maker *m)
{
    uint8_t seed[32];
    struct sign_key person;
    uint8_t commitment[HASH_LEN];
    struct writer w = writer_fixed(m->certificate, sizeof m->certificate);

    bench_check(network_parse(&m->network, BENCH_NETWORK) == ERR_OK,
                "the network's name");
    randombytes_buf(seed, sizeof seed);
    sign_key_from_seed(&person, seed);
    randombytes_buf(seed, sizeof seed);
    sign_key_from_seed(&m->device, seed);
    randombytes_buf(seed, sizeof seed);
    person_key_commit(commitment, seed);
    person_id(m->person, person.public_key, commitment);
    certificate_write(&w, &m->network, &person, commitment,
                      m->device.public_key, now_ms());
    bench_check(w.err == ERR_OK, "a certificate");
    m->certificate_len = w.len;
}

static void put(struct maker *m, struct record_draft *d, bool certified,
                uint8_t id[ID_LEN])
{
    struct bytes certificate = { m->certificate,
                                 certified ? m->certificate_len : 0 };

    memcpy(d->author, m->person, ID_LEN);
    memcpy(d->topic, m->topic, ID_LEN);
    randombytes_buf(d->salt, sizeof d->salt);
    bench_check(record_write(&m->out, id, d, &m->device, certificate,
                             &m->network) == ERR_OK,
                "a record");
}

static void put_project(struct maker *m, uint64_t created_ms)
{
    uint8_t map[512];
    struct writer w = writer_fixed(map, sizeof map);
    struct record_draft d = { .kind = KIND_PROJECT, .created_ms = created_ms };

    mp_put_map(&w, 5);
    mp_put_text(&w, "goal");
    mp_put_text(&w, "Many comments.");
    mp_put_text(&w, "licence");
    mp_put_text(&w, "CC-BY-SA-4.0");
    mp_put_text(&w, "medium");
    mp_put_uint(&w, 1);
    mp_put_text(&w, "terms");
    mp_put_map(&w, 3);
    mp_put_text(&w, "decision");
    mp_put_uint(&w, 1);
    mp_put_text(&w, "ml_use");
    mp_put_uint(&w, 1);
    mp_put_text(&w, "pay");
    mp_put_uint(&w, 1);
    mp_put_text(&w, "title");
    mp_put_text(&w, "Bench");
    d.map = writer_view(&w);
    put(m, &d, true, m->topic);
}

static void put_comment(struct maker *m, uint64_t created_ms, size_t number)
{
    char text[COMMENT_LEN + 1];
    uint8_t map[256];
    uint8_t id[ID_LEN];
    struct writer w = writer_fixed(map, sizeof map);
    struct record_link link = { .relation = RELATION_TARGET };
    struct record_draft d = { .kind = KIND_COMMENT,
                              .created_ms = created_ms,
                              .links = &link,
                              .links_count = 1 };

    (void)snprintf(text, sizeof text, "%-*zu", COMMENT_LEN, number);
    memcpy(link.id, m->topic, ID_LEN);
    mp_put_map(&w, 1);
    mp_put_text(&w, "text");
    mp_put_text(&w, text);
    d.map = writer_view(&w);
    put(m, &d, false, id);
}

static void write_file(const struct pile *p)
{
    FILE *f = fopen(p->path, "w");

    bench_check(f != NULL && fwrite(p->data, 1, p->len, f) == p->len &&
                    fclose(f) == 0,
                "writing the records");
}

/* The records of the last seconds: all of one day, the hardest to sum. */
void pile_make(struct pile *p, const char *name, size_t count)
{
    struct maker m = { .out = writer_growing((size_t)1 << 30) };
    uint64_t created_ms = now_ms() - count - 1;

    make_person(&m);
    put_project(&m, created_ms);
    for (size_t i = 1; i <= count; i++)
        put_comment(&m, created_ms + i, i);
    hex_encode(p->topic, BYTES_ARRAY(m.topic));
    p->count = count + 1;
    p->len = m.out.len;
    p->data = malloc(p->len);
    bench_check(p->data != NULL, "memory");
    memcpy(p->data, m.out.data, p->len);
    writer_free(&m.out);
    bench_path(p->path, name);
    write_file(p);
}

void drafts_make(char path[PATHS_LEN_MAX], const char *project, size_t count)
{
    FILE *f;

    bench_path(path, "drafts");
    f = fopen(path, "w");
    bench_check(f != NULL, "writing the drafts");
    for (size_t i = 1; i <= count; i++)
        bench_check(fprintf(f,
                            "{\"kind\": \"comment\", \"project\": \"%s\", "
                            "\"fields\": {\"target\": \"%s\", \"text\": "
                            "\"%-*zu\"}}\n",
                            project, project, COMMENT_LEN, i) > 0,
                    "writing the drafts");
    bench_check(fclose(f) == 0, "writing the drafts");
}

void pile_free(struct pile *p)
{
    free(p->data);
    p->data = NULL;
}
