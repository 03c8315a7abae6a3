/* Certificates: all generations, all truncations, all forged relations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/certificate.h"
#include "proto/identity.h"
#include "proto/mp.h"

static const uint8_t ENTROPY[ENTROPY_LEN] = { 3, 1, 4 };
static const uint8_t DEVICE[KEY_LEN] = { 0xde, 0x1c };
static const struct network LAB = { 3, "lab" };
static const struct network LAB2 = { 4, "lab2" };

struct parts {
    struct sign_key keys[CERTIFICATE_STEPS_MAX + 3];
    uint8_t commitments[CERTIFICATE_STEPS_MAX + 3][HASH_LEN];
    uint8_t person[ID_LEN];
};

static struct parts make_parts(void)
{
    struct parts p;

    for (uint32_t i = 0; i < CERTIFICATE_STEPS_MAX + 3; i++) {
        person_key_derive(&p.keys[i], ENTROPY, i);
        person_key_commit(p.commitments[i], p.keys[i].public_key);
    }
    person_id(p.person, p.keys[0].public_key, p.commitments[1]);
    return p;
}

static void write_step(struct writer *w, const struct parts *p, size_t i,
                       const uint8_t commitment[HASH_LEN])
{
    uint8_t buf[128], step[KEY_LEN + SIGNATURE_LEN];
    struct writer core = writer_fixed(buf, sizeof buf);

    mp_put_array(&core, 4);
    mp_put_uint(&core, 2);
    mp_put_bin(&core, BYTES_ARRAY(p->person));
    mp_put_bin(&core, BYTES_ARRAY(p->keys[i].public_key));
    mp_put_bin(&core, (struct bytes){ commitment, HASH_LEN });
    memcpy(step, p->keys[i].public_key, KEY_LEN);
    domain_sign(step + KEY_LEN, DOMAIN_CERTIFICATE, &LAB, writer_view(&core),
                &p->keys[i]);
    mp_put_bin(w, BYTES_ARRAY(step));
}

/* A certificate of generation n, written from the document, not by our code. */
static size_t make(uint8_t out[RECORD_CERTIFICATE_MAX], const struct parts *p,
                   size_t n)
{
    struct writer w = writer_fixed(out, RECORD_CERTIFICATE_MAX);
    uint8_t signature[SIGNATURE_LEN];

    mp_put_array(&w, n == 0 ? 6 : 7);
    mp_put_uint(&w, 1);
    mp_put_bin(&w, BYTES_ARRAY(p->person));
    mp_put_bin(&w, BYTES_ARRAY(p->keys[n].public_key));
    mp_put_bin(&w, BYTES_ARRAY(p->commitments[n + 1]));
    mp_put_bin(&w, BYTES_ARRAY(DEVICE));
    mp_put_uint(&w, 1700000000000);
    if (n > 0) {
        mp_put_array(&w, (uint32_t)n);
        mp_put_bin(&w, BYTES_ARRAY(p->keys[0].public_key));
    }
    for (size_t i = 1; i < n; i++)
        write_step(&w, p, i, p->commitments[i + 1]);
    domain_sign(signature, DOMAIN_CERTIFICATE, &LAB, writer_view(&w),
                &p->keys[n]);
    writer_bytes(&w, BYTES_ARRAY(signature));
    assert_int_equal(w.err, ERR_OK);
    return w.len;
}

static enum err verify(struct certificate *c, const uint8_t *data, size_t len)
{
    return certificate_verify(c, (struct bytes){ data, len }, &LAB);
}

static void what_we_write_is_what_the_document_says(void **state)
{
    struct parts p = make_parts();
    uint8_t theirs[RECORD_CERTIFICATE_MAX], ours[RECORD_CERTIFICATE_MAX];
    struct writer w = writer_fixed(ours, sizeof ours);
    size_t len = make(theirs, &p, 0);
    struct certificate c;

    (void)state;
    certificate_write(&w, &LAB, &p.keys[0], p.commitments[1], DEVICE,
                      1700000000000);
    assert_int_equal(w.len, len);
    assert_memory_equal(ours, theirs, len);
    assert_int_equal(verify(&c, ours, len), ERR_OK);
    assert_memory_equal(c.person, p.person, ID_LEN);
    assert_memory_equal(c.person_key, p.keys[0].public_key, KEY_LEN);
    assert_memory_equal(c.next_commitment, p.commitments[1], HASH_LEN);
    assert_memory_equal(c.device_key, DEVICE, KEY_LEN);
    assert_int_equal(c.issued_ms, 1700000000000);
    assert_int_equal(c.generation, 0);
    assert_ptr_equal(c.whole.data, ours);
    assert_int_equal(c.whole.len, len);
}

static void every_generation_up_to_the_limit_verifies(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct certificate c;

    (void)state;
    for (size_t n = 1; n <= CERTIFICATE_STEPS_MAX; n++) {
        assert_int_equal(verify(&c, buf, make(buf, &p, n)), ERR_OK);
        assert_int_equal(c.generation, n);
        assert_memory_equal(c.person, p.person, ID_LEN);
        assert_memory_equal(c.person_key, p.keys[n].public_key, KEY_LEN);
    }
    assert_int_not_equal(
        verify(&c, buf, make(buf, &p, CERTIFICATE_STEPS_MAX + 1)), ERR_OK);
}

static void every_changed_byte_and_every_length_is_refused(void **state)
{
    struct parts p = make_parts();

    (void)state;
    for (size_t n = 0; n <= 3; n++) {
        uint8_t buf[RECORD_CERTIFICATE_MAX];
        size_t len = make(buf, &p, n);
        struct certificate c;

        buf[len] = 0;
        assert_int_not_equal(verify(&c, buf, len + 1), ERR_OK);
        for (size_t at = 0; at < len; at++) {
            assert_int_not_equal(verify(&c, buf, at), ERR_OK);
            buf[at] ^= (uint8_t)(1 << at % 8);
            assert_int_not_equal(verify(&c, buf, len), ERR_OK);
            buf[at] ^= (uint8_t)(1 << at % 8);
        }
        assert_int_equal(verify(&c, buf, len), ERR_OK);
    }
}

static void a_refused_certificate_leaves_the_output_alone(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    size_t len = make(buf, &p, 0);
    struct certificate c, before;

    (void)state;
    memset(&c, 7, sizeof c);
    before = c;
    buf[len - 1] ^= 1;
    assert_int_equal(verify(&c, buf, len), ERR_BAD_SIGNATURE);
    assert_memory_equal(&c, &before, sizeof c);
}

static void a_certificate_holds_on_its_network_only(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct certificate c;

    (void)state;
    for (size_t n = 0; n <= 2; n++) {
        struct bytes whole = { buf, make(buf, &p, n) };

        assert_int_equal(certificate_verify(&c, whole, &LAB2),
                         ERR_BAD_SIGNATURE);
    }
}

static void somebody_elses_keys_do_not_lead_to_the_person(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct certificate c;

    (void)state;
    p.person[3] ^= 1; /* properly signed, by keys of another id */
    for (size_t n = 0; n <= 3; n++)
        assert_int_equal(verify(&c, buf, make(buf, &p, n)),
                         ERR_BAD_CERTIFICATE);
}

static void a_key_that_was_not_committed_to_cannot_succeed(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct certificate c;

    (void)state;
    p.keys[3] = p.keys[5]; /* key 2 has signed a commitment to another */
    memcpy(p.commitments[3], p.commitments[5], HASH_LEN);
    assert_int_equal(verify(&c, buf, make(buf, &p, 3)), ERR_OK);
    p = make_parts();
    p.keys[3] = p.keys[5];
    assert_int_equal(verify(&c, buf, make(buf, &p, 3)), ERR_BAD_SIGNATURE);
    p = make_parts();
    p.keys[1] = p.keys[5];
    assert_int_equal(verify(&c, buf, make(buf, &p, 1)), ERR_BAD_CERTIFICATE);
    assert_int_equal(verify(&c, buf, make(buf, &p, 2)), ERR_BAD_CERTIFICATE);
}

/* Signs a core of any shape with key 0. */
static enum err verify_core(const struct writer *core)
{
    static struct certificate c;
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX + 1];

    memcpy(buf, core->data, core->len);
    domain_sign(buf + core->len, DOMAIN_CERTIFICATE, &LAB, writer_view(core),
                &p.keys[0]);
    return verify(&c, buf, core->len + SIGNATURE_LEN);
}

static void odd_shapes_are_malformed(void **state)
{
    struct parts p = make_parts();
    uint8_t buf[RECORD_CERTIFICATE_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    size_t len = make(buf, &p, 0) - SIGNATURE_LEN;

    (void)state;
    w.len = len;
    assert_int_equal(verify_core(&w), ERR_OK);
    buf[1] = 2; /* another form */
    assert_int_equal(verify_core(&w), ERR_MALFORMED);
    buf[1] = 1;
    buf[0] = 0x97; /* seven elements, the last an empty list of steps */
    mp_put_array(&w, 0);
    assert_int_equal(verify_core(&w), ERR_MALFORMED);
    w.len = len;
    mp_put_nil(&w);
    assert_int_equal(verify_core(&w), ERR_MALFORMED);
    buf[0] = 0x95;
    w.len = len;
    assert_int_equal(verify_core(&w), ERR_MALFORMED);
}

static void a_certificate_over_the_limit_is_not_read(void **state)
{
    static uint8_t buf[RECORD_CERTIFICATE_MAX + 1];
    struct certificate c;

    (void)state;
    assert_int_equal(verify(&c, buf, sizeof buf), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_write_is_what_the_document_says),
        cmocka_unit_test(every_generation_up_to_the_limit_verifies),
        cmocka_unit_test(every_changed_byte_and_every_length_is_refused),
        cmocka_unit_test(a_refused_certificate_leaves_the_output_alone),
        cmocka_unit_test(a_certificate_holds_on_its_network_only),
        cmocka_unit_test(somebody_elses_keys_do_not_lead_to_the_person),
        cmocka_unit_test(a_key_that_was_not_committed_to_cannot_succeed),
        cmocka_unit_test(odd_shapes_are_malformed),
        cmocka_unit_test(a_certificate_over_the_limit_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
