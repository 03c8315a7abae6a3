#ifndef TESTS_DAEMON_COUNTED_SCAN_H
#define TESTS_DAEMON_COUNTED_SCAN_H

/*
 * The store's own scan, counted: for who is to look at so many records at most
 * in one turn of the loop.  A program with this is linked with
 * --wrap=store_scan_next.
 */

/* Records that were looked at since the test has set it. */
extern unsigned counted_scan_looked;

#endif
