/* Any bytes on the control socket: each message decoded is used once. */
#include <stddef.h>
#include <stdint.h>

#include "proto/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads everything that the daemon and the client read of a message. */
static void use(const struct control_message *m)
{
    struct control_prefix prefix;
    struct control_error error = control_error_of(m->error);
    volatile size_t seen = error.text.len + error.hint.len + error.name.len;

    for (uint32_t i = 0; i < mp_count(m->params); i++) {
        const struct mp_value *v = mp_value_at(m->params, i);

        if (control_prefix_of(&prefix, v, CONTROL_PREFIX_MIN) == ERR_OK)
            seen += control_prefix_matches(&prefix, prefix.id) ? 1 : 0;
        seen += mp_key_at(m->params, i).len;
    }
    seen += mp_count(m->result) + control_method_is(m, "hello");
    (void)seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes stream = { data, size };
    struct control_message m;
    size_t used;

    while (control_decode(&m, &used, stream) == ERR_OK) {
        use(&m);
        control_message_wipe(&m);
        stream.data += used;
        stream.len -= used;
    }
    return 0;
}
