#ifndef PROTO_KIND_H
#define PROTO_KIND_H

#include "proto/kind_table.h"
#include "proto/mp.h"
#include "proto/record.h"

/*
 * What kinds of records there are and what stands in them (protocol.md §3.7).
 * Schema only: whether a record has an effect is for authority.h to say.
 *
 * Bodies are canonical maps.  Read one with mp_doc_parse(record_body_map(r))
 * and mp_get(root, "title"); a choice is a uint, compared with the constants
 * of enum choice; links stand in the head: record_link_find(r, RELATION_...).
 */

/* KIND_PROFILE, ...: numbers on the wire. */
enum kind_number {
#define X(NAME, number, text, author, home, listed, final) KIND_##NAME = number,
    KIND_MAP(X)
#undef X
};

/* RELATION_PROJECT, ...: numbers on the wire. */
enum relation {
#define X(NAME, number, text) RELATION_##NAME = number,
    RELATION_MAP(X)
#undef X
};

/* MEDIUM_SHORT_FILM, SELECTION_CHOSEN, ...: numbers on the wire. */
enum choice {
#define X(CHOICES, NAME, number, text) CHOICES##_##NAME = number,
    CHOICE_MAP(X)
#undef X
};

/* The lists of choices: what a field of type FIELD_ENUM refers to. */
enum choices {
#define X(NAME, text) CHOICES_##NAME,
    CHOICES_MAP(X)
#undef X
        CHOICES_COUNT
};

/* Kinds and maps inside bodies: what has fields. */
enum shape {
#define X(NAME, number, text, author, home, listed, final) SHAPE_##NAME,
    KIND_MAP(X)
#undef X
#define X(NAME, text) SHAPE_##NAME,
        SUBMAP_MAP(X)
#undef X
            SHAPE_COUNT
};

enum field_type {
    FIELD_LINE,   /* text without line breaks and control characters */
    FIELD_TEXT,   /* text with line breaks */
    FIELD_UINT,   /* at most `max` */
    FIELD_TIME,   /* milliseconds since 1970, below 2^48 */
    FIELD_BOOL,   /* true or false */
    FIELD_ENUM,   /* a uint; unknown ones are kept, shown as "other" */
    FIELD_ID,     /* bin 32: a record */
    FIELD_PERSON, /* bin 32: a person id */
    FIELD_KEY,    /* bin 32: an Ed25519 public key */
    FIELD_HASH,   /* bin 32 */
    FIELD_PREFIX, /* bin 16: the first half of a record's id */
    FIELD_BLOB,   /* array [root: bin 32, size: uint] */
    FIELD_MAP,    /* a map of another shape */
    FIELD_ANY,    /* any canonical value */
    FIELD_LINK    /* in the head's links, not in the body */
};

enum field_presence {
    FIELD_MUST,
    FIELD_MAY,
    FIELD_EITHER /* at least one of those of the shape that are so marked */
};

struct field {
    enum shape shape;
    const char *name;
    enum field_type type;
    enum field_presence presence;
    uint32_t many; /* most elements of a list; 0: not a list */
    uint64_t max;  /* bytes or value; 0: the type says */
    unsigned ref;  /* enum shape, choices or relation, by the type */
};

enum kind_author { AUTHOR_PERSON, AUTHOR_PERSON_KEY, AUTHOR_NODE };

/* Where records of a kind belong: what their topic may be. */
enum kind_home {
    HOME_FOUNDS,            /* its own id; revisions carry that */
    HOME_FOUNDS_OR_PROJECT, /* its own, or that of a project */
    HOME_PROJECT,           /* the topic of what it belongs to */
    HOME_PERSON,            /* the author's person id */
    HOME_ANY
};

struct kind {
    uint64_t number;
    enum shape shape;
    const char *name;
    enum kind_author author;
    enum kind_home home;
    bool may_be_listed;
    bool is_final; /* cannot be retracted */
};

/* The kind of that number or name, or NULL if this release knows none. */
const struct kind *kind_find(uint64_t number);
const struct kind *kind_by_name(struct bytes name);
/* All kinds, for i from 0; NULL after the last. */
const struct kind *kind_at(size_t i);

/* The fields of a shape, in the order of their names; *count of them. */
const struct field *kind_fields(enum shape shape, size_t *count);
/* The field of that name, or NULL. */
const struct field *kind_field(enum shape shape, struct bytes name);
/* The name of a shape: of a kind, or of a map inside bodies. */
const char *kind_shape_name(enum shape shape);

/* The name of a choice; "other" if this release does not know it. */
const char *kind_choice_name(enum choices choices, uint64_t value);
/* Its number, or 0 if there is no such name. */
uint64_t kind_choice_value(enum choices choices, struct bytes name);
/* Choice by choice for i from 0: its name, or NULL after the last. */
const char *kind_choice_at(enum choices choices, size_t i, uint64_t *value);
/* The name of a relation; NULL if this release does not know it. */
const char *kind_relation_name(uint64_t relation);

/*
 * Schema: whether the body of a known kind has its required fields in their
 * types and bounds, and the head its required links.  On ERR_MALFORMED_BODY
 * *field is the field's name (static).  Records of unknown kinds, with a nil
 * body or an opaque one pass: there is nothing to compare with.
 *   ERR_MALFORMED_BODY, ERR_NO_MEMORY
 */
MUST_CHECK enum err kind_check(const struct record *r, const char **field);

/* Links that follow from the fields given to kind_encode(). */
struct kind_links {
    struct record_link at[RECORD_LINKS_MAX];
    size_t count;
};

/*
 * Makes a body's canonical map and links from what a client gives: a map of
 * field names to values in any order, where ids may be bins or hex, choices
 * names or numbers, and nil means absent.  Writes the map to `map`.  On
 * ERR_USAGE *field names what is missing, unknown or wrong (static, or a view
 * into `fields` that is not NUL-terminated).
 * What kind_render() shows may be given back; not so its "other", lest an
 * older release revises away what a newer one wrote.
 *   ERR_USAGE, or what sticks in `map`
 */
MUST_CHECK enum err kind_encode(const struct kind *kind, struct writer *map,
                                struct kind_links *links, struct bytes *field,
                                const struct mp_value *fields);

/*
 * Elements of a list field, one after another in their canonical form, without
 * the array's head: what pages carry (§3.9).  `list` is as in kind_encode().
 *   ERR_USAGE (*field is what is wrong), or what sticks in `items`
 */
MUST_CHECK enum err kind_encode_items(const struct field *f,
                                      struct writer *items, struct bytes *field,
                                      const struct mp_value *list);

/* Keys and choices get names, links names as long as half their bytes. */
#define KIND_RENDER_MAX (4 * RECORD_BODY_MAX + 2 * RECORD_HEAD_MAX)

/*
 * Writes a map of all that stands in body and links, for people and JSON:
 * choices by name (an unknown one by number where "other" is one of them),
 * links under their field's name, ids as bins, blobs as maps {root, size},
 * unknown keys in a map under "other".  Absent fields are left out; of a nil
 * or an opaque body only links remain.  Values that nest too deep for a reply
 * are bins of their bytes.  At most KIND_RENDER_MAX bytes.
 *   ERR_NO_MEMORY, or what sticks in `w`
 */
MUST_CHECK enum err kind_render(const struct record *r, struct writer *w);

/*
 * The hash of a project's terms that contributions carry as accepted_terms
 * (§3.9), from the fields of a project's body.  ERR_MALFORMED_BODY if licence
 * or terms are absent; ERR_NO_MEMORY.
 */
MUST_CHECK enum err kind_terms_hash(uint8_t out[HASH_LEN],
                                    const struct mp_value *project);

/*
 * True if `text` may stand on one line: none of U+0000-1F, 7F-9F, 2028-2029,
 * 202A-202E, 2066-2069.  `text` is valid UTF-8.
 */
bool kind_is_line(struct bytes text);

#endif
