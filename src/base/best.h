/*
 * best: the best few of many, in order, without sorting all of them. Each costs one comparison, and `most` at
 * the worst. For more than some dozens, sort.
 */
#ifndef CT_BASE_BEST_H
#define CT_BASE_BEST_H

#include <stdbool.h>

#include "base/sort.h"

/*
 * Puts an item of `size` bytes in its place among the *n of best (most), if it comes before one of them or
 * there is room; the last one then makes room. Of equal items those that were there stay before it. Returns
 * false if it is not kept.
 */
bool ct_best_keep(void *best, int *n, int most, const void *item, size_t size, ct_compare_fn compare,
    void *ctx);

/*
 * out (most): the indices of the largest of x (n), the largest first; of equal ones the lower index. NaN is
 * never among them. Returns how many there are.
 */
int ct_best_largest(int n, const float *x, int most, int *out);

#endif
