/* From errno to the error list. */
#include "store/file_error.h"

#include <errno.h>

enum err file_error(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_NO_SPACE;
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case ENXIO:
    case ELOOP:
    case ENAMETOOLONG:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EPIPE:
        return ERR_CLOSED;
    case ENOMEM:
        return ERR_NO_MEMORY;
    default:
        return ERR_IO;
    }
}
