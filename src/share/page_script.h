/*
 * page_script: style sheet and script of the page of a graph. For page.c only.
 */
#ifndef CT_SHARE_PAGE_SCRIPT_H
#define CT_SHARE_PAGE_SCRIPT_H

/* Lines, ended by NULL. */
extern const char *const page_style[], *const page_script[];

#endif
