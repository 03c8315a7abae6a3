/*
 * A part takes of the disk what its bitmap names, and more only while it is
 * written to: space that was allocated ahead is given back at the end, and
 * after a crash what was written besides and is not known to be durable.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/blob_file.h"
#include "store/file_error.h"

/* Gives back [from, to) spans, which nothing names. */
static enum err punch(int fd, uint64_t from, uint64_t to)
{
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)(from * BLOB_SPAN_LEN),
                  (off_t)((to - from) * BLOB_SPAN_LEN)) == 0 ||
        errno == EOPNOTSUPP || errno == ENOSYS) /* then it stays */
        return ERR_OK;
    return file_error(errno);
}

enum err blob_trim(int fd, uint64_t size, const uint8_t *keep)
{
    uint64_t spans = blob_span_count(size);
    uint64_t begin = 0; /* of what goes */
    uint64_t end = 0;   /* of the last span that stays */
    struct stat st;
    enum err e = ERR_OK;

    for (uint64_t i = 0; i < spans && e == ERR_OK; i++) {
        if (!bitmap_has(keep, i))
            continue;
        if (begin < i)
            e = punch(fd, begin, i);
        begin = i + 1;
        end = i * BLOB_SPAN_LEN + blob_span_len(size, i);
    }
    if (e == ERR_OK && fstat(fd, &st) != 0)
        e = file_error(errno);
    /* Also where the size stays: space is allocated behind the end, too. */
    if (e == ERR_OK && (uint64_t)st.st_size >= end &&
        ftruncate(fd, (off_t)end) != 0)
        e = file_error(errno);
    return e;
}
