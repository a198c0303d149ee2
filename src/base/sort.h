/*
 * sort: a stable sort whose comparison has a context. The C libraries do not agree on qsort_r, and qsort may
 * leave equal elements in any order.
 */
#ifndef CT_BASE_SORT_H
#define CT_BASE_SORT_H

#include <stddef.h>

/* Negative if a comes before b, 0 if they are equal, positive if a comes after b. */
typedef int (*ct_compare_fn)(const void *a, const void *b, void *ctx);

/*
 * Sorts n elements of `size` bytes in place; equal ones keep their order. O(n log n) comparisons, O(n log^2
 * n) moves at most, and at most 16 MB of memory. If memory is short it is slower; it cannot fail.
 */
void ct_sort(void *base, size_t n, size_t size, ct_compare_fn compare, void *ctx);

#endif
