/* picture_svg: draws a picture as SVG, also within a page. For share/ only. */
#ifndef CT_SHARE_PICTURE_SVG_H
#define CT_SHARE_PICTURE_SVG_H

#include "share/picture_graph.h"

/* Lays out the picture and draws it. */
int picture_draw(struct picture *p, struct ct_error *err);

/* A weight as text: +0.52, -12.5. */
void picture_weight(char *dst, size_t size, double w);

/* Text, with characters escaped that mean something in XML. */
void picture_xml(struct ct_buffer *f, const char *s);

#endif
