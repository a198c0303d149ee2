/*
 * vector: MULTIVERSION, which compiles a function once for each kind of vector instructions.
 *
 * Without it, code is compiled for the oldest supported processor only. It costs a jump at each call, and
 * expands to nothing if the compiler or the C library does not support it.
 */
#ifndef CT_BASE_VECTOR_H
#define CT_BASE_VECTOR_H

#include "config.h"

#if defined(TARGET_CLONES) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define MULTIVERSION
#endif

#endif
