/* Which names may be written to a disk. */
#include "proto/file_name.h"

#include <string.h>

#include "proto/kind.h"
#include "proto/mp.h"

static bool is_good_part(struct bytes part)
{
    return part.len > 0 && !bytes_equal(part, BYTES_LITERAL(".")) &&
           !bytes_equal(part, BYTES_LITERAL(".."));
}

bool file_name_is_good(struct bytes name)
{
    size_t begin = 0;

    if (name.len == 0 || name.len > FILE_NAME_MAX || !mp_utf8_valid(name) ||
        !kind_is_line(name))
        return false;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '/')
            continue;
        if (!is_good_part((struct bytes){ name.data + begin, i - begin }))
            return false;
        begin = i + 1;
    }
    return true;
}
