/*
 * logits: what check.py compares with Hugging Face: the token ids of each line of standard input, and the
 * logits at every position, as one JSON line.   usage: logits MODEL_DIR < prompts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transformer.h"

enum { MAX_TOKENS = 512 };

static int
run(const struct ct_model *m, const struct ct_tokenizer *t, const char *text, struct ct_error *err)
{
	struct ct_token_span spans[MAX_TOKENS];
	int n = ct_tokenizer_encode(t, text, strlen(text), spans, MAX_TOKENS, NULL, err), ids[MAX_TOKENS];
	struct ct_arena a = { 0 };
	struct ct_pass pass;
	float *scratch, *logits;

	if (n < 0 || ct_pass_init(&pass, m, n, &a, err) < 0)
		return -1;
	scratch = ct_arena_alloc(&a, ct_layer_scratch(m, n), sizeof *scratch);
	logits = ct_arena_alloc(&a, (size_t)n * m->cfg.V, sizeof *logits);
	if (!scratch || !logits)
		return ct_fail_memory(err, (size_t)n * m->cfg.V * sizeof *logits, "logits");
	printf("{\"ids\": [");
	for (int i = 0; i < n; i++) {
		ids[i] = spans[i].id;
		printf("%s%d", i ? ", " : "", ids[i]);
	}
	if (ct_forward(&pass, ids, scratch, NULL, err) < 0)
		return -1;
	ct_logits(m, n, pass.final, logits);
	printf("], \"logits\": [");
	for (size_t i = 0; i < (size_t)n * m->cfg.V; i++)
		printf("%s%.7g", i ? ", " : "", (double)logits[i]);
	printf("]}\n");
	ct_arena_free(&a);
	return 0;
}

int
main(int argc, char **argv)
{
	struct ct_model_options opt = { 0 };
	struct ct_tokenizer *t = NULL;
	struct ct_model *m = NULL;
	struct ct_error err = { 0 };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: logits MODEL_DIR < prompts\n");
		return 2;
	}
	if (ct_model_open(&m, argv[1], &opt, &err) < 0 || ct_tokenizer_open(&t, argv[1], &err) < 0)
		status = 2;
	while (!status && (n = getline(&line, &size, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (run(m, t, line, &err) < 0)
			status = 2;
	}
	if (status)
		fprintf(stderr, "logits: %s\n", err.msg);
	free(line);
	ct_tokenizer_close(t);
	ct_model_close(m);
	return status;
}
