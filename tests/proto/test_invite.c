/* Invite links: there and back, mistyped, cut, and made by liars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/invite.h"
#include "proto/mp.h"

static const uint8_t SEED[32] = { 7 };

static struct invite sample(size_t nodes)
{
    struct invite i = { .network = { 3, "lab" },
                        .nodes_count = nodes,
                        .has_topic = true,
                        .vouch = BYTES_LITERAL("a vouch record"),
                        .expires_ms = 1700000000000 };

    for (size_t n = 0; n < nodes; n++) {
        i.nodes[n].address = BYTES_LITERAL("[2001:db8::1]:7433");
        memset(i.nodes[n].node, (int)n + 1, KEY_LEN);
    }
    memset(i.topic, 5, ID_LEN);
    return i;
}

static struct bytes text_of(const char *link)
{
    return (struct bytes){ (const uint8_t *)link, strlen(link) };
}

static void make(char link[INVITE_LINK_MAX], const struct invite *invite)
{
    struct sign_key key;

    sign_key_from_seed(&key, SEED);
    assert_int_equal(invite_write(link, invite, &key), ERR_OK);
}

static void a_link_comes_back(void **state)
{
    (void)state;
    for (size_t nodes = 0; nodes <= INVITE_NODES_MAX; nodes++) {
        struct invite in = sample(nodes), out;
        char link[INVITE_LINK_MAX];
        uint8_t buf[INVITE_BYTES_MAX];

        make(link, &in);
        assert_int_equal(invite_read(&out, buf, text_of(link)), ERR_OK);
        assert_string_equal(out.network.name, "lab");
        assert_int_equal(out.nodes_count, nodes);
        for (size_t n = 0; n < nodes; n++) {
            assert_memory_equal(out.nodes[n].node, in.nodes[n].node, KEY_LEN);
            assert_true(bytes_equal(out.nodes[n].address, in.nodes[n].address));
        }
        assert_true(out.has_topic);
        assert_memory_equal(out.topic, in.topic, ID_LEN);
        assert_true(bytes_equal(out.vouch, in.vouch));
        assert_int_equal(out.expires_ms, in.expires_ms);
    }
}

static void topic_and_vouch_may_be_absent(void **state)
{
    struct invite in = sample(1), out;
    char link[INVITE_LINK_MAX];
    uint8_t buf[INVITE_BYTES_MAX];

    (void)state;
    in.has_topic = false;
    in.vouch = (struct bytes){ NULL, 0 };
    make(link, &in);
    assert_int_equal(invite_read(&out, buf, text_of(link)), ERR_OK);
    assert_false(out.has_topic);
    assert_null(out.vouch.data);
}

static void every_mistyped_or_cut_link_is_noticed(void **state)
{
    struct invite in = sample(2), out;
    char link[INVITE_LINK_MAX];
    uint8_t buf[INVITE_BYTES_MAX];
    size_t len;

    (void)state;
    make(link, &in);
    len = strlen(link);
    for (size_t at = 0; at < len; at++) {
        char kept = link[at];

        assert_int_equal(
            invite_read(&out, buf, (struct bytes){ (const uint8_t *)link, at }),
            ERR_BAD_LINK);
        link[at] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(invite_read(&out, buf, text_of(link)), ERR_BAD_LINK);
        link[at] = ' ';
        assert_int_equal(invite_read(&out, buf, text_of(link)), ERR_BAD_LINK);
        link[at] = kept;
    }
    link[len] = 'A';
    assert_int_equal(
        invite_read(&out, buf,
                    (struct bytes){ (const uint8_t *)link, len + 1 }),
        ERR_BAD_LINK);
}

/* Wraps any core with a signature of the network and a right checksum. */
static enum err read_forged(struct bytes core, enum domain domain)
{
    static const struct network lab = { 3, "lab" };
    uint8_t raw[INVITE_BYTES_MAX], hash[HASH_LEN], buf[INVITE_BYTES_MAX];
    char link[INVITE_LINK_MAX] = "troupe:";
    struct sign_key key;
    struct invite out;

    sign_key_from_seed(&key, SEED);
    memcpy(raw, core.data, core.len);
    domain_sign(raw + core.len, domain, &lab, core, &key);
    hash_bytes(hash, (struct bytes){ raw, core.len + SIGNATURE_LEN });
    memcpy(raw + core.len + SIGNATURE_LEN, hash, 4);
    (void)sodium_bin2base64(link + 7, sizeof link - 7, raw,
                            core.len + SIGNATURE_LEN + 4,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return invite_read(&out, buf, text_of(link));
}

static struct writer core(uint8_t *buf, const char *network,
                          const char *address, uint32_t nodes)
{
    struct writer w = writer_fixed(buf, INVITE_CORE_MAX);
    struct sign_key key;

    sign_key_from_seed(&key, SEED);
    mp_put_array(&w, 7);
    mp_put_uint(&w, 1);
    mp_put_text(&w, network);
    mp_put_array(&w, nodes);
    for (uint32_t i = 0; i < nodes; i++) {
        mp_put_array(&w, 2);
        mp_put_bin(&w, BYTES_ARRAY(SEED));
        mp_put_text(&w, address);
    }
    mp_put_nil(&w);
    mp_put_nil(&w);
    mp_put_uint(&w, 5);
    mp_put_bin(&w, BYTES_ARRAY(key.public_key));
    assert_int_equal(w.err, ERR_OK);
    return w;
}

static void a_signed_core_is_checked_like_any_other_input(void **state)
{
    static const char *const addresses[] = {
        "",        ":1",      "host",       "host:",
        "host:0",  "host:x",  "host:65536", "host:123456",
        "ho st:1", "h\x01:1", "h\xc3\xa9:1"
    };
    uint8_t buf[INVITE_CORE_MAX];
    struct writer w = core(buf, "lab", "h:1", 8);

    (void)state;
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE), ERR_OK);
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_RECORD),
                     ERR_BAD_SIGNATURE);
    for (size_t len = 0; len < w.len; len++)
        assert_int_not_equal(
            read_forged((struct bytes){ buf, len }, DOMAIN_INVITE), ERR_OK);
    mp_put_nil(&w);
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE), ERR_TRAILING);
    w = core(buf, "lab2", "h:1", 1); /* signed for lab */
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE),
                     ERR_BAD_SIGNATURE);
    w = core(buf, "LAB", "h:1", 1);
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE),
                     ERR_MALFORMED);
    w = core(buf, "", "h:1", 1);
    assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE),
                     ERR_MALFORMED);
    w = core(buf, "lab", "h:1", 9);
    assert_int_not_equal(read_forged(writer_view(&w), DOMAIN_INVITE), ERR_OK);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        w = core(buf, "lab", addresses[i], 1);
        assert_int_equal(read_forged(writer_view(&w), DOMAIN_INVITE),
                         ERR_MALFORMED);
    }
}

static void what_could_not_be_read_is_not_written(void **state)
{
    static uint8_t large[INVITE_CORE_MAX];
    struct invite in = sample(1);
    char link[INVITE_LINK_MAX];
    struct sign_key key;

    (void)state;
    sign_key_from_seed(&key, SEED);
    in.vouch = BYTES_ARRAY(large);
    assert_int_equal(invite_write(link, &in, &key), ERR_TOO_LARGE);
    in = sample(1);
    in.nodes[0].address = BYTES_LITERAL("host");
    assert_int_equal(invite_write(link, &in, &key), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_comes_back),
        cmocka_unit_test(topic_and_vouch_may_be_absent),
        cmocka_unit_test(every_mistyped_or_cut_link_is_noticed),
        cmocka_unit_test(a_signed_core_is_checked_like_any_other_input),
        cmocka_unit_test(what_could_not_be_read_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
