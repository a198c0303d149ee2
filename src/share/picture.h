/*
 * picture: a graph as DOT, SVG or a page of HTML, for papers and slides.
 *
 * Works on graph JSON as ct_graph_to_json makes it. Whatever its text
 * holds is sanitised and then escaped for the format, so nothing of it can act in a viewer.
 */
#ifndef CT_SHARE_PICTURE_H
#define CT_SHARE_PICTURE_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* *text, n bytes and a NUL, is freed by the caller. */
int ct_picture_dot(char **text, size_t *n, const json_t *graph, struct ct_error *err);
int ct_picture_svg(char **text, size_t *n, const json_t *graph, struct ct_error *err);
int ct_picture_html(char **text, size_t *n, const json_t *graph, struct ct_error *err);

#endif
