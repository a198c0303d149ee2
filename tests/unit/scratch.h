/*
 * scratch: a temporary directory that a test runs in, so that files have short names and leave no trace.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>

/*
 * Setup and teardown of cmocka, for a group or a test: change into a new directory; remove it with all that
 * is in it.
 */
int scratch_enter(void **state);
int scratch_leave(void **state);

/* Removes a directory and all that is in it. Returns 0, or -1. */
int scratch_remove(const char *path);
/* How many names in a directory look like what is left of the replacement of a file. */
int scratch_leftovers(const char *path);

void scratch_write(const char *name, const void *data, size_t n);
void scratch_text(const char *name, const char *text);

/* Copies a file below the source directory's tests/ to NAME. */
void scratch_copy(const char *name, const char *from);

/* A model below tests/golden as ./g, without its transcoder. */
void scratch_golden(const char *name);

/* A safetensors file of this header and n bytes of data (zeros when data is NULL). */
void scratch_tensors(const char *name, const char *header, const void *data, size_t n);

#endif
