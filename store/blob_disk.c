/* Writing round the page cache, where that can be done. */
#include "store/blob_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/blob_file.h"

/*
 * With two writers a flush beside pieces of 1 MiB takes three times as long as
 * beside these, and its 90th percentile ten times; they write a fifth less.
 */
#define SHARED_PIECE ((size_t)256 * 1024)

static _Atomic bool is_shared;

void blob_disk_share(bool share)
{
    is_shared = share;
}

size_t blob_disk_piece(void)
{
    return is_shared ? SHARED_PIECE : SIZE_MAX;
}

/* O_DIRECT belongs to the open file, so this is another one of the same. */
void blob_disk_init(struct blob_disk *disk, int fd)
{
    char self[64];

    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    disk->fd = fd;
    /* A file system that cannot says so here, or at the first write. */
    disk->direct = open(self, O_WRONLY | O_DIRECT | O_CLOEXEC);
}

void blob_disk_wipe(struct blob_disk *disk)
{
    if (disk->direct >= 0)
        (void)close(disk->direct); /* what counts was flushed before */
    disk->direct = -1;
}

/* What of a write may go round the cache: whole pages from its beginning. */
static size_t direct_len(const struct blob_disk *disk, uint64_t offset,
                         struct bytes src)
{
    if (disk->direct < 0 || offset % BLOB_DISK_ALIGN != 0 ||
        (uintptr_t)src.data % BLOB_DISK_ALIGN != 0)
        return 0;
    return src.len - src.len % BLOB_DISK_ALIGN;
}

/* How much the disk took; less than asked for if it would not take more. */
static size_t write_direct(const struct blob_disk *disk, uint64_t offset,
                           struct bytes src)
{
    size_t done = 0;

    while (done < src.len) { /* ends: each turn writes, or is the last */
        size_t piece = blob_disk_piece();
        size_t left = src.len - done;
        ssize_t n = pwrite(disk->direct, src.data + done,
                           left < piece ? left : piece, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done - done % BLOB_DISK_ALIGN;
}

/*
 * What fails on the short way is tried on the long one, which has the last word
 * on why: a file system may take O_DIRECT at open() and refuse it here.
 */
enum err blob_disk_write(const struct blob_disk *disk, uint64_t offset,
                         struct bytes src)
{
    struct bytes head = { src.data, direct_len(disk, offset, src) };
    size_t done = head.len > 0 ? write_direct(disk, offset, head) : 0;

    if (done == src.len)
        return ERR_OK;
    return blob_file_write(disk->fd, offset + done,
                           (struct bytes){ src.data + done, src.len - done });
}

/*
 * The disk is handed a large page as one piece of memory, where it would be
 * handed 512 small ones.  A system that has none is asked in vain.
 */
static uint8_t *large_pages(size_t len)
{
    uint8_t *buf = aligned_alloc(BLOB_DISK_PAGE, len);

    if (buf != NULL)
        (void)madvise(buf, len, MADV_HUGEPAGE);
    return buf;
}

uint8_t *blob_disk_buffer(size_t len)
{
    size_t over = len % BLOB_DISK_ALIGN;

    if (len > 0 && len % BLOB_DISK_PAGE == 0)
        return large_pages(len);
    if (len == 0 || over > 0)
        len += BLOB_DISK_ALIGN - over;
    return aligned_alloc(BLOB_DISK_ALIGN, len);
}
