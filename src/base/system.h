/*
 * system: what differs between systems, each with a fallback that configure chooses: how many processors this
 * process may use, and where its program file is. `make check-portable` tests the fallbacks.
 */
#ifndef CT_BASE_SYSTEM_H
#define CT_BASE_SYSTEM_H

#include <stddef.h>

/* At least 1. */
int ct_system_processors(void);

/* The path of the running program, in buf; "" when the system does not tell. Returns buf. */
const char *ct_system_program(char *buf, size_t size);

#endif
