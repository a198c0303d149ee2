/*
 * memory: how much there is, and how much room on a disk, so that what cannot fit is refused before the
 * system kills the program or a file is half written.
 */
#ifndef CT_BASE_MEMORY_H
#define CT_BASE_MEMORY_H

#include "base/error.h"

/* Bytes this process can still get: what the system has available, within its own limit on address space. */
unsigned long long ct_memory_available(void);

/* CT_OK when `bytes` for `what` fit; else CT_ENOMEM with both numbers and what to do (may be ""). */
int ct_memory_check(unsigned long long bytes, const char *what, const char *remedy, struct ct_error *err);

/* Bytes that this process may still write below a directory; ULLONG_MAX if the system does not tell. */
unsigned long long ct_disk_available(const char *dir);

#endif
