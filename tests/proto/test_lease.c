/* Leases: their form, their signature, and the lists that they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/lease.h"
#include "proto/mp.h"

#define NOW ((uint64_t)1800000000000)

struct made {
    struct network network;
    struct sign_key key;
    struct lease lease;
    uint8_t bytes[LEASE_MAX + 1];
    size_t len;
};

static void sign(struct made *m)
{
    struct writer w = writer_fixed(m->bytes, LEASE_MAX);

    lease_write(&w, &m->lease, &m->network, &m->key);
    assert_int_equal(w.err, ERR_OK);
    m->len = w.len;
}

static void make(struct made *m)
{
    const uint8_t seed[32] = { 5 };

    memset(m, 0, sizeof *m);
    assert_int_equal(network_parse(&m->network, "lab"), ERR_OK);
    sign_key_from_seed(&m->key, seed);
    memcpy(m->lease.node, m->key.public_key, KEY_LEN);
    memset(m->lease.topic, 7, ID_LEN);
    memset(m->lease.root, 9, HASH_LEN);
    m->lease.made_ms = NOW;
    m->lease.until_ms = NOW + LEASE_LIVE_MS;
    m->lease.count = 3;
    sign(m);
}

static struct bytes view(const struct made *m)
{
    return (struct bytes){ m->bytes, m->len };
}

/* ---- The lease ---------------------------------------------------------- */

static void what_was_written_is_read_again(void **state)
{
    struct lease l;
    struct made m;

    (void)state;
    make(&m);
    assert_int_equal(lease_read(&l, view(&m)), ERR_OK);
    assert_int_equal(lease_verify(view(&m), &m.network), ERR_OK);
    assert_memory_equal(&l, &m.lease, sizeof l);
}

static void every_truncation_and_trailing_byte_is_refused(void **state)
{
    struct lease l;
    struct made m;

    (void)state;
    make(&m);
    for (size_t len = 0; len < m.len; len++)
        assert_int_not_equal(lease_read(&l, (struct bytes){ m.bytes, len }),
                             ERR_OK);
    m.bytes[m.len] = 0;
    assert_int_not_equal(lease_read(&l, (struct bytes){ m.bytes, m.len + 1 }),
                         ERR_OK);
}

static void every_changed_byte_spoils_it(void **state)
{
    struct made m;

    (void)state;
    make(&m);
    for (size_t i = 0; i < m.len; i++) {
        m.bytes[i] ^= 1;
        assert_int_not_equal(lease_verify(view(&m), &m.network), ERR_OK);
        m.bytes[i] ^= 1;
    }
}

static void it_is_good_on_its_own_network_alone(void **state)
{
    struct network other;
    struct made m;

    (void)state;
    make(&m);
    assert_int_equal(network_parse(&other, "lab2"), ERR_OK);
    assert_int_equal(lease_verify(view(&m), &other), ERR_BAD_SIGNATURE);
}

/* An announcement by the same node is no lease (§1.2). */
static void a_signature_for_something_else_does_not_pass(void **state)
{
    struct made m;

    (void)state;
    make(&m);
    domain_sign(m.bytes + m.len - SIGNATURE_LEN, DOMAIN_ANNOUNCEMENT,
                &m.network, (struct bytes){ m.bytes, m.len - SIGNATURE_LEN },
                &m.key);
    assert_int_equal(lease_verify(view(&m), &m.network), ERR_BAD_SIGNATURE);
}

static enum err read_of(const struct made *m)
{
    struct lease l;

    return lease_read(&l, view(m));
}

static void it_lasts_a_week_at_most(void **state)
{
    struct made m;

    (void)state;
    make(&m);
    m.lease.until_ms = NOW + LEASE_LIVE_MS + 1;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_MALFORMED);
    m.lease.until_ms = NOW + 1;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_OK);
    m.lease.until_ms = NOW;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_MALFORMED);
}

static void only_the_empty_list_has_the_zero_root(void **state)
{
    struct made m;

    (void)state;
    make(&m);
    m.lease.count = 0;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_MALFORMED);
    memset(m.lease.root, 0, HASH_LEN);
    sign(&m);
    assert_int_equal(read_of(&m), ERR_OK);
    m.lease.count = 1;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_MALFORMED);
}

/* Counts over the limit: written by hand, as the writer refuses them. */
static void it_names_no_more_blobs_than_the_limit(void **state)
{
    struct made m;
    struct writer w;

    (void)state;
    make(&m);
    m.lease.count = LEASE_COUNT_MAX;
    sign(&m);
    assert_int_equal(read_of(&m), ERR_OK);
    w = writer_fixed(m.bytes, LEASE_MAX);
    mp_put_array(&w, 7);
    mp_put_uint(&w, 1);
    mp_put_bin(&w, BYTES_ARRAY(m.lease.node));
    mp_put_bin(&w, BYTES_ARRAY(m.lease.topic));
    mp_put_uint(&w, NOW);
    mp_put_uint(&w, NOW + 1);
    mp_put_uint(&w, LEASE_COUNT_MAX + 1);
    mp_put_bin(&w, BYTES_ARRAY(m.lease.root));
    (void)writer_reserve(&w, SIGNATURE_LEN);
    m.len = w.len;
    assert_int_equal(read_of(&m), ERR_MALFORMED);
}

static void further_elements_are_signed_and_passed_over(void **state)
{
    struct made m;
    struct writer w;
    uint8_t signature[SIGNATURE_LEN];

    (void)state;
    make(&m);
    w = writer_fixed(m.bytes, LEASE_MAX);
    mp_put_array(&w, 8);
    mp_put_uint(&w, 1);
    mp_put_bin(&w, BYTES_ARRAY(m.lease.node));
    mp_put_bin(&w, BYTES_ARRAY(m.lease.topic));
    mp_put_uint(&w, NOW);
    mp_put_uint(&w, NOW + 1);
    mp_put_uint(&w, 3);
    mp_put_bin(&w, BYTES_ARRAY(m.lease.root));
    mp_put_text(&w, "of a later release");
    domain_sign(signature, DOMAIN_LEASE, &m.network, writer_view(&w), &m.key);
    writer_bytes(&w, BYTES_ARRAY(signature));
    m.len = w.len;
    assert_int_equal(read_of(&m), ERR_OK);
    assert_int_equal(lease_verify(view(&m), &m.network), ERR_OK);
}

static void the_newest_counts_whatever_comes_last(void **state)
{
    struct made m;
    struct lease old;

    (void)state;
    make(&m);
    old = m.lease;
    assert_false(lease_is_newer(&old, &m.lease)); /* a replay changes nothing */
    m.lease.made_ms++;
    assert_true(lease_is_newer(&m.lease, &old));
    assert_false(lease_is_newer(&old, &m.lease)); /* nor does a rollback */
    m.lease.made_ms--;
    m.lease.root[31] ^= 1; /* of two of one moment all nodes take the same */
    assert_true(lease_is_newer(&m.lease, &old) !=
                lease_is_newer(&old, &m.lease));
}

static void clocks_may_differ_by_a_day(void **state)
{
    struct made m;

    (void)state;
    make(&m);
    assert_true(lease_is_live(&m.lease, NOW));
    assert_true(lease_is_live(&m.lease, NOW + LEASE_LIVE_MS - 1));
    assert_false(lease_is_live(&m.lease, NOW + LEASE_LIVE_MS));
    assert_true(lease_is_live(&m.lease, NOW - LEASE_AHEAD_MS));
    assert_false(lease_is_live(&m.lease, NOW - LEASE_AHEAD_MS - 1));
}

/* ---- The list ----------------------------------------------------------- */

/* Sorted names of `count` blobs, all pages' roots, and a lease over them. */
struct list {
    struct lease lease;
    struct writer names;
    struct writer roots;
};

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, LEASE_NAME_LEN);
}

static struct bytes page_of(const struct list *l, uint64_t page)
{
    return (struct bytes){ l->names.data + page * LEASE_PAGE * LEASE_NAME_LEN,
                           lease_page_len(l->lease.count, page) *
                               LEASE_NAME_LEN };
}

static void list_make(struct list *l, uint64_t count)
{
    memset(l, 0, sizeof *l);
    l->names = writer_growing((size_t)count * LEASE_NAME_LEN + 1);
    l->roots = writer_growing(1 << 20);
    l->lease.count = count;
    for (uint64_t i = 0; i < count; i++) {
        struct blob_id id = { .size = i + 1 };
        uint8_t name[LEASE_NAME_LEN];
        uint8_t number[8];

        put_u64(number, i);
        hash_bytes(id.root, BYTES_ARRAY(number));
        lease_name(name, &id);
        writer_bytes(&l->names, BYTES_ARRAY(name));
    }
    if (count > 0)
        qsort(l->names.data, (size_t)count, LEASE_NAME_LEN, by_bytes);
    for (uint64_t p = 0; p < lease_page_count(count); p++) {
        uint8_t root[HASH_LEN];

        assert_int_equal(lease_page_root(root, count, p, page_of(l, p)),
                         ERR_OK);
        writer_bytes(&l->roots, BYTES_ARRAY(root));
    }
    assert_int_equal(lease_root(l->lease.root, count, writer_view(&l->roots)),
                     ERR_OK);
}

static void list_drop(struct list *l)
{
    writer_free(&l->names);
    writer_free(&l->roots);
}

static struct lease_proof page_proof(const struct list *l, uint64_t page,
                                     struct writer *uncles)
{
    struct lease_proof p = { .first = page * LEASE_PAGE,
                             .names = page_of(l, page) };

    while (p.level < 10 && (uint64_t)1 << p.level < l->lease.count)
        p.level++;
    writer_reset(uncles);
    assert_int_equal(
        lease_page_uncles(uncles, l->lease.count, page, writer_view(&l->roots)),
        ERR_OK);
    p.uncles = writer_view(uncles);
    return p;
}

static struct lease_proof name_proof(const struct list *l, uint64_t number,
                                     struct writer *uncles)
{
    uint64_t page = number / LEASE_PAGE;
    struct lease_proof p = {
        .first = number,
        .names = { l->names.data + number * LEASE_NAME_LEN, LEASE_NAME_LEN },
    };

    writer_reset(uncles);
    assert_int_equal(lease_name_uncles(uncles, l->lease.count, page,
                                       page_of(l, page), number % LEASE_PAGE),
                     ERR_OK);
    assert_int_equal(
        lease_page_uncles(uncles, l->lease.count, page, writer_view(&l->roots)),
        ERR_OK);
    p.uncles = writer_view(uncles);
    return p;
}

static const uint64_t counts[] = { 1, 2, 3, 1023, 1024, 1025, 3000, 5000 };

static void every_page_and_every_name_is_proved(void **state)
{
    struct writer uncles = writer_growing(4096);

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct lease_proof proof;
        struct list l;

        list_make(&l, counts[c]);
        for (uint64_t p = 0; p < lease_page_count(counts[c]); p++) {
            proof = page_proof(&l, p, &uncles);
            assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_OK);
        }
        for (uint64_t i = 0; i < counts[c]; i += 1 + counts[c] / 9) {
            proof = name_proof(&l, i, &uncles);
            assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_OK);
        }
        list_drop(&l);
    }
    writer_free(&uncles);
}

static void a_list_of_another_length_proves_nothing(void **state)
{
    struct writer uncles = writer_growing(4096);

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct lease_proof proof;
        struct list l;

        list_make(&l, counts[c]);
        proof = page_proof(&l, lease_page_count(counts[c]) - 1, &uncles);
        l.lease.count++;
        assert_int_not_equal(lease_proof_verify(&l.lease, &proof), ERR_OK);
        l.lease.count -= 2;
        if (l.lease.count > 0)
            assert_int_not_equal(lease_proof_verify(&l.lease, &proof), ERR_OK);
        list_drop(&l);
    }
    writer_free(&uncles);
}

static void names_that_are_not_in_the_list_are_not_proved(void **state)
{
    struct writer uncles = writer_growing(4096);
    struct lease_proof proof;
    struct list l;
    uint8_t names[2 * LEASE_NAME_LEN];

    (void)state;
    list_make(&l, 3000);
    proof = name_proof(&l, 1500, &uncles);
    proof.first = 1501;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_BAD_PROOF);
    proof.first = 3000;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    proof.first = UINT64_MAX;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    proof = name_proof(&l, 1500, &uncles);
    memcpy(names, proof.names.data, LEASE_NAME_LEN);
    names[3] ^= 1;
    proof.names.data = names;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_BAD_PROOF);
    proof = name_proof(&l, 1500, &uncles);
    proof.uncles.len -= HASH_LEN;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    proof = name_proof(&l, 1500, &uncles);
    proof.level = 11;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    proof.level = 64;
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    list_drop(&l);
    writer_free(&uncles);
}

/* §6.6: sorted and none twice, else the list is no list. */
static void
a_list_out_of_order_is_refused_though_its_root_is_right(void **state)
{
    struct lease_proof proof = { .level = 1 };
    struct list l;
    uint8_t swapped[2 * LEASE_NAME_LEN];
    uint8_t root[HASH_LEN];

    (void)state;
    list_make(&l, 2);
    memcpy(swapped, l.names.data + LEASE_NAME_LEN, LEASE_NAME_LEN);
    memcpy(swapped + LEASE_NAME_LEN, l.names.data, LEASE_NAME_LEN);
    assert_int_equal(lease_page_root(root, 2, 0, BYTES_ARRAY(swapped)), ERR_OK);
    memcpy(l.lease.root, root, HASH_LEN);
    proof.names = BYTES_ARRAY(swapped);
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    memcpy(swapped + LEASE_NAME_LEN, swapped, LEASE_NAME_LEN);
    assert_int_equal(lease_page_root(root, 2, 0, BYTES_ARRAY(swapped)), ERR_OK);
    memcpy(l.lease.root, root, HASH_LEN);
    assert_int_equal(lease_proof_verify(&l.lease, &proof), ERR_MALFORMED);
    list_drop(&l);
}

static void a_name_is_found_if_it_is_there(void **state)
{
    struct list l;
    uint8_t other[LEASE_NAME_LEN] = { 1 };
    size_t place;

    (void)state;
    list_make(&l, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(lease_find(writer_view(&l.names),
                               l.names.data + i * LEASE_NAME_LEN, &place));
        assert_int_equal(place, i);
    }
    assert_false(lease_find(writer_view(&l.names), other, &place));
    memset(other, 0xff, sizeof other);
    assert_false(lease_find(writer_view(&l.names), other, &place));
    assert_false(lease_find((struct bytes){ NULL, 0 }, other, &place));
    list_drop(&l);
}

static void a_name_that_no_blob_has_is_refused(void **state)
{
    uint8_t name[LEASE_NAME_LEN] = { 0 };
    struct blob_id id;

    (void)state;
    assert_int_equal(lease_name_read(&id, name), ERR_OK); /* the empty blob */
    name[39] = 1;
    assert_int_equal(lease_name_read(&id, name), ERR_MALFORMED);
    name[0] = 1;
    assert_int_equal(lease_name_read(&id, name), ERR_OK);
    name[32] = 1;
    assert_int_equal(lease_name_read(&id, name), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(every_truncation_and_trailing_byte_is_refused),
        cmocka_unit_test(every_changed_byte_spoils_it),
        cmocka_unit_test(it_is_good_on_its_own_network_alone),
        cmocka_unit_test(a_signature_for_something_else_does_not_pass),
        cmocka_unit_test(it_lasts_a_week_at_most),
        cmocka_unit_test(only_the_empty_list_has_the_zero_root),
        cmocka_unit_test(it_names_no_more_blobs_than_the_limit),
        cmocka_unit_test(further_elements_are_signed_and_passed_over),
        cmocka_unit_test(the_newest_counts_whatever_comes_last),
        cmocka_unit_test(clocks_may_differ_by_a_day),
        cmocka_unit_test(every_page_and_every_name_is_proved),
        cmocka_unit_test(a_list_of_another_length_proves_nothing),
        cmocka_unit_test(names_that_are_not_in_the_list_are_not_proved),
        cmocka_unit_test(
            a_list_out_of_order_is_refused_though_its_root_is_right),
        cmocka_unit_test(a_name_is_found_if_it_is_there),
        cmocka_unit_test(a_name_that_no_blob_has_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
