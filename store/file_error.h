#ifndef STORE_FILE_ERROR_H
#define STORE_FILE_ERROR_H

#include "proto/err.h"

/*
 * What the errno of a call on a file means: ERR_NO_SPACE, ERR_NOT_FOUND (which
 * is also what may not be opened or made), ERR_EXISTS, ERR_CLOSED (a pipe that
 * nobody reads), ERR_NO_MEMORY, ERR_IO.
 */
enum err file_error(int number);

#endif
