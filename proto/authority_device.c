/*
 * Revoked devices (§7.2): which device_revoke records hold, and which records
 * of the same person they hit.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/authority_rules.h"
#include "proto/kind.h"
#include "proto/revocation.h"
#include "proto/topic_list.h"

/* A revocation that holds, opened while its effect is worked out. */
struct revoked {
    struct revocation what;
    uint8_t *known; /* ours; what.known borrows it */
    uint8_t device[KEY_LEN];
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

static int by_prefix(const void *a, const void *b)
{
    return memcmp(a, b, REVOCATION_PREFIX_LEN);
}

/* The joined list of what the person knows to be theirs; NULL if none is. */
static enum err read_known(struct revoked *out, const struct topic_list *list)
{
    struct topic_cursor at = { 0 };
    const struct mp_value *item;
    size_t count = 0;

    if (!topic_list_has(list, "known"))
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
    qsort(out->known, out->what.known_count, REVOCATION_PREFIX_LEN, by_prefix);
    out->what.known = out->known;
    return ERR_OK;
}

static enum err read_revocation(struct revoked *out,
                                const struct topic_entry *e,
                                const struct topic_list *list)
{
    const struct mp_value *root = list->roots[0];

    *out = (struct revoked){ 0 };
    (void)mp_bin_exact(mp_get(root, "device"), out->device, KEY_LEN);
    out->what.device = out->device;
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

/* Sorting: the context is the array of entries. */
static int by_author(const void *a, const void *b, void *context)
{
    const struct topic_entry *entries = context;
    const struct topic_entry *one = &entries[*(const uint32_t *)a];
    const struct topic_entry *other = &entries[*(const uint32_t *)b];
    int order = memcmp(one->record.author, other->record.author, ID_LEN);

    return order != 0 ? order : topic_entry_compare(one, other);
}

static int by_signer(const void *a, const void *b, void *context)
{
    const struct topic_entry *entries = context;

    return memcmp(entries[*(const uint32_t *)a].record.signer,
                  entries[*(const uint32_t *)b].record.signer, KEY_LEN);
}

/* The records of a topic as revocations look at them. */
struct records {
    uint32_t *revokes; /* device_revoke records, by (author, order) */
    uint32_t revokes_count;
    uint32_t *others; /* all others that are not settled, by signer */
    uint32_t others_count;
};

static enum err records_init(struct records *out, const struct topic_state *ts)
{
    struct records r = { .revokes = calloc(ts->count, sizeof *r.revokes),
                         .others = calloc(ts->count, sizeof *r.others) };

    if (r.revokes == NULL || r.others == NULL) {
        free(r.revokes);
        free(r.others);
        return ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < ts->count; i++) {
        if (ts->entries[i].is_settled)
            continue;
        if (ts->entries[i].record.kind == KIND_DEVICE_REVOKE)
            r.revokes[r.revokes_count++] = i;
        else
            r.others[r.others_count++] = i;
    }
    if (r.revokes_count > 0) {
        qsort_r(r.revokes, r.revokes_count, sizeof *r.revokes, by_author,
                ts->entries);
        qsort_r(r.others, r.others_count, sizeof *r.others, by_signer,
                ts->entries);
    }
    *out = r;
    return ERR_OK;
}

static void records_wipe(struct records *r)
{
    free(r->revokes);
    free(r->others);
}

/* The place of the first record that `device` signed, or of the one after. */
static uint32_t first_of_device(const struct records *r,
                                const struct topic_state *ts,
                                const uint8_t device[KEY_LEN])
{
    uint32_t low = 0;
    uint32_t high = r->others_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct topic_entry *e = &ts->entries[r->others[middle]];

        if (memcmp(e->record.signer, device, KEY_LEN) < 0)
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

/* What is struck already keeps the first revocation as its subject. */
static void strike(const struct records *r, struct topic_state *ts,
                   const struct topic_entry *by, const struct revoked *revoked)
{
    for (uint32_t i = first_of_device(r, ts, revoked->device);
         i < r->others_count; i++) {
        struct topic_entry *e = &ts->entries[r->others[i]];

        if (memcmp(e->record.signer, revoked->device, KEY_LEN) != 0)
            break;
        if (e->is_settled || !revocation_hits(&revoked->what, &e->record))
            continue;
        if (is_contestable(e->record.kind))
            e->is_contested = true;
        else
            authority_void_by(e, VOID_REVOKED_DEVICE, VERDICT_ABOUT_RECORD,
                              by->record.id);
    }
}

/* What is wrong with a device_revoke for itself; VOID_NONE if nothing is. */
static enum void_reason flaw_of(const struct topic_entry *e)
{
    if (e->is_malformed)
        return VOID_MALFORMED;
    if (memcmp(e->record.topic, e->record.author, ID_LEN) != 0)
        return VOID_WRONG_TOPIC;
    return is_by_person_key(&e->record) ? VOID_NONE : VOID_NOT_BY_PERSON;
}

/* For records that come later and are judged alone. */
static enum err keep_device(struct topic_state *ts,
                            const struct revoked *revoked)
{
    size_t count = (size_t)ts->revoked_count + 1;
    struct topic_revoked *all = realloc(ts->revoked, count * sizeof *all);

    if (all == NULL)
        return ERR_NO_MEMORY;
    ts->revoked = all;
    memcpy(all[count - 1].person, revoked->what.person, ID_LEN);
    memcpy(all[count - 1].device, revoked->device, KEY_LEN);
    ts->revoked_count++;
    return ERR_OK;
}

static enum err judge_revocation(const struct records *r,
                                 struct topic_state *ts, uint32_t index)
{
    struct topic_entry *e = &ts->entries[index];
    struct revoked revoked = { 0 };
    enum err err = open_revocation(&revoked, ts, e);

    if (err == ERR_NOT_FOUND) {
        authority_settle(e, VERDICT_UNDECIDED); /* its body is not held */
        return ERR_OK;
    }
    if (err == ERR_OK)
        err = keep_device(ts, &revoked);
    if (err == ERR_OK) {
        authority_settle(e, VERDICT_IN_FORCE);
        e->current = index;
        strike(r, ts, e, &revoked);
    }
    free(revoked.known);
    return err;
}

enum err authority_judge_revocations(struct topic_state *ts)
{
    const struct topic_entry *before = NULL;
    struct records r;
    uint32_t of_person = 0;
    enum err err = records_init(&r, ts);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; err == ERR_OK && i < r.revokes_count; i++) {
        struct topic_entry *e = &ts->entries[r.revokes[i]];
        enum void_reason flaw = flaw_of(e);

        if (before == NULL ||
            memcmp(before->record.author, e->record.author, ID_LEN) != 0)
            of_person = 0;
        before = e;
        if (flaw != VOID_NONE)
            authority_void(e, flaw);
        else if (of_person++ >= REVOCATIONS_MAX)
            authority_void(e, VOID_TOO_MANY);
        else
            err = judge_revocation(&r, ts, r.revokes[i]);
    }
    records_wipe(&r);
    return err;
}
