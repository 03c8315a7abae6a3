#ifndef TESTS_DAEMON_NAMED_FILES_H
#define TESTS_DAEMON_NAMED_FILES_H

#include "tests/store/fixture.h"

/* Records that name files, for tests of who asks what they name. */
struct named_file {
    struct blob_id blob;
    const char *name;
    uint64_t role; /* 0: none stated */
};

/* Stores a record of the topic that names them. */
void named_files_put(struct fixture *f, const uint8_t topic[ID_LEN],
                     const struct named_file *files, size_t count);
/* A blob of its own for each number, of that size. */
struct blob_id named_files_blob(unsigned number, uint64_t size);

#endif
