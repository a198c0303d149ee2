/* formats: the forms in which a graph can be written. */
#ifndef CT_SHARE_FORMATS_H
#define CT_SHARE_FORMATS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

bool ct_format_known(const char *name);
/*
 * Writes a graph as "dot", "svg", "html" or "json" to a drain, piece by piece. Returns the first failure, of
 * memory or of the drain; what has been written then is not a complete file.
 */
int ct_format_write(const char *name, const struct ct_export *x, ct_drain_fn write, void *ctx,
    struct ct_error *err);

#endif
