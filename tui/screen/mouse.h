/*
 * mouse: what clicks, the wheel and dragging do on the screen.
 */
#ifndef TUI_MOUSE_H
#define TUI_MOUSE_H

struct app;
struct event;

/* Returns an enum did. */
int mouse_event(struct app *a, const struct event *ev);

#endif
