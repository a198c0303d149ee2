/*
 * random_model: writes a model directory with random weights and a cross-layer transcoder, for tests that
 * need a model of some shape or vocabulary and not what it says.
 *
 *   random_model DIR TOKENIZER.JSON V D L F CONTEXT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/random.h"
#include "train/export.h"

enum { HEAD = 8, SEED = 1 };

/* With the class of a tokenizer of any model: else it counts as llama's, with a BOS that it may lack. */
static int
copy_tokenizer(const char *dir, const char *from, struct ct_error *err)
{
	static const char class[] = "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}\n";
	char path[4096], *data;
	size_t n;
	int rc = ct_file_read(&data, &n, from, 16 << 20, err);

	if (rc)
		return rc;
	snprintf(path, sizeof path, "%s/tokenizer.json", dir);
	rc = ct_file_replace(path, data, n, err);
	free(data);
	if (rc)
		return rc;
	snprintf(path, sizeof path, "%s/tokenizer_config.json", dir);
	return ct_file_replace(path, class, sizeof class - 1, err);
}

static int
write_model(const char *dir, const struct ct_net_shape *shape, struct ct_error *err)
{
	struct ct_net net = { .layers = NULL };
	struct ct_rng rng;
	int rc = ct_net_open(&net, shape, err);

	if (rc)
		return rc;
	ct_rng_seed(&rng, SEED, 0);
	/* Large enough that what it says is not the same for every prompt. */
	ct_net_init(&net, 1.5 / HEAD, 1, &rng);
	rc = ct_export_model(dir, &net, 0, err);
	ct_net_close(&net);
	return rc;
}

static int
write_transcoder(const char *dir, const struct ct_train_transcoder_shape *shape, struct ct_error *err)
{
	struct ct_train_transcoder transcoder = { .layers = NULL };
	struct ct_rng rng;
	int rc = ct_train_transcoder_open(&transcoder, shape, err);

	if (rc)
		return rc;
	ct_rng_seed(&rng, SEED, 1);
	ct_train_transcoder_init(&transcoder, .5, &rng);
	rc = ct_export_transcoder(dir, &transcoder, "random", err);
	ct_train_transcoder_close(&transcoder);
	return rc;
}

int
main(int argc, char **argv)
{
	struct ct_net_shape net = { .eps = 1e-5, .theta = 10000, .head = HEAD };
	struct ct_train_transcoder_shape transcoder = { .per_layer = false };
	struct ct_error err;

	if (argc != 8) {
		fputs("usage: random_model DIR TOKENIZER.JSON V D L F CONTEXT\n", stderr);
		return 2;
	}
	net.V = (int)strtol(argv[3], NULL, 10);
	net.D = transcoder.D = (int)strtol(argv[4], NULL, 10);
	net.L = transcoder.L = (int)strtol(argv[5], NULL, 10);
	transcoder.F = (int)strtol(argv[6], NULL, 10);
	net.context = (int)strtol(argv[7], NULL, 10);
	net.H = net.H_kv = net.D / HEAD;
	net.mlp = 2 * net.D;
	if (ct_dir_make(argv[1], &err) || copy_tokenizer(argv[1], argv[2], &err) ||
	    write_model(argv[1], &net, &err) || write_transcoder(argv[1], &transcoder, &err)) {
		fprintf(stderr, "random_model: %s\n", err.msg);
		return 1;
	}
	return 0;
}
