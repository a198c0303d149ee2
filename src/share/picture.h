/*
 * picture: a graph as DOT or SVG, for papers and slides.
 *
 * Whatever its text holds is sanitised and then escaped for the format, so nothing of it can act in a viewer.
 */
#ifndef CT_SHARE_PICTURE_H
#define CT_SHARE_PICTURE_H

#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

/* SVG and HTML have the strongest nodes, and say so, unless all are asked for; DOT has all. */
enum { CT_PICTURE_NODES = 60 };
/* What fails is memory for the picture; what becomes of the text only the buffer knows. */
int ct_picture_dot(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);
int ct_picture_svg(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);

#endif
