/*
 * tokens: what tokenizers.py compares with Hugging Face: for each line of standard input, a text in
 * hexadecimal, its token ids, or with --pieces the pieces of the pre-tokenizer in hexadecimal; "! " and the
 * reason when there are none. usage: tokens [--pieces] DIR < texts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/json.h"
#include "model/split.h"
#include "model/tokenizer.h"

enum { MAX_TOKENS = 1 << 16 };

static int
print_piece(void *ctx, const struct ct_piece *p, struct ct_error *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < p->n; i++)
		printf("%02x", (unsigned)(unsigned char)p->s[i]);
	printf(" ");
	return CT_OK;
}

static size_t
from_hex(char *line)
{
	size_t n = 0;
	unsigned byte;

	for (const char *p = line; sscanf(p, "%2x", &byte) == 1; p += 2)
		line[n++] = (char)byte;
	line[n] = '\0';
	return n;
}

int
main(int argc, char **argv)
{
	static struct ct_token_span out[MAX_TOKENS];
	bool pieces = argc > 2 && strcmp(argv[1], "--pieces") == 0;
	const char *dir = argv[argc - 1];
	struct ct_error err = { 0 };
	struct ct_split split = { .n = 0 };
	struct ct_tokenizer *t = NULL;
	json_t *root = NULL;
	char *line = NULL, *path = ct_path_join(dir, "tokenizer.json");
	size_t room = 0;
	int code;

	if (pieces)
		code = ct_json_load(&root, path, 64 << 20, &err) ? -1 :
		    ct_split_read(&split, json_object_get(root, "pre_tokenizer"), path, &err);
	else
		code = ct_tokenizer_open(&t, dir, &err);
	while (code == CT_OK && getline(&line, &room, stdin) > 0) {
		size_t n = from_hex(line);
		struct ct_piece all = { .s = line, .n = n };
		int count = pieces ? ct_split_run(&split, &all, print_piece, NULL, &err)
				   : ct_tokenizer_encode(t, line, n, out, MAX_TOKENS, NULL, &err);

		for (int i = 0; i < count; i++)
			printf("%d ", out[i].id);
		if (count < 0)
			printf("! %s", err.msg);
		printf("\n");
	}
	if (code != CT_OK)
		fprintf(stderr, "%s\n", err.msg);
	free(line);
	free(path);
	json_decref(root);
	ct_split_free(&split);
	ct_tokenizer_close(t);
	return code != CT_OK;
}
