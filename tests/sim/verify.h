#ifndef TESTS_SIM_VERIFY_H
#define TESTS_SIM_VERIFY_H

#include <stdint.h>

/*
 * Each signature is checked once and the answer shared among the nodes: the
 * linker puts this module's function in place of libsodium's
 * (-Wl,--wrap=crypto_sign_verify_detached).
 */
void verify_close(void);
/* How many were really checked. */
uint64_t verify_count(void);

#endif
