/*
 * sniff: files that are something else are named for what they are, and so is what was cut off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "io/json.h"
#include "io/safetensors.h"
#include "io/yaml.h"
#include "scratch.h"

#define F32(name, shape, begin, end) \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void
check(size_t i, int code, const struct ct_error *err, const char *message)
{
	if (code == CT_OK)
		fail_msg("case %zu loaded; expected: %s", i, message);
	assert_string_equal(err->msg, message);
}

/* What people have under the name of a model's file. */
static const struct {
	const char *data;
	size_t n;
	const char *is;
} others[] = {
#define OTHER(text, is) { text, sizeof(text) - 1, is }
	OTHER("version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 2471645608\n",
	    "this is a Git LFS pointer to a file of 2471645608 bytes, not %s; fetch the file that it stands "
	    "for: git lfs pull"),
	OTHER("version https://git-lfs.github.com/spec/v1\n",
	    "this is a Git LFS pointer, not %s; fetch the file that it stands for: git lfs pull"),
	OTHER("\n <!DOCTYPE html><title>Sign in</title>", "this is a web page (HTML or XML), not %s; the "
	    "download gave a page in place of the file; download it again"),
	OTHER("\xEF\xBB\xBF<?xml version=\"1.0\"?><Error>AccessDenied</Error>", "this is a web page (HTML or "
	    "XML), not %s; the download gave a page in place of the file; download it again"),
	OTHER("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl",
	    "this is a PyTorch checkpoint, not %s; save it as safetensors (in Python: "
	    "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW))"),
	OTHER("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0W_enc.npy",
	    "this is a NumPy archive (.npz), not %s; name the right file"),
	OTHER("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0README.md",
	    "this is a zip archive, not %s; unpack it first"),
	OTHER("\x80\2\x8a\x0al\xfc\x9c", "this is a Python pickle, not %s; save it as safetensors (in "
	    "Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW))"),
	OTHER("\x80\5\x95\x0a\0\0\0", "this is a Python pickle, not %s; save it as safetensors (in "
	    "Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW))"),
	OTHER("\x93NUMPY\1\0", "this is a NumPy array (.npy), not %s; name the right file"),
	OTHER("GGUF\3\0\0\0\x22\1\0\0", "this is a GGUF file, not %s; get the model that it was made from, "
	    "with its config.json, tokenizer.json and safetensors"),
	OTHER("tjgg\3\0\0\0", "this is a GGML file, not %s; get the model that it was made from, with its "
	    "config.json, tokenizer.json and safetensors"),
	OTHER("\x0a\x0e\x0a\x05<unk>\x15", "this is a SentencePiece model, not %s; write tokenizer.json from "
	    "it (in Python: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR))"),
	OTHER("\x89HDF\r\n\x1a\n", "this is an HDF5 file, not %s; save it as safetensors"),
	OTHER("\x1f\x8b\x08\0", "this is compressed with gzip, not %s; unpack it first: gunzip"),
	OTHER("\x28\xb5\x2f\xfd\4", "this is a compressed file or archive, not %s; unpack it first"),
	OTHER("\xfd" "7zXZ\0", "this is a compressed file or archive, not %s; unpack it first"),
	OTHER("\xff\xfe{\0", "this is text in UTF-16, not %s; save it as UTF-8"),
	OTHER("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "this is nothing but zeros, as an unfinished download "
	    "leaves it, not %s; download it again"),
	OTHER("", "the file is empty; expected %s"),
#undef OTHER
};

static void
expect_other(size_t i, int code, const struct ct_error *err, const char *noun)
{
	char message[600];

	snprintf(message, sizeof message, "o: ");
	for (const char *p = others[i].is; *p; p++) {
		size_t n = strlen(message);

		if (p[0] == '%' && p[1] == 's')
			snprintf(message + n, sizeof message - n, "%s", noun), p++;
		else
			snprintf(message + n, sizeof message - n, "%c", *p);
	}
	check(i, code, err, message);
}

static void
other_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct ct_error err = { 0 };
		struct ct_tensors *t = NULL;
		struct ct_yaml_doc *doc = NULL;
		json_t *v = NULL;

		scratch_write("o", others[i].data, others[i].n);
		expect_other(i, ct_tensors_open(&t, "o", &err), &err, "a safetensors file");
		expect_other(i, ct_json_load(&v, "o", 4096, &err), &err, "a JSON file");
		if (others[i].n)
			expect_other(i, ct_yaml_open(&doc, "o", NULL, 0, &err), &err, "a YAML file");
		assert_null(t);
		assert_null(v);
		assert_null(doc);
	}
}

/* A safetensors file in the place of text is named, and what was cut off says how much there is. */
static void
cut_off(void **state)
{
	static const char header[] = "{" F32("a", "[4]", "0", "16") "}";
	struct ct_error err = { 0 };
	struct ct_tensors *t;
	char data[256];
	size_t whole;
	json_t *v;

	(void)state;
	scratch_tensors("b", header, NULL, 16);
	assert_int_equal(ct_json_load(&v, "b", 4096, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "b: this is a safetensors file, not a JSON file; name the right file");
	whole = 8 + (strlen(header) + 7) / 8 * 8 + 16;
	{
		FILE *f = fopen("b", "rb");

		assert_non_null(f);
		whole = fread(data, 1, sizeof data, f);
		fclose(f);
	}
	for (size_t n = 1; n < whole; n++) {
		char wanted[160];

		scratch_write("b", data, n);
		assert_int_equal(ct_tensors_open(&t, "b", &err), CT_EFORMAT);
		if (n <= 8)
			snprintf(wanted, sizeof wanted, "b: %zu bytes are too few for a safetensors file", n);
		else if (n < whole - 16)
			snprintf(wanted, sizeof wanted, "b: cut off at %zu bytes, within its header of %zu; "
			    "download it again", n, whole - 24);
		else
			snprintf(wanted, sizeof wanted, "b: cut off at %zu of %zu bytes; download it again",
			    n, whole);
		assert_string_equal(err.msg, wanted);
	}
	scratch_text("j.json", "{\"a\": [1, 2");
	assert_int_equal(ct_json_load(&v, "j.json", 4096, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "j.json: ends in the middle, after 11 bytes; was it cut off? Download "
	    "or write it again");
}

/* JSON that has bytes of a SentencePiece model in their places is JSON. */
static void
like_a_sentencepiece_model(void **state)
{
	static const char *const texts[] = { "\n\n\n{\"a\": [1, 2]}", "\n \n{\"a\": [1, 2]}",
		"[\n\n\"<unk>\"]", "[  \"<pad>\"]", "\n\n\n[0]" };
	struct ct_error err = { 0 };
	json_t *v;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		scratch_text("j.json", texts[i]);
		if (ct_json_load(&v, "j.json", 4096, &err) != CT_OK)
			fail_msg("%s", err.msg);
		json_decref(v);
	}
}

/* A byte order mark is no reason to refuse text. */
static void
byte_order_mark(void **state)
{
	struct ct_error err = { 0 };
	struct ct_yaml_doc *doc;
	json_t *v;

	(void)state;
	scratch_text("j.json", "\xEF\xBB\xBF{\"a\": 1}");
	assert_int_equal(ct_json_load(&v, "j.json", 4096, &err), CT_OK);
	assert_int_equal(json_integer_value(json_object_get(v, "a")), 1);
	json_decref(v);
	scratch_text("y.yaml", "\xEF\xBB\xBF" "a: 1\n");
	assert_int_equal(ct_yaml_open(&doc, "y.yaml", NULL, 0, &err), CT_OK);
	assert_non_null(ct_yaml_get(ct_yaml_root(doc), "a"));
	ct_yaml_close(doc);
}

/* A dtype that nobody needs costs nothing; its name is there for whoever does need the tensor. */
static void
unneeded_dtypes(void **state)
{
	static const char header[] = "{\"a\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[0,4]},"
	    "\"b\":{\"dtype\":\"F8_E8M0\",\"shape\":[4],\"data_offsets\":[4,8]}," F32("c", "[2]", "8", "16")
	    "}";
	struct ct_error err = { 0 };
	struct ct_tensors *t;

	(void)state;
	scratch_tensors("b", header, NULL, 16);
	assert_int_equal(ct_tensors_open(&t, "b", &err), CT_OK);
	assert_int_equal(ct_tensors_count(t), 1);
	assert_string_equal(ct_tensors_unread(t, "a"), "F4");
	assert_string_equal(ct_tensors_unread(t, "b"), "F8_E8M0");
	assert_non_null(ct_tensors_find(t, "c"));
	ct_tensors_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_files),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(like_a_sentencepiece_model),
		cmocka_unit_test(byte_order_mark),
		cmocka_unit_test(unneeded_dtypes),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
