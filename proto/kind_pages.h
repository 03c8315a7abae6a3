#ifndef PROTO_KIND_PAGES_H
#define PROTO_KIND_PAGES_H

#include "proto/kind.h"

/*
 * A list that is too long for one body goes on in records of kind page, made
 * before the record that names them (docs/protocol.md §3.9).  This plans them:
 * which lists of a draft move into how many pages.
 */

/* As many as one record may name: the field `pages` of every kind. */
#define KIND_PAGES_MAX 64
/* Elements of one page at most, and bytes that leave room for the rest. */
#define KIND_PAGE_ITEMS 3000
#define KIND_PAGE_BYTES (48 * 1024)

struct kind_page {
    const struct field *of;
    uint32_t index; /* among the pages of that field */
    uint32_t items;
    size_t at; /* where they begin in `bytes` */
    size_t len;
};

struct kind_pages {
    struct writer bytes; /* the canonical elements of all pages */
    struct kind_page at[KIND_PAGES_MAX];
    size_t count;   /* 0: everything fits one body */
    uint64_t moved; /* bit i: field i of the kind stands in pages */
    const struct kind *kind;
};

/*
 * Moves the longest lists of `fields` (as given to kind_encode()) into pages
 * until the rest fits one body.  The caller must kind_pages_wipe() *out,
 * whatever is answered.
 *   ERR_USAGE      an element is wrong; *field names what is
 *   ERR_TOO_LARGE  more than KIND_PAGES_MAX pages
 *   ERR_NO_MEMORY
 */
MUST_CHECK enum err kind_pages_plan(struct kind_pages *out,
                                    const struct kind *kind,
                                    struct bytes *field,
                                    const struct mp_value *fields);
void kind_pages_wipe(struct kind_pages *pages);

/* The fields of page number i. */
void kind_pages_put(struct writer *w, const struct kind_pages *pages, size_t i);
/*
 * The fields of the record itself: without what moved, naming the pages, whose
 * ids stand one after another in `ids`.
 */
void kind_pages_put_rest(struct writer *w, const struct kind_pages *pages,
                         const struct mp_value *fields, const uint8_t *ids);

#endif
