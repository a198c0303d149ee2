/*
 * notes: remarks of a reader about a file that it accepted.
 *
 * An error means that the file is not used; a note comes with a valid result, and says what was ignored and
 * why. Plain data without memory of its own: noting cannot fail. Showing notes is the programs' business.
 */
#ifndef CT_BASE_NOTES_H
#define CT_BASE_NOTES_H

enum { CT_MAX_NOTES = 12, CT_NOTE_SIZE = 480 };

struct ct_notes {
	int n;				/* in text */
	int more;			/* notes for which there was no room */
	char text[CT_MAX_NOTES][CT_NOTE_SIZE];
};

/*
 * Adds one line: what, where, and what follows from it. A line that is there already is not added again.
 * notes may be NULL.
 */
void ct_note(struct ct_notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds all notes of `more`. */
void ct_notes_add(struct ct_notes *notes, const struct ct_notes *more);

#endif
