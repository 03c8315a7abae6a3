#ifndef TESTS_COMMON_HEX_H
#define TESTS_COMMON_HEX_H

#include <assert.h>
#include <string.h>

#include "proto/bytes.h"

/* Decodes a known answer written as hex; returns a view of `buf`. */
static inline struct bytes unhex(uint8_t *buf, size_t cap, const char *hex)
{
    size_t len = strlen(hex) / 2;

    assert(len <= cap);
    assert(hex_decode(buf, len, hex, strlen(hex)) == ERR_OK);
    return (struct bytes){ buf, len };
}

/* Asserts that `data` is what `hex` says. */
#define assert_hex(actual, hex)                                                \
    do {                                                                       \
        uint8_t expected_[1024];                                               \
        struct bytes e_ = unhex(expected_, sizeof expected_, (hex));           \
                                                                               \
        assert_memory_equal((actual), e_.data, e_.len);                        \
    } while (0)

#endif
