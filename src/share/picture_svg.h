/*
 * picture_svg: a picture as SVG, for pages that hold one. For the pictures of share/ only.
 */
#ifndef CT_SHARE_PICTURE_SVG_H
#define CT_SHARE_PICTURE_SVG_H

#include "share/picture_graph.h"

/* Lays the picture out and draws it. */
int picture_draw(struct picture *p, struct ct_error *err);

/* A weight as it is written beside an edge: +0.52, -12.5. */
void picture_weight(char *dst, size_t size, double w);

/* Text with what means something in XML escaped. */
void picture_xml(struct ct_buffer *f, const char *s);

#endif
