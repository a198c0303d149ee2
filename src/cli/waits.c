/* waits: see waits.h. */
#include "cli/waits.h"

#include <string.h>

#include "io/json_out.h"

/* by_hand: measured only if it is named, since it needs more memory than most machines have. */
static const struct wait_shape {
	const char *name;
	int L, D, H, H_kv, head, mlp, V, F;
	bool gpt2, by_hand;
} shapes[] = {
	{ "gpt2-small", 12, 768, 12, 12, 64, 3072, 50257, 2048, true, false },
	{ "smollm2-135m", 30, 576, 9, 3, 64, 1536, 49152, 2048, false, false },
	{ "gemma-2-2b", 26, 2304, 8, 4, 256, 9216, 256000, 16384, false, true },
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes, TOKENS = 16, ACTIVE = 40 };

static struct ct_shape
shape_of(const struct wait_shape *w)
{
	struct ct_shape s = {
		.cfg = { .D = w->D, .L = w->L, .H = w->H, .H_kv = w->H_kv, .head = w->head, .mlp = w->mlp,
		    .V = w->V, .context = 2 * TOKENS, .eps = 1e-5, .tied = true },
		.kind = CT_PLT, .act = CT_TC_TOPK, .read = CT_READ_NORM2, .F = w->F, .k = ACTIVE, .seed = 1
	};

	if (w->gpt2) {
		s.cfg.norm = CT_LAYERNORM;
		s.cfg.act = CT_GELU_TANH;
		s.cfg.position = CT_LEARNED;
		s.cfg.attn_bias = s.cfg.out_bias = s.cfg.mlp_bias = true;
	} else {
		s.cfg.norm = CT_RMSNORM;
		s.cfg.act = CT_SILU;
		s.cfg.gated = true;
		s.cfg.position = CT_ROPE;
		s.cfg.rope_theta = 10000;
	}
	return s;
}

bool
cli_waits_know(const char *shape)
{
	for (int i = 0; i < N_SHAPES; i++)
		if (strcmp(shape, shapes[i].name) == 0)
			return true;
	return false;
}

int
cli_waits_measure(struct cli_waits out[CLI_MAX_WAITS], const char *shape, const struct ct_job *job,
    struct ct_error *err)
{
	int n = 0, code = CT_OK;

	for (int i = 0; i < N_SHAPES && code == CT_OK; i++) {
		struct ct_shape s = shape_of(&shapes[i]);

		if (shape ? strcmp(shape, shapes[i].name) != 0 : shapes[i].by_hand)
			continue;
		out[n] = (struct cli_waits){ .name = shapes[i].name, .tokens = TOKENS + 1 };
		code = ct_measure_waits(&out[n++].seconds, &s, TOKENS + 1, job, err);
	}
	return code < 0 ? code : n;
}

/* The cost of one clamped run, forward pass included, in forward passes. */
static double
steer_passes(const struct ct_waits *s)
{
	return (s->forward + s->clamped) / s->forward;
}

void
cli_waits_show(const struct cli_waits *w, int n)
{
	cli_line("%-16s %6s %9s %9s %9s %8s %8s %9s %8s %9s", "first tree", "tokens", "forward", "encoded",
	    "tree", "ratio", "row", "opened", "ratio", "steer");
	for (int i = 0; i < n; i++) {
		const struct ct_waits *s = &w[i].seconds;

		cli_line("%-16s %6d %9.2f %9.2f %9.2f %7.2fx %8.2f %9.2f %7.2fx %8.2fx", w[i].name,
		    w[i].tokens, 1e3 * s->forward, 1e3 * s->prompt, 1e3 * s->tree, s->tree / s->prompt,
		    1e3 * s->row, 1e3 * s->opened, s->opened / s->row, steer_passes(s));
	}
}

json_t *
cli_waits_json(const struct cli_waits *w, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		const struct ct_waits *s = &w[i].seconds;

		json_array_append_new(list, json_pack("{s:o, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "name",
		    ct_json_out_string(w[i].name), "tokens", w[i].tokens, "forward", s->forward, "encoded",
		    s->prompt, "tree", s->tree, "row", s->row, "opened", s->opened, "clamped", s->clamped,
		    "steer", steer_passes(s)));
	}
	return list;
}
