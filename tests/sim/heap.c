/* A small head before each block says how long it is and whose. */
#include "tests/sim/heap.h"

#include <assert.h>
#include <string.h>

struct head {
    size_t size;
    uint32_t owner;
    uint32_t is_counted;
};

struct account {
    uint64_t bytes;
    uint64_t peak;
};

static struct account *accounts;
static uint32_t accounts_count;
static uint32_t current = HEAP_NOBODY;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static_assert(sizeof(struct head) == 16, "blocks stay aligned");

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

static void *count(struct head *head, size_t size, uint32_t owner)
{
    if (head == NULL)
        return NULL;
    *head = (struct head){ size, owner, owner < accounts_count };
    if (head->is_counted) {
        struct account *a = &accounts[owner];

        a->bytes += size;
        if (a->bytes > a->peak)
            a->peak = a->bytes;
    }
    return head + 1;
}

static void uncount(const struct head *head)
{
    if (head->is_counted && head->owner < accounts_count)
        accounts[head->owner].bytes -= head->size;
}

void *__wrap_malloc(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct head))
        return NULL;
    return count(__real_malloc(sizeof(struct head) + size), size, current);
}

void *__wrap_calloc(size_t n, size_t size)
{
    if (size > 0 && n > (SIZE_MAX - sizeof(struct head)) / size)
        return NULL;
    return count(__real_calloc(1, sizeof(struct head) + n * size), n * size,
                 current);
}

void *__wrap_realloc(void *block, size_t size)
{
    struct head old;
    struct head *head;

    if (block == NULL)
        return __wrap_malloc(size);
    if (size > SIZE_MAX - sizeof(struct head))
        return NULL;
    old = *head_of(block);
    head = __real_realloc(head_of(block), sizeof(struct head) + size);
    if (head == NULL)
        return NULL;
    uncount(&old);
    return count(head, size, old.owner);
}

void __wrap_free(void *block)
{
    if (block == NULL)
        return;
    uncount(head_of(block));
    __real_free(head_of(block));
}

void heap_open(uint32_t owners)
{
    accounts = __real_calloc(owners, sizeof *accounts);
    assert(accounts != NULL);
    accounts_count = owners;
}

void heap_close(void)
{
    accounts_count = 0;
    __real_free(accounts);
    accounts = NULL;
}

uint32_t heap_switch(uint32_t owner)
{
    uint32_t before = current;

    current = owner;
    return before;
}

uint64_t heap_bytes(uint32_t owner)
{
    return accounts[owner].bytes;
}

uint64_t heap_peak(uint32_t owner)
{
    return accounts[owner].peak;
}
