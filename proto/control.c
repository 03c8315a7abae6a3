/*
 * The control socket's messages: framing by walking, shape by msgpack's tree.
 * What a method means is the daemon's business, and how it is shown the
 * client's.
 */
#include "proto/control.h"

#include <assert.h>
#include <string.h>

/* A result of 2^32 requests ago is nobody's: numbers are 32 bits (RPC spec). */
static bool read_number(uint32_t *out, const struct mp_value *v)
{
    if (mp_type(v) != MP_UINT || mp_uint(v) > UINT32_MAX)
        return false;
    *out = (uint32_t)mp_uint(v);
    return true;
}

static bool read_method(struct bytes *out, const struct mp_value *v)
{
    struct bytes name = mp_str(v);

    if (mp_type(v) != MP_STR || name.len == 0 || name.len > CONTROL_METHOD_MAX)
        return false;
    *out = name;
    return true;
}

/* [params], where params is one map or nil, or [] where it is left out. */
static bool read_params(const struct mp_value **out, const struct mp_value *v)
{
    const struct mp_value *params = mp_at(v, 0);

    if (mp_type(v) != MP_ARRAY || mp_count(v) > 1)
        return false;
    if (mp_type(params) != MP_NIL && mp_type(params) != MP_MAP)
        return false;
    *out = mp_type(params) == MP_NIL ? NULL : params;
    return true;
}

static bool read_request(struct control_message *m, const struct mp_value *v)
{
    m->type = CONTROL_REQUEST;
    return mp_count(v) == 4 && read_number(&m->number, mp_at(v, 1)) &&
           read_method(&m->method, mp_at(v, 2)) &&
           read_params(&m->params, mp_at(v, 3));
}

static bool read_response(struct control_message *m, const struct mp_value *v)
{
    const struct mp_value *error = mp_at(v, 2);

    m->type = CONTROL_RESPONSE;
    if (mp_count(v) != 4 || !read_number(&m->number, mp_at(v, 1)))
        return false;
    if (mp_type(error) == MP_NIL)
        m->result = mp_at(v, 3);
    else
        m->error = error;
    return m->error == NULL || mp_type(error) == MP_MAP;
}

static bool read_notification(struct control_message *m,
                              const struct mp_value *v)
{
    m->type = CONTROL_NOTIFICATION;
    return mp_count(v) == 3 && read_method(&m->method, mp_at(v, 1)) &&
           read_params(&m->params, mp_at(v, 2));
}

static bool read_message(struct control_message *m, const struct mp_value *v)
{
    const struct mp_value *type = mp_at(v, 0);

    if (mp_type(v) != MP_ARRAY || mp_type(type) != MP_UINT)
        return false;
    switch (mp_uint(type)) {
    case CONTROL_REQUEST:
        return read_request(m, v);
    case CONTROL_RESPONSE:
        return read_response(m, v);
    case CONTROL_NOTIFICATION:
        return read_notification(m, v);
    default:
        return false;
    }
}

/* The first value's length, or why there is none; no more than the limit. */
enum err control_measure(size_t *used, struct bytes stream)
{
    bool full = stream.len >= CONTROL_MESSAGE_MAX;
    struct bytes head = { stream.data,
                          full ? CONTROL_MESSAGE_MAX : stream.len };
    enum mp_grade grade;
    enum err e;

    if (head.len == 0)
        return ERR_TRUNCATED;
    e = mp_walk(&grade, used, head);
    return e == ERR_TRUNCATED && full ? ERR_TOO_LARGE : e;
}

enum err control_decode(struct control_message *out, size_t *used,
                        struct bytes stream)
{
    struct control_message m = { 0 };
    size_t len;
    enum err e;

    assert(out != NULL && used != NULL);
    e = control_measure(&len, stream);
    if (e != ERR_OK)
        return e;
    e = mp_doc_parse(&m.doc, (struct bytes){ stream.data, len },
                     MP_WELL_FORMED);
    if (e != ERR_OK)
        return e;
    if (!read_message(&m, mp_doc_root(m.doc))) {
        mp_doc_free(m.doc);
        return ERR_MALFORMED;
    }
    *out = m;
    *used = len;
    return ERR_OK;
}

void control_message_wipe(struct control_message *m)
{
    mp_doc_free(m->doc);
    *m = (struct control_message){ 0 };
}

bool control_method_is(const struct control_message *m, const char *name)
{
    struct bytes want = { (const uint8_t *)name, strlen(name) };

    return bytes_equal(m->method, want);
}

void control_put_request(struct writer *w, uint32_t number, const char *method)
{
    assert(strlen(method) <= CONTROL_METHOD_MAX);
    mp_put_array(w, 4);
    mp_put_uint(w, CONTROL_REQUEST);
    mp_put_uint(w, number);
    mp_put_text(w, method);
    mp_put_array(w, 1);
}

void control_put_response(struct writer *w, uint32_t number)
{
    mp_put_array(w, 4);
    mp_put_uint(w, CONTROL_RESPONSE);
    mp_put_uint(w, number);
    mp_put_nil(w);
}

void control_put_notification(struct writer *w, const char *method)
{
    assert(strlen(method) <= CONTROL_METHOD_MAX);
    mp_put_array(w, 3);
    mp_put_uint(w, CONTROL_NOTIFICATION);
    mp_put_text(w, method);
    mp_put_array(w, 1);
}

void control_put_error(struct writer *w, uint32_t number, enum err e,
                       const char *text, const char *hint)
{
    assert(e != ERR_OK);
    mp_put_array(w, 4);
    mp_put_uint(w, CONTROL_RESPONSE);
    mp_put_uint(w, number);
    mp_put_map(w, 4);
    mp_put_text(w, "code");
    mp_put_uint(w, (uint64_t)err_exit_code(e));
    mp_put_text(w, "hint");
    mp_put_text(w, hint == NULL ? "" : hint);
    mp_put_text(w, "name");
    mp_put_text(w, err_name(e));
    mp_put_text(w, "text");
    mp_put_text(w, text == NULL ? err_text(e) : text);
    mp_put_nil(w);
}

struct control_error control_error_of(const struct mp_value *error)
{
    uint64_t code = mp_uint(mp_get(error, "code"));
    bool known = code > EXIT_CODE_OK && code <= EXIT_CODE_VERSION;

    return (struct control_error){
        .code = known ? (enum exit_code)code : EXIT_CODE_FAILED,
        .name = mp_str(mp_get(error, "name")),
        .text = mp_str(mp_get(error, "text")),
        .hint = mp_str(mp_get(error, "hint")),
    };
}

enum err control_id_of(uint8_t out[ID_LEN], const struct mp_value *v)
{
    struct control_prefix p;
    enum err e = control_prefix_of(&p, v, 2 * ID_LEN);

    if (e == ERR_OK)
        memcpy(out, p.id, ID_LEN);
    return e;
}

enum err control_prefix_of(struct control_prefix *out, const struct mp_value *v,
                           size_t min)
{
    struct control_prefix p = { .digits = 2 * ID_LEN };
    char whole[2 * ID_LEN];
    struct bytes text = mp_str(v);

    assert(min <= 2 * ID_LEN);
    if (mp_bin_exact(v, p.id, ID_LEN)) {
        *out = p;
        return ERR_OK;
    }
    if (text.len < min || text.len == 0 || text.len > sizeof whole)
        return ERR_USAGE;
    memset(whole, '0', sizeof whole);
    memcpy(whole, text.data, text.len);
    if (hex_decode(p.id, ID_LEN, whole, sizeof whole) != ERR_OK)
        return ERR_USAGE;
    p.digits = text.len;
    *out = p;
    return ERR_OK;
}

bool control_prefix_matches(const struct control_prefix *p,
                            const uint8_t id[ID_LEN])
{
    size_t whole = p->digits / 2;

    if (memcmp(p->id, id, whole) != 0)
        return false;
    return p->digits % 2 == 0 || (id[whole] & 0xf0) == p->id[whole];
}
