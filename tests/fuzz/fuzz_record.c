/*
 * Any bytes as a record, as a head, as a body, and as a head with a body:
 * decoded, checked against the schema, shown, joined again.  What was decoded
 * must be the only encoding of what it says.
 */
#include <string.h>

#include "proto/kind.h"
#include "proto/record_files.h"
#include "tests/fuzz/fuzz.h"

static const struct network lab = { 3, "lab" };
static const struct network other = { 5, "other" };

/*
 * What is shown and can be given back makes the same body; but for pages, whose
 * items may nest too deep to be shown as they are.
 */
static void check_again(const struct record *r, struct bytes shown)
{
    const struct kind *kind = kind_find(r->kind);
    struct writer map = writer_growing(RECORD_BODY_MAX);
    struct kind_links links;
    struct bytes field;
    struct mp_doc *doc;

    check(mp_doc_parse(&doc, shown, MP_WELL_FORMED) == ERR_OK);
    if (kind_encode(kind, &map, &links, &field, mp_doc_root(doc)) == ERR_OK) {
        check(bytes_equal(writer_view(&map), record_body_map(r)));
        check(links.count <= r->links_count);
    }
    mp_doc_free(doc);
    writer_free(&map);
}

static void check_shown(const struct record *r, bool is_sound)
{
    struct writer w = writer_growing(KIND_RENDER_MAX);
    enum mp_grade grade;
    size_t used;

    check(kind_render(r, &w) == ERR_OK);
    check(mp_walk(&grade, &used, writer_view(&w)) == ERR_OK && used == w.len);
    if (is_sound && record_body_map(r).len > 0 && r->kind != KIND_PAGE &&
        kind_find(r->kind) != NULL)
        check_again(r, writer_view(&w));
    writer_free(&w);
}

static bool is_within(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
                             part.data + part.len <= whole.data + whole.len);
}

static void check_files(const struct record *r)
{
    struct record_files it;
    struct record_file file;
    size_t count = 0;

    check(record_files_open(&it, r) == ERR_OK);
    while (record_files_next(&it, &file)) {
        check(file.blob.size <= BLOB_SIZE_MAX);
        check(is_within(file.name, r->body));
        check(is_within(file.media_type, r->body));
        check(++count <= RECORD_BODY_MAX / HASH_LEN);
    }
    record_files_close(&it);
}

/* The schema holds, or names the field by which it does not. */
static void check_meaning(const struct record *r)
{
    const char *field = NULL;
    enum err e = kind_check(r, &field);

    check(e == ERR_OK || (e == ERR_MALFORMED_BODY && field != NULL));
    check_shown(r, e == ERR_OK);
    check_files(r);
}

static void check_links(const struct record *r)
{
    struct reader links = reader_of(r->links);
    struct record_link link;
    uint8_t id[ID_LEN];
    uint32_t count = 0;

    while (record_link_next(&links, &link)) {
        check(record_link_find(r, link.relation, id));
        count++;
    }
    check(count == r->links_count && links.left == 0);
}

/* A body apart, so that the fuzzer need not find its hash. */
static void check_with_body(struct record *r, struct bytes map)
{
    static uint8_t body[RECORD_BODY_MAX];

    if (map.len == 0 || map.len > sizeof body - RECORD_SALT_LEN ||
        (map.data[0] & 0xf0) != 0x80 || mp_check_canonical(map) != ERR_OK)
        return;
    memcpy(body + RECORD_SALT_LEN, map.data, map.len);
    r->body = (struct bytes){ body, RECORD_SALT_LEN + map.len };
    r->flags &= ~(uint64_t)RECORD_OPAQUE;
    check_meaning(r);
}

/* A kind and a body; or the length of a head, a head and a body. */
static void check_parts(struct bytes src)
{
    static const uint8_t signature[SIGNATURE_LEN];
    struct reader r = reader_of(src);
    struct record alone = { .kind = reader_u8(&r) };
    struct record joined;
    struct bytes head;

    check_with_body(&alone, (struct bytes){ r.pos, r.left });
    r = reader_of(src);
    head = reader_bytes(&r, reader_u16(&r));
    if (record_decode_head(&joined, head, signature) != ERR_OK)
        return;
    check(bytes_equal(joined.head, head) && joined.body.data == NULL);
    check_links(&joined);
    check_with_body(&joined, (struct bytes){ r.pos, r.left });
}

static void check_admission(const struct record *r)
{
    struct certificate c;
    bool has_certificate =
        r->certificate.data != NULL &&
        certificate_verify(&c, r->certificate, &lab) == ERR_OK;

    if (record_admit(r, has_certificate ? &c : NULL, &lab) != ERR_OK)
        return;
    if (!record_is_by_node(r))
        check(has_certificate && memcmp(c.person, r->author, ID_LEN) == 0);
    check(record_admit(r, has_certificate ? &c : NULL, &other) ==
          ERR_BAD_SIGNATURE);
}

static void check_whole(const struct record *r, struct bytes src)
{
    struct writer w = writer_growing(RECORD_LEN_MAX);

    record_join(&w, r->head, r->body, r->signature, r->certificate);
    check(bytes_equal(writer_view(&w), src));
    writer_free(&w);
    check_links(r);
    check_meaning(r);
    check_admission(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes src = { data, size };
    struct record r;

    check_parts(src);
    if (record_decode(&r, src) == ERR_OK)
        check_whole(&r, src);
    return 0;
}
