#include "named_files.h"

#include "proto/mp.h"

struct blob_id named_files_blob(unsigned number, uint64_t size)
{
    struct blob_id id = { .size = size };

    memset(id.root, 0xa0, HASH_LEN);
    put_u32(id.root, number);
    return id;
}

static void put_file(struct writer *map, const struct named_file *file)
{
    mp_put_map(map, file->role != 0 ? 4 : 3);
    mp_put_text(map, "blob");
    mp_put_array(map, 2);
    mp_put_bin(map, BYTES_ARRAY(file->blob.root));
    mp_put_uint(map, file->blob.size);
    mp_put_text(map, "media_type");
    mp_put_text(map, "image/png");
    mp_put_text(map, "name");
    mp_put_text(map, file->name);
    if (file->role != 0) {
        mp_put_text(map, "role");
        mp_put_uint(map, file->role);
    }
}

void named_files_put(struct fixture *f, const uint8_t topic[ID_LEN],
                     const struct named_file *files, size_t count)
{
    static uint32_t number;
    struct record_link link = { 1, { 0 } };
    struct record_draft draft = { .kind = KIND_UPDATE,
                                  .created_ms = DAY0 + number,
                                  .links = &link,
                                  .links_count = 1 };
    const struct author *a = author_of(0);
    struct writer map = writer_growing(RECORD_LEN_MAX);
    struct writer raw = writer_growing(RECORD_LEN_MAX);
    uint8_t id[ID_LEN];
    struct record r;

    memcpy(link.id, topic, ID_LEN);
    memcpy(draft.author, a->person, ID_LEN);
    memcpy(draft.topic, topic, ID_LEN);
    put_u32(draft.salt, number++);
    mp_put_map(&map, 2);
    mp_put_text(&map, "media");
    mp_put_array(&map, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_file(&map, &files[i]);
    mp_put_text(&map, "text");
    mp_put_text(&map, "see");
    draft.map = writer_view(&map);
    assert_int_equal(
        record_write(&raw, id, &draft, &a->device,
                     (struct bytes){ a->certificate, a->certificate_len },
                     &LAB),
        ERR_OK);
    assert_int_equal(record_decode(&r, writer_view(&raw)), ERR_OK);
    store_batch_clear(f->batch);
    assert_int_equal(store_batch_put_record(f->batch, &r, r.certificate, DAY0),
                     ERR_OK);
    apply(f);
    store_batch_clear(f->batch);
    writer_free(&raw);
    writer_free(&map);
}
