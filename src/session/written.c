/* written: the facade's words for features without a label: the tokens that their decoder rows write. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "base/label.h"
#include "base/text.h"
#include "math/kernels.h"
#include "model/linear.h"
#include "session/engine.h"

enum { SLOTS = 1024, SHOWN = 2, WORD = 512 };

/* Results found lately, so that redrawing a tree does not multiply by the unembedding again. */
struct ct_written {
	bool negative;			/* of a negative activation */
	int layer, feature, n, ids[CT_WRITTEN];
};

static struct ct_written *
slot(struct ct_session *s, int layer, int feature)
{
	unsigned at = ((unsigned)layer * 40503u + (unsigned)feature) % SLOTS;

	if (!s->written)
		s->written = ct_arena_alloc(&s->prompt_arena, SLOTS, sizeof *s->written);
	return s->written ? &s->written[at] : NULL;
}

/* y (D) = what the feature at activation 1 adds to the output of the final norm at its own position. */
static int
direct_output(const struct ct_session *s, int layer, int feature, int pos, float *y, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_transcoder *tc = s->e->transcoder;
	const struct ct_pass *p = &s->prompt->pass;
	int D = tc->D;
	float *row = ct_arena_need(a, (size_t)D, sizeof *row, "a decoder", err);

	if (!row)
		return CT_ENOMEM;
	memset(y, 0, (size_t)D * sizeof *y);
	for (int m = layer; m < layer + ct_transcoder_reach(tc, layer); m++) {
		ct_transcoder_decoder_row(tc, layer, feature, m, row);
		ct_write_frozen(p, tc, m, pos, row, row);
		for (int d = 0; d < D; d++)
			y[d] += row[d];
	}
	ct_final_frozen(p, pos, y, y);
	return CT_OK;
}

int
ct_session_written(struct ct_session *s, int layer, int feature, int pos, int *ids, int n,
    struct ct_error *err)
{
	const struct ct_written *known;
	struct ct_written *w;
	struct ct_arena tmp = { 0 };
	int V = s->e->info.V, code = ct_engine_need_model(s->e, err);
	float *y, *logits;
	bool negative;

	if (code == CT_OK)
		code = ct_session_check_position(s, pos, err);
	if (code < 0)
		return code;
	if (!(w = slot(s, layer, feature)))
		return ct_fail_memory(err, SLOTS * sizeof *w, "tokens of features");
	known = w;
	negative = ct_session_activation(s, layer, feature, pos) < 0;
	if (!known->n || known->negative != negative || known->layer != layer || known->feature != feature) {
		y = ct_arena_need(&tmp, (size_t)s->e->info.D, sizeof *y, "tokens of a feature", err);
		logits = ct_arena_need(&tmp, (size_t)V, sizeof *logits, "tokens of a feature", err);
		code = y && logits ? direct_output(s, layer, feature, pos, y, &tmp, err) : CT_ENOMEM;
		if (code == CT_OK) {
			ct_unembed(s->e->model, 1, y, logits);
			for (int v = 0; negative && v < V; v++)
				logits[v] = -logits[v];
			*w = (struct ct_written){ negative, layer, feature, 0, { 0 } };
			w->n = ct_best_largest(V, logits, CT_WRITTEN, w->ids);
		}
		ct_arena_free(&tmp);
	}
	if (code < 0)
		return code;
	n = n < w->n ? n : w->n;
	memcpy(ids, w->ids, (size_t)n * sizeof *ids);
	return n;
}

/* Whether a token is only punctuation, which could not be told from the commas between tokens. */
static bool
is_mark(const char *token)
{
	while (ispunct((unsigned char)*token))
		token++;
	return !*token;
}

enum ct_words
ct_session_words(struct ct_session *s, int layer, int feature, int pos, char *buf, size_t size)
{
	int ids[SHOWN], n;
	size_t at;
	bool guess;

	ct_engine_label_short(s->e, layer, feature, buf, size, &guess);
	if (*buf)
		return guess ? CT_WORDS_GUESS : CT_WORDS_LABEL;
	n = ct_engine_need_model(s->e, NULL) < 0 ? 0 :
	    ct_session_written(s, layer, feature, pos, ids, SHOWN, NULL);
	if (n <= 0)
		return CT_WORDS_NONE;
	at = (size_t)snprintf(buf, size, "\342\206\222 ");
	for (int i = 0; i < n && at < size; i++) {
		const char *quote;
		char token[WORD];

		ct_text_word(token, sizeof token, ct_engine_token(s->e, ids[i]));
		quote = !is_mark(token) ? "" : strchr(token, '"') ? "'" : "\"";
		at += (size_t)snprintf(buf + at, size - at, "%s%s%s%s", i ? ", " : "", quote, token, quote);
	}
	return CT_WORDS_WRITTEN;
}
