/*
 * damage: files that are cut off anywhere, or have any bit of what describes them flipped, give one line or
 * still load; and so do files that change while they are mapped.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/map.h"
#include "cards/store.h"
#include "ctrace.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transcoder.h"
#include "scratch.h"
#include "share/graph_file.h"

static void
expect_one_line(const struct ct_error *err)
{
	if (!*err->msg || strchr(err->msg, '\n'))
		fail_msg("not one line: \"%s\"", err->msg);
}

static int
try_model(void)
{
	struct ct_error err = { 0 };
	struct ct_model *m;
	int code = ct_model_open(&m, "g", NULL, &err);

	if (code != CT_OK)
		expect_one_line(&err);
	ct_model_close(m);
	return code;
}

static int
try_tokenizer(void)
{
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;
	struct ct_token_span out[8];
	int code = ct_tokenizer_open(&t, "g", &err);

	if (code == CT_OK && ct_tokenizer_encode(t, "w1 w2", 5, out, 8, NULL, &err) < 0)
		expect_one_line(&err);
	else if (code != CT_OK)
		expect_one_line(&err);
	ct_tokenizer_close(t);
	return code;
}

/* With its transcoder. */
static void
copy_model(void)
{
	static const char *const transcoder[] = { "config.yaml", "W_enc_0.safetensors", "W_enc_1.safetensors",
		"W_enc_2.safetensors", "W_dec_0.safetensors", "W_dec_1.safetensors", "W_dec_2.safetensors" };

	scratch_golden("llama-clt");
	assert_int_equal(ct_dir_make("g/transcoder", NULL), CT_OK);
	for (size_t i = 0; i < sizeof transcoder / sizeof *transcoder; i++) {
		char to[64], from[64];

		snprintf(to, sizeof to, "g/transcoder/%s", transcoder[i]);
		snprintf(from, sizeof from, "golden/llama-clt/transcoder/%s", transcoder[i]);
		scratch_copy(to, from);
	}
}

static int
try_transcoder(void)
{
	static struct ct_model *model;		/* the files of a model that is open may be replaced */
	struct ct_error err = { 0 };
	struct ct_transcoder *t = NULL;
	int code;

	if (!model)
		assert_int_equal(ct_model_open(&model, "g", NULL, NULL), CT_OK);
	code = ct_transcoder_open(&t, "g/transcoder", model, NULL, &err);
	if (code != CT_OK)
		expect_one_line(&err);
	ct_transcoder_close(t);
	return code;
}

/* One layer of two cards: ./cards. */
static void
make_cards(void)
{
	static const char *const text[] = {
		"{\"index\": 0, \"top_logits\": [\"a\"], \"examples_quantiles\": [{\"quantile_name\": "
		    "\"Top\", \"examples\": [{\"tokens\": [\"x\", \"y\"], \"tokens_acts_list\": [0, 2.5], "
		    "\"train_token_ind\": 1}]}]}",
		"{\"index\": 1, \"act_max\": 3, \"label\": \"two\"}",
	};
	unsigned char *records[2];
	size_t sizes[2];
	const char *labels[2] = { "", "two" };
	double f1[2] = { 0.5, 1 };
	const struct ct_store_layer layer = { .F = 2, .records = records, .sizes = sizes, .labels = labels,
	    .f1 = f1 };

	for (int f = 0; f < 2; f++)
		assert_int_equal(ct_record_pack(&records[f], &sizes[f], text[f], strlen(text[f]), NULL),
		    CT_OK);
	assert_int_equal(ct_store_write("cards", &layer, 1, NULL), CT_OK);
	for (int f = 0; f < 2; f++)
		free(records[f]);
}

static int
try_cards(void)
{
	struct ct_error err = { 0 };
	struct ct_store *s;
	int code = ct_store_open(&s, "cards", &err), F = code == CT_OK ? ct_store_features(s, 0) : 0;

	for (int f = 0; f < F && code == CT_OK; f++) {
		struct ct_card *c;

		code = ct_store_card(&c, s, 0, f, &err);
		ct_card_free(c);
	}
	if (code != CT_OK)
		expect_one_line(&err);
	ct_store_close(s);
	return code;
}

static int
try_graph(void)
{
	struct ct_error err = { 0 };
	struct ct_graph_file *f;
	int code = ct_graph_file_open(&f, "graph.json", NULL, &err);

	if (code != CT_OK)
		expect_one_line(&err);
	ct_graph_file_close(f);
	return code;
}

static const struct damaged {
	const char *path;
	int (*open)(void);
	int blank;		/* bytes at the end that nobody misses */
} files[] = {
	{ "g/model.safetensors", try_model, 0 },
	{ "g/config.json", try_model, 0 },
	{ "g/tokenizer.json", try_tokenizer, 0 },
	{ "g/transcoder/W_enc_1.safetensors", try_transcoder, 0 },
	{ "cards/index.json.gz", try_cards, 0 },
	{ "cards/layer_0.bin", try_cards, 0 },
	{ "graph.json", try_graph, 1 },
};
enum { FILES = sizeof files / sizeof *files };

static void
make_files(void)
{
	copy_model();
	make_cards();
	scratch_copy("graph.json", "graphs/reference.json");
}

static void
every_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		struct stat st;

		make_files();
		assert_int_equal(files[i].open(), CT_OK);
		assert_int_equal(stat(files[i].path, &st), 0);
		for (off_t n = st.st_size - 1 - files[i].blank; n >= 0; n--) {
			assert_int_equal(truncate(files[i].path, n), 0);
			if (files[i].open() == CT_OK)
				fail_msg("%ld of %ld bytes of %s are enough", (long)n, (long)st.st_size,
				    files[i].path);
		}
	}
}

/* A few lines of YAML may end early: then they say less. */
static void
every_shorter_yaml(void **state)
{
	struct stat st;

	(void)state;
	make_files();
	assert_int_equal(stat("g/transcoder/config.yaml", &st), 0);
	for (off_t n = st.st_size - 1; n >= 0; n--) {
		assert_int_equal(truncate("g/transcoder/config.yaml", n), 0);
		try_transcoder();
	}
	assert_int_not_equal(try_transcoder(), CT_OK);
}

/* Flips each bit of the first n bytes in turn. */
static void
flip_bits(const char *path, off_t n, int (*reopen)(void))
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	for (off_t at = 0; at < n; at++) {
		unsigned char byte, flipped;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		for (int bit = 0; bit < 8; bit++) {
			flipped = (unsigned char)(byte ^ 1u << bit);
			assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
			reopen();
		}
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_int_equal(reopen(), CT_OK);
}

/* Of safetensors the header, of others all of it. */
static void
every_flipped_bit(void **state)
{
	(void)state;
	make_files();
	for (size_t i = 0; i < FILES; i++) {
		off_t n = 0;
		struct stat st;
		uint64_t header;
		FILE *f;

		assert_int_equal(stat(files[i].path, &st), 0);
		n = st.st_size;
		if (strstr(files[i].path, ".safetensors")) {
			f = fopen(files[i].path, "rb");
			assert_non_null(f);
			assert_int_equal(fread(&header, 8, 1, f), 1);
			fclose(f);
			n = (off_t)header + 8;
		}
		flip_bits(files[i].path, n, files[i].open);
	}
	flip_bits("g/transcoder/config.yaml", 100, try_transcoder);
}

/* A model of our own that may be damaged: ./g. */
static struct ct_engine *
open_copy(int threads)
{
	const struct ct_engine_options options = { .threads = threads };
	struct ct_engine *e;

	copy_model();
	assert_int_equal(ct_engine_open(&e, "./g", &options, NULL), CT_OK);
	return e;
}

static void
files_that_shrink_while_open(void **state)
{
	const struct ct_trace_options trace = { .targets = { .pos = -1 } };
	struct ct_engine *e = open_copy(1);
	struct ct_session *s;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_session_open(&s, e, NULL), CT_OK);
	assert_int_equal(ct_session_prompt(s, "w1 w2", NULL, NULL), CT_OK);
	assert_int_equal(truncate("g/transcoder/W_dec_1.safetensors", 100), 0);
	assert_int_equal(ct_session_trace(s, &trace, NULL, &err), CT_EIO);
	assert_non_null(strstr(err.msg, "/g/transcoder/W_dec_1.safetensors shrank from "));
	assert_non_null(strstr(err.msg, " to 100 bytes while it was open; open it again"));
	assert_int_equal(truncate("g/model.safetensors", 0), 0);
	assert_int_equal(ct_session_prompt(s, "w3", NULL, &err), CT_EIO);
	assert_int_equal(ct_session_length(s), 3);	/* the old prompt stays */
	ct_session_close(s);
	ct_engine_close(e);
}

/* What happens to a file in the middle of a computation: at its first report of progress. */
struct damage {
	const char *path;
	bool overwrite;		/* in place, with as many bytes; else cut off */
	bool done;
};

static bool
do_damage(void *ctx, const char *phase, long done, long total)
{
	struct damage *d = ctx;
	struct stat st;
	int fd;

	(void)phase;
	(void)done;
	(void)total;
	if (d->done)
		return true;
	d->done = true;
	assert_int_equal(stat(d->path, &st), 0);
	assert_int_equal(truncate(d->path, 0), 0);
	if (d->overwrite) {
		fd = open(d->path, O_WRONLY);
		assert_int_equal(ftruncate(fd, st.st_size), 0);
		close(fd);
	}
	return true;
}

static void
damage_during_a_trace(const char *path, bool overwrite, const char *message)
{
	const struct ct_trace_options trace = { .targets = { .pos = -1 } };
	struct damage damage = { .path = path, .overwrite = overwrite };
	const struct ct_job job = { .progress = do_damage, .ctx = &damage };
	struct ct_engine *e = open_copy(2);
	struct ct_session *s;
	struct ct_error err = { 0 };

	assert_int_equal(ct_session_open(&s, e, NULL), CT_OK);
	assert_int_equal(ct_session_prompt(s, "w1 w2 w3 w4", NULL, NULL), CT_OK);
	assert_int_equal(ct_session_trace(s, &trace, &job, &err), CT_EIO);
	assert_true(damage.done);
	if (!strstr(err.msg, message))
		fail_msg("%s", err.msg);
	assert_null(ct_session_graph(s));
	ct_session_close(s);
	ct_engine_close(e);
}

static void
files_that_change_during_a_computation(void **state)
{
	(void)state;
	ct_map_guard();
	damage_during_a_trace("g/model.safetensors", false, " shrank from ");
	damage_during_a_trace("g/transcoder/W_dec_0.safetensors", false, " to 0 bytes while it was open");
	damage_during_a_trace("g/model.safetensors", true,
	    " was written to while it was open; open it again");
}

/* Other faults than those of mapped files stay what they are. */
static void
other_faults_still_kill(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = { 0 };

		setrlimit(RLIMIT_CORE, &none);
		ct_map_guard();
		raise(SIGBUS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(every_shorter_yaml),
		cmocka_unit_test(every_flipped_bit),
		cmocka_unit_test(files_that_shrink_while_open),
		cmocka_unit_test(files_that_change_during_a_computation),
		cmocka_unit_test(other_faults_still_kill),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
