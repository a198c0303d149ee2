/*
 * page_script: how the page of a graph looks and answers. For page.c only.
 */
#ifndef CT_SHARE_PAGE_SCRIPT_H
#define CT_SHARE_PAGE_SCRIPT_H

/* Lines, ended by NULL. */
extern const char *const page_style[], *const page_script[];

#endif
