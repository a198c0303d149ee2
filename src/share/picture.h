/*
 * picture: draws a graph as DOT or SVG, for papers and slides.
 *
 * All text is sanitised and then escaped for the format, so that none of it can act in a viewer.
 */
#ifndef CT_SHARE_PICTURE_H
#define CT_SHARE_PICTURE_H

#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

/* SVG and HTML show the strongest nodes, and say so, unless all are asked for; DOT shows all. */
enum { CT_PICTURE_NODES = 60 };
/* Fails only if memory runs out; failures to write are only known to the buffer. */
int ct_picture_dot(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);
int ct_picture_svg(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);

#endif
