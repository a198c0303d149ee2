/* held_out: see held_out.h. */
#include "eval/held_out.h"

#include <stdlib.h>

int
ct_held_out_open(struct ct_held_out *h, const struct ct_corpus *c, int max, size_t size, struct ct_error *err)
{
	int n = 0;

	*h = (struct ct_held_out){ .sentences = malloc(((size_t)c->n_sentences + 1) * sizeof *h->sentences) };
	if (!h->sentences)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *h->sentences,
		    "held-out sentences");
	for (int i = 0; i < c->n_sentences; i++)
		if (c->sentences[i].held_out && c->sentences[i].answer > 0)
			h->sentences[n++] = i;
	h->n = max > 0 && max < n ? max : n;
	for (int i = 0; i < h->n; i++)	/* forwards: never one that was overwritten */
		h->sentences[i] = h->sentences[(int)((long)i * n / h->n)];
	h->results = calloc((size_t)h->n + 1, size);
	return h->results ? CT_OK : ct_fail_memory(err, (size_t)h->n * size, "figures");
}

void
ct_held_out_free(struct ct_held_out *h)
{
	free(h->sentences);
	free(h->results);
	*h = (struct ct_held_out){ 0 };
}
