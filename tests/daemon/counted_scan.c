/* What the linker puts in the place of the store's scan. */
#include "counted_scan.h"

#include "tests/store/fixture.h"

unsigned counted_scan_looked;

enum err __real_store_scan_next(struct store *store, struct store_scan *scan,
                                struct store_item *items, size_t max,
                                size_t *n);
enum err __wrap_store_scan_next(struct store *store, struct store_scan *scan,
                                struct store_item *items, size_t max,
                                size_t *n);

enum err __wrap_store_scan_next(struct store *store, struct store_scan *scan,
                                struct store_item *items, size_t max, size_t *n)
{
    enum err e = __real_store_scan_next(store, scan, items, max, n);

    assert_false(scan->held_only); /* which would pass over any number */
    if (e == ERR_OK)
        counted_scan_looked += (unsigned)*n;
    return e;
}
