/*
 * fuzz: puts a fuzzer's bytes into a file of a directory of its own, for parsers that read files.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The directory (in memory where there is /dev/shm), made at the first call. */
const char *fuzz_dir(void);

/* The path of a file in it that has just been filled with the bytes; in a static buffer. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t n);

#endif
