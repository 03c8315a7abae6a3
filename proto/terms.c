/* Which terms hold for the works of a topic, and which a work was made under.
 */
#include "proto/terms.h"

#include <assert.h>

#include "proto/kind.h"

const struct topic_entry *terms_entry(const struct topic_state *ts)
{
    const struct topic_entry *e;

    if (ts->terms != TOPIC_NONE)
        e = &ts->entries[ts->terms];
    else
        e = topic_state_find(ts, ts->topic);
    return e != NULL && e->record.kind == KIND_PROJECT ? e : NULL;
}

enum err terms_hash(uint8_t out[HASH_LEN], const struct topic_state *ts)
{
    const struct topic_entry *e = terms_entry(ts);
    struct mp_doc *doc;
    enum err err;

    if (e == NULL)
        return ERR_NOT_FOUND;
    err = topic_entry_body(&doc, e);
    if (err != ERR_OK)
        return err;
    err = kind_terms_hash(out, mp_doc_root(doc));
    mp_doc_free(doc);
    return err == ERR_MALFORMED_BODY ? ERR_NOT_FOUND : err;
}

enum terms_label terms_label_of(const struct topic_state *ts,
                                const struct mp_value *contribution)
{
    struct bytes said = mp_bin(mp_get(contribution, "accepted_terms"));
    uint8_t hash[HASH_LEN];

    if (terms_hash(hash, ts) != ERR_OK)
        return TERMS_NONE;
    if (said.len == 0)
        return TERMS_UNSAID;
    return bytes_equal(said, (struct bytes){ hash, HASH_LEN }) ? TERMS_ACCEPTED
                                                               : TERMS_OTHER;
}

const char *terms_label_text(enum terms_label label)
{
    static const char *const texts[] = {
        [TERMS_NONE] = "none",
        [TERMS_ACCEPTED] = "accepted",
        [TERMS_UNSAID] = "not stated",
        [TERMS_OTHER] = "other terms",
    };

    assert(label < sizeof texts / sizeof *texts);
    return texts[label];
}
