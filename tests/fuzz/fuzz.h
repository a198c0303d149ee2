/*
 * fuzz: what the fuzzers share: files in a directory of their own, for parsers that read files, and a small
 * model.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The directory (in memory where there is /dev/shm), made at the first call and removed at exit. */
const char *fuzz_dir(void);

/* The path of a file in it that has just been filled with the bytes; in a static buffer. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t n);

/* A link in the directory to a file or folder below tests/, which $srcdir has. */
void fuzz_link(const char *name, const char *from);

/* The directory as a model: tests/golden/llama-clt with labels of our own. */
const char *fuzz_model(void);

/* The bytes as a text, up to the first NUL, to be freed. */
char *fuzz_text(const uint8_t *data, size_t n);

#endif
