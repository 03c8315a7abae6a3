/*
 * Revoked devices (§7.2): which device_revoke records hold, and which records
 * of the same person they hit.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"
#include "proto/revocation.h"

struct revoked {
    const struct topic_entry *by;
    struct revocation what;
    uint8_t *known; /* ours; what.known borrows it */
    uint8_t device[KEY_LEN];
};

struct revocations {
    struct revoked *items; /* by (device, order) */
    uint32_t count;
};

/*
 * Whether the person's own key signed `r`: the certificate beside it names the
 * signer both as person key and as device key.  Its signature was checked when
 * the record was admitted.
 */
static bool is_by_person_key(const struct record *r)
{
    struct reader c = reader_of(r->certificate);
    uint8_t person[ID_LEN];
    uint8_t person_key[KEY_LEN];
    uint8_t device[KEY_LEN];

    if (r->certificate.data == NULL || mp_read_array(&c, 7) < 6)
        return false;
    (void)mp_read_uint(&c);
    mp_read_bin_exact(&c, person, sizeof person);
    mp_read_bin_exact(&c, person_key, sizeof person_key);
    (void)mp_read_bin(&c);
    mp_read_bin_exact(&c, device, sizeof device);
    return c.err == ERR_OK && memcmp(person, r->author, ID_LEN) == 0 &&
           memcmp(person_key, r->signer, KEY_LEN) == 0 &&
           memcmp(device, r->signer, KEY_LEN) == 0;
}

/* The joined list of what the person knows to be theirs; NULL if none is. */
static enum err read_known(struct revoked *out, const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    size_t count = 0;

    if (mp_get(list->roots[0], "known") == NULL && list->count == 1)
        return ERR_OK;
    while (topic_list_next(list, "known", &at) != NULL)
        count++;
    out->known = malloc(count * REVOCATION_PREFIX_LEN + 1);
    if (out->known == NULL)
        return ERR_NO_MEMORY;
    at = (struct topic_cursor){ 0 };
    while ((item = topic_list_next(list, "known", &at)) != NULL) {
        uint8_t *to =
            out->known + out->what.known_count * REVOCATION_PREFIX_LEN;

        if (mp_bin_exact(item, to, REVOCATION_PREFIX_LEN))
            out->what.known_count++;
    }
    out->what.known = out->known;
    return ERR_OK;
}

static enum err read_revocation(struct revoked *out,
                                const struct topic_entry *e,
                                const struct topic_list *list)
{
    const struct mp_value *root = list->roots[0];

    *out = (struct revoked){ .by = e };
    (void)mp_bin_exact(mp_get(root, "device"), out->device, KEY_LEN);
    out->what.person = e->record.author;
    out->what.created_ms = e->record.created_ms;
    out->what.since_ms = mp_uint(mp_get(root, "since"));
    return read_known(out, list);
}

/*
 * Opens body and pages.  Pages do not travel with every topic: where they are
 * missing the revocation holds with what its body names.
 */
static enum err open_revocation(struct revoked *out,
                                const struct topic_state *ts,
                                const struct topic_entry *e)
{
    struct topic_list list;
    struct mp_doc *doc;
    enum err err = topic_list_open(&list, ts, e);

    if (err == ERR_OK) {
        err = read_revocation(out, e, &list);
        topic_list_wipe(&list);
        return err;
    }
    if (err != ERR_NOT_HELD)
        return err;
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err;
    list = topic_list_of(mp_doc_root(doc));
    err = read_revocation(out, e, &list);
    mp_doc_free(doc);
    return err;
}

static int by_device(const void *a, const void *b)
{
    const struct revoked *one = a;
    const struct revoked *other = b;
    int order = memcmp(one->device, other->device, KEY_LEN);

    return order != 0 ? order : topic_entry_compare(one->by, other->by);
}

static void revocations_wipe(struct revocations *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        free(all->items[i].known);
    free(all->items);
}

static uint32_t count_revocations(const struct topic_state *ts)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ts->count; i++) {
        if (ts->entries[i].record.kind == KIND_DEVICE_REVOKE)
            count++;
    }
    return count;
}

/* Judges the device_revoke records and gathers those that hold. */
static enum err gather(struct revocations *out, struct topic_state *ts)
{
    struct revocations all = { 0 };

    all.items = calloc((size_t)count_revocations(ts) + 1, sizeof *all.items);
    if (all.items == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < ts->count; i++) {
        struct topic_entry *e = &ts->entries[ts->order[i]];
        enum err err;

        if (e->record.kind != KIND_DEVICE_REVOKE || e->is_settled)
            continue;
        if (e->is_malformed) {
            authority_void(e, VOID_MALFORMED);
            continue;
        }
        if (memcmp(e->record.topic, e->record.author, ID_LEN) != 0) {
            authority_void(e, VOID_WRONG_TOPIC);
            continue;
        }
        if (!is_by_person_key(&e->record)) {
            authority_void(e, VOID_NOT_BY_PERSON);
            continue;
        }
        err = open_revocation(&all.items[all.count], ts, e);
        if (err == ERR_NOT_FOUND) {
            authority_settle(e, VERDICT_UNDECIDED); /* its body is not held */
            continue;
        }
        if (err != ERR_OK) {
            all.count++; /* it may have got its list */
            revocations_wipe(&all);
            return err;
        }
        authority_settle(e, VERDICT_IN_FORCE);
        e->current = ts->order[i];
        all.count++;
    }
    qsort(all.items, all.count, sizeof *all.items, by_device);
    for (uint32_t i = 0; i < all.count; i++)
        all.items[i].what.device = all.items[i].device;
    *out = all;
    return ERR_OK;
}

/* The first of the revocations of r's signer. */
static uint32_t first_of_device(const struct revocations *all,
                                const uint8_t device[KEY_LEN])
{
    uint32_t low = 0;
    uint32_t high = all->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (memcmp(all->items[middle].device, device, KEY_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Shares, receipts and grants are others' rights as well: contested, kept. */
static bool is_contestable(uint64_t kind)
{
    return kind == KIND_SPLIT_FINAL || kind == KIND_RECEIPT ||
           kind == KIND_RIGHTS_GRANT;
}

static void strike(const struct revocations *all, struct topic_entry *e)
{
    const uint8_t *device = e->record.signer;

    for (uint32_t i = first_of_device(all, device);
         i < all->count && memcmp(all->items[i].device, device, KEY_LEN) == 0;
         i++) {
        if (!revocation_hits(&all->items[i].what, &e->record))
            continue;
        if (is_contestable(e->record.kind))
            authority_settle(e, VERDICT_CONTESTED);
        else
            authority_void_by(e, VOID_REVOKED_DEVICE, VERDICT_ABOUT_RECORD,
                              all->items[i].by->record.id);
        return;
    }
}

enum err authority_judge_revocations(struct topic_state *ts)
{
    struct revocations all;
    enum err err = gather(&all, ts);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; all.count > 0 && i < ts->count; i++) {
        if (!ts->entries[i].is_settled)
            strike(&all, &ts->entries[i]);
    }
    revocations_wipe(&all);
    return ERR_OK;
}
