/* match: see match.h. */
#include "cards/match.h"

#include <stdlib.h>

#include "base/best.h"

struct scratch {
	int *hits;		/* (n_labels) zero between calls */
	int *touched;		/* (n_labels) labels with hits, in order of appearance */
};

struct ct_matcher {
	const struct ct_corpus *c;
	int *size;		/* (n_labels) tokens that have the label */
	int workers;
	struct scratch *scratch;
};

void
ct_matcher_close(struct ct_matcher *m)
{
	int i;

	if (!m)
		return;
	for (i = 0; m->scratch && i < m->workers; i++) {
		free(m->scratch[i].hits);
		free(m->scratch[i].touched);
	}
	free(m->scratch);
	free(m->size);
	free(m);
}

static void
count_labels(struct ct_matcher *m)
{
	const struct ct_corpus *c = m->c;
	int s, t, k;

	for (s = 0; s < c->n_sentences; s++) {
		const struct ct_sentence *here = &c->sentences[s];

		for (t = here->first + ct_sentence_start(here); t < here->first + here->n; t++) {
			for (k = c->label_start[t]; k < c->label_start[t + 1]; k++)
				m->size[c->label_of[k]]++;
		}
	}
}

int
ct_matcher_open(struct ct_matcher **out, const struct ct_corpus *c, int workers, struct ct_error *err)
{
	struct ct_matcher *m = calloc(1, sizeof *m);
	/* + 1, so that a corpus without labels needs no special case */
	size_t n = (size_t)c->n_labels + 1;
	int i;

	*out = NULL;
	if (!m)
		goto fail;
	m->c = c;
	m->workers = workers;
	m->size = calloc(n, sizeof *m->size);
	m->scratch = calloc((size_t)workers, sizeof *m->scratch);
	if (!m->size || !m->scratch)
		goto fail;
	for (i = 0; i < workers; i++) {
		m->scratch[i].hits = calloc(n, sizeof(int));
		m->scratch[i].touched = calloc(n, sizeof(int));
		if (!m->scratch[i].hits || !m->scratch[i].touched)
			goto fail;
	}
	count_labels(m);
	*out = m;
	return CT_OK;
fail:
	ct_matcher_close(m);
	return ct_fail_memory(err, n * sizeof(int) * (size_t)workers, "label counts");
}

/* Of equal ones the label that the corpus lists first. */
static int
by_f1(const void *a, const void *b, void *ctx)
{
	const struct ct_matched *x = a, *y = b;

	(void)ctx;
	if (x->f1 != y->f1)
		return x->f1 > y->f1 ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

void
ct_matcher_best(struct ct_matcher *m, int worker, const int *tokens, int n, struct ct_match *out)
{
	const struct ct_corpus *c = m->c;
	struct scratch *s = &m->scratch[worker];
	int i, k, label, n_touched = 0;

	for (i = 0; i < n; i++) {
		for (k = c->label_start[tokens[i]]; k < c->label_start[tokens[i] + 1]; k++) {
			label = c->label_of[k];
			if (s->hits[label]++ == 0)
				s->touched[n_touched++] = label;
		}
	}
	out->n = 0;
	for (i = 0; i < n_touched; i++) {
		label = s->touched[i];
		ct_best_keep(out->best, &out->n, CT_CARD_CANDIDATES,
		    &(struct ct_matched){ label, 2.0 * s->hits[label] / (n + m->size[label]) },
		    sizeof *out->best, by_f1, NULL);
		s->hits[label] = 0;
	}
}
