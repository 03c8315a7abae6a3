#ifndef TESTS_SIM_HEAP_H
#define TESTS_SIM_HEAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * How much memory each node has: the linker puts this module's functions in
 * place of malloc() and its kin (-Wl,--wrap), so that what the machines of
 * proto/ allocate counts too.  Memory belongs to whoever was the owner when it
 * was allocated, even if another one frees it.
 */
void heap_open(uint32_t owners);
void heap_close(void);
/* Whose memory is allocated from now on; HEAP_NOBODY for what is shared. */
#define HEAP_NOBODY UINT32_MAX
uint32_t heap_switch(uint32_t owner); /* returns who it was before */
uint64_t heap_bytes(uint32_t owner);
/* The most that it has ever had. */
uint64_t heap_peak(uint32_t owner);

#endif
