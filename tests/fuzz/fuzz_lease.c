/*
 * Leases, and the frames that they need.  Input: one byte for what it is, then
 * the bytes: a lease, which is signed anew, or the payload of a frame; what a
 * HELD or a LEAF claims is checked against a lease and a blob of the input's.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/lease_msg.h"
#include "tests/fuzz/fuzz.h"

static const enum frame_type types[] = { FRAME_LEASES, FRAME_HELD_ASK,
                                         FRAME_HELD, FRAME_CHALLENGE,
                                         FRAME_LEAF };

static void one_lease(struct bytes input)
{
    static const uint8_t seed[32] = { 1 };
    uint8_t copy[LEASE_MAX];
    struct network network;
    struct sign_key key;
    struct lease lease;

    if (lease_read(&lease, input) != ERR_OK)
        return;
    check(input.len <= LEASE_MAX && lease.made_ms < lease.until_ms);
    check(network_parse(&network, "lab") == ERR_OK);
    sign_key_from_seed(&key, seed);
    memcpy(copy, input.data, input.len);
    domain_sign(copy + input.len - SIGNATURE_LEN, DOMAIN_LEASE, &network,
                (struct bytes){ copy, input.len - SIGNATURE_LEN }, &key);
    check((lease_verify((struct bytes){ copy, input.len }, &network) ==
           ERR_OK) == (memcmp(lease.node, key.public_key, KEY_LEN) == 0));
    check(!lease_is_newer(&lease, &lease));
}

/* A proof may be of anything: it must not read beyond its names. */
static void one_proof(const struct lease_proof *proof)
{
    struct lease lease = { .count = proof->first % LEASE_COUNT_MAX + 1 };
    enum err e = lease_proof_verify(&lease, proof);

    check(e == ERR_MALFORMED || e == ERR_BAD_PROOF);
    lease.count = proof->names.len / LEASE_NAME_LEN;
    e = lease_proof_verify(&lease, proof);
    check(e == ERR_MALFORMED || e == ERR_BAD_PROOF);
}

static void one_frame(enum frame_type type, struct bytes payload)
{
    static uint8_t buf[2 * LEASE_MSG_MAX];
    struct writer w = writer_fixed(buf, sizeof buf);
    struct lease_msg msg;
    struct reader leases;
    struct bytes one;

    if (payload.len > LEASE_MSG_MAX ||
        lease_msg_decode(&msg, type, payload) != ERR_OK)
        return;
    lease_msg_encode(&w, &msg);
    check(w.err == ERR_OK);
    /* Codes that are not known here are written as what they are taken for. */
    if ((type != FRAME_HELD || msg.held.code == ERR_OK) &&
        (type != FRAME_LEAF || msg.leaf.code == ERR_OK))
        check(bytes_equal(writer_view(&w), payload));
    if (type == FRAME_LEASES) {
        leases = reader_of(msg.leases);
        while (lease_msg_next(&leases, &one))
            one_lease(one);
    }
    if (type == FRAME_HELD && msg.held.code == ERR_OK)
        one_proof(&msg.held.proof);
    if (type == FRAME_LEAF && msg.leaf.code == ERR_OK) {
        struct blob_id id = { .root = { 1 }, .size = msg.leaf.bytes.len };

        check(leaf_proof_verify(&id, 0, msg.leaf.bytes, msg.leaf.siblings) !=
              ERR_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest;

    if (size == 0)
        return 0;
    rest = (struct bytes){ data + 1, size - 1 };
    if (data[0] % 6 == 5)
        one_lease(rest);
    else
        one_frame(types[data[0] % 6], rest);
    return 0;
}
