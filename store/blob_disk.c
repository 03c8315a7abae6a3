/* Writing and reading round the page cache, where that can be done. */
#include "store/blob_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/blob_file.h"

/*
 * With two writers a flush beside pieces of 1 MiB takes three times as long as
 * beside these, and its 90th percentile ten times; they write a fifth less.  It
 * is shorter by another fifth where they take turns.
 */
#define SHARED_PIECE ((size_t)256 * 1024)

static _Atomic bool is_shared;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void blob_disk_share(bool share)
{
    is_shared = share;
}

size_t blob_disk_piece(void)
{
    return is_shared ? SHARED_PIECE : SIZE_MAX;
}

/*
 * O_DIRECT belongs to the open file, so this is another one of the same.  A
 * file system that cannot says so here, or when it is used.
 */
static void open_again(struct blob_disk *disk, int fd, int mode)
{
    char self[64];

    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    disk->fd = fd;
    disk->direct = open(self, mode | O_DIRECT | O_CLOEXEC);
}

void blob_disk_init(struct blob_disk *disk, int fd)
{
    open_again(disk, fd, O_WRONLY);
}

void blob_disk_init_read(struct blob_disk *disk, int fd)
{
    open_again(disk, fd, O_RDONLY);
}

void blob_disk_wipe(struct blob_disk *disk)
{
    if (disk->direct >= 0)
        (void)close(disk->direct); /* what counts was flushed before */
    disk->direct = -1;
}

/* What may go round the cache: whole pages from the beginning. */
static size_t direct_len(const struct blob_disk *disk, uint64_t offset,
                         const uint8_t *buf, size_t len)
{
    if (disk->direct < 0 || offset % BLOB_DISK_ALIGN != 0 ||
        (uintptr_t)buf % BLOB_DISK_ALIGN != 0)
        return 0;
    return len - len % BLOB_DISK_ALIGN;
}

static ssize_t write_piece(const struct blob_disk *disk, uint64_t offset,
                           struct bytes src)
{
    size_t max = blob_disk_piece();
    bool in_turn = is_shared;
    ssize_t n;

    if (in_turn)
        (void)pthread_mutex_lock(&turn);
    n = pwrite(disk->direct, src.data, src.len < max ? src.len : max,
               (off_t)offset);
    if (in_turn)
        (void)pthread_mutex_unlock(&turn);
    return n;
}

/* How much the disk took; less than asked for if it would not take more. */
static size_t write_direct(const struct blob_disk *disk, uint64_t offset,
                           struct bytes src)
{
    size_t done = 0;

    while (done < src.len) { /* ends: each turn writes, or is the last */
        ssize_t n =
            write_piece(disk, offset + done,
                        (struct bytes){ src.data + done, src.len - done });

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
    struct bytes head = { src.data,
                          direct_len(disk, offset, src.data, src.len) };
    size_t done = head.len > 0 ? write_direct(disk, offset, head) : 0;

    if (done == src.len)
        return ERR_OK;
    return blob_file_write(disk->fd, offset + done,
                           (struct bytes){ src.data + done, src.len - done });
}

/* How much the disk gave; less than asked for at the end, or if it cannot. */
static size_t read_direct(const struct blob_disk *disk, uint64_t offset,
                          uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) { /* ends: each turn reads, or is the last */
        size_t max = blob_disk_piece();
        size_t left = len - done;
        ssize_t n = pread(disk->direct, out + done, left < max ? left : max,
                          (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || n % BLOB_DISK_ALIGN != 0)
            break;
        done += (size_t)n;
    }
    return done;
}

enum err blob_disk_read(const struct blob_disk *disk, uint64_t offset,
                        uint8_t *out, size_t len, size_t *n)
{
    size_t head = direct_len(disk, offset, out, len);
    size_t done = head > 0 ? read_direct(disk, offset, out, head) : 0;
    size_t rest = 0;
    enum err e = ERR_OK;

    if (done < len)
        e = blob_file_read(disk->fd, offset + done, out + done, len - done,
                           &rest);
    *n = done + rest;
    return e;
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
