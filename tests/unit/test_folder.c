/*
 * folder: a name, a file or a folder that is no model directory is told what it is and what to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "ctrace.h"
#include "io/folder.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "scratch.h"

#define SAVE "in Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(DIR)"
#define SAVE_TOKENIZER "in Python: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
#define LAYOUT "get the same model in Hugging Face's layout (config.json, tokenizer.json, safetensors)"

static void
names(void **state)
{
	static const struct {
		const char *name, *message;
	} cases[] = {
		{ "owner/Some-model_1.5B", "owner/Some-model_1.5B: no such model directory; if that is a "
		    "model's name on the Hugging Face Hub, download it first: hf download "
		    "owner/Some-model_1.5B --local-dir Some-model_1.5B" },
		{ "a/b/c", "a/b/c: no such model directory; 'ctrace models' lists what is installed" },
		{ "./owner/name", "./owner/name: no such model directory; 'ctrace models' lists what is "
		    "installed" },
		{ "m.gguf", "m.gguf: this is a GGUF file, not a model directory; get the model that it was "
		    "made from, with its config.json, tokenizer.json and safetensors" },
		{ "m.safetensors", "m.safetensors: this is a file; name the model's directory" },
		{ "m.json", "m.json: this is a file; name the model's directory" },
	};

	(void)state;
	scratch_write("m.gguf", "GGUF\3\0\0\0", 8);
	scratch_tensors("m.safetensors", "{}", NULL, 0);
	scratch_text("m.json", "{}");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_error err = { 0 };
		char *dir;

		assert_int_not_equal(ct_model_find(&dir, cases[i].name, &err), CT_OK);
		assert_string_equal(err.msg, cases[i].message);
		assert_null(dir);
	}
}

static void
folders(void **state)
{
	static const struct {
		const char *file, *message;
		int part;
	} cases[] = {
		{ "adapter_config.json", "no config.json; adapter_config.json is an adapter (LoRA), which is "
		    "not a model by itself: merge it into its base model (in Python: "
		  "PeftModel.from_pretrained(...).merge_and_unload().save_pretrained(DIR)) and name that",
		  0 },
		{ "params.json", "no config.json; params.json is a model in its maker's own layout: " LAYOUT,
		    0 },
		{ "pytorch_model.bin", "no model.safetensors; pytorch_model.bin is a PyTorch checkpoint: "
		    "save it as safetensors (" SAVE ")", 1 },
		{ "pytorch_model.bin.index.json", "no model.safetensors; pytorch_model.bin.index.json is a "
		    "PyTorch checkpoint in parts: save it as safetensors (" SAVE ")", 1 },
		{ "consolidated.safetensors", "no model.safetensors; consolidated.safetensors is weights in "
		    "their maker's own layout: " LAYOUT, 1 },
		{ "adapter_model.safetensors", "no model.safetensors; adapter_model.safetensors is an "
		    "adapter (LoRA): merge it into its base model and save that", 1 },
		{ "tf_model.h5", "no model.safetensors; tf_model.h5 is TensorFlow weights: save them as "
		    "safetensors (from_tf=True; " SAVE ")", 1 },
		{ "model-00001-of-00002.safetensors", "no model.safetensors; "
		    "model-00001-of-00002.safetensors is one of several parts, and "
		    "model.safetensors.index.json, which lists them, is missing: download the whole model "
		    "again", 1 },
		{ "weights.safetensors", "no model.safetensors; weights.safetensors has weights under "
		    "another name: rename it to model.safetensors if it is the whole model", 1 },
		{ "model-Q4_K.gguf", "no model.safetensors; model-Q4_K.gguf is GGUF: " LAYOUT, 1 },
		{ "model.onnx", "no model.safetensors; model.onnx is ONNX: " LAYOUT, 1 },
		{ "tokenizer.model", "no tokenizer.json; tokenizer.model is a SentencePiece tokenizer: write "
		    "tokenizer.json (" SAVE_TOKENIZER ")", 2 },
		{ "vocab.json", "no tokenizer.json; vocab.json is an older tokenizer (vocab.json and "
		    "merges.txt): write tokenizer.json (" SAVE_TOKENIZER ")", 2 },
	};

	(void)state;
	assert_int_equal(ct_dir_make("f", NULL), CT_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_error err = { 0 };
		struct ct_tokenizer *t = NULL;
		struct ct_model *m = NULL;
		char path[64], message[400], *dir = NULL;
		int code;

		snprintf(path, sizeof path, "f/%s", cases[i].file);
		snprintf(message, sizeof message, "f: %s", cases[i].message);
		scratch_text(path, "x");
		if (cases[i].part == 1)
			scratch_copy("f/config.json", "golden/llama-clt/config.json");
		code = cases[i].part == 0 ? ct_model_find(&dir, "f", &err)
		     : cases[i].part == 1 ? ct_model_open(&m, "f", NULL, &err) : ct_tokenizer_open(&t, "f",
		     &err);
		assert_int_equal(code, CT_EUNSUPPORTED);
		assert_string_equal(err.msg, message);
		unlink(path);
		unlink("f/config.json");
	}
}

#define CONVERT "whose layout is not supported: convert each layer to layer_{l}.safetensors, and write a " \
	"config.yaml; ctrace-models(5) has the tensors and keys"

/* What is no transcoder, by its name and by what is in it. */
static void
transcoders(void **state)
{
	static const struct {
		const char *file, *message;
	} cases[] = {
		{ "cfg.json", "t: no config.yaml; cfg.json is of SAELens, " CONVERT },
		{ "hyperparams.json",
		  "t: no config.yaml; hyperparams.json is of Language-Model-SAEs, " CONVERT },
		{ "params.npz", "t: no config.yaml; params.npz is one layer of Gemma Scope: put a "
		    "config.yaml that lists the files, as mwhanna/gemma-scope-transcoders has it, "
		    "above them" },
		{ "W_enc_0.safetensors", "t: no config.yaml; W_enc_0.safetensors is a layer of a cross-layer "
		    "transcoder: download its config.yaml too, or write one; ctrace-models(5) has the keys" },
	};
	struct ct_error err = { 0 };

	(void)state;
	assert_int_equal(ct_dir_make("t", NULL), CT_OK);
	assert_int_equal(ct_folder_explain("t", CT_FOLDER_TRANSCODER, &err), CT_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[64];

		snprintf(path, sizeof path, "t/%s", cases[i].file);
		scratch_text(path, "x");
		assert_int_equal(ct_folder_explain("t", CT_FOLDER_TRANSCODER, &err), CT_EUNSUPPORTED);
		assert_string_equal(err.msg, cases[i].message);
		unlink(path);
	}
	assert_int_equal(ct_dir_make("t/transcoder", NULL), CT_OK);
	assert_int_equal(ct_folder_explain("t", CT_FOLDER_TRANSCODER, &err), CT_EUNSUPPORTED);
	assert_string_equal(err.msg, "t: no config.yaml; transcoder is a folder for a model's transcoder: "
	    "name that");
	scratch_text("params.npz", "PK");
	assert_int_equal(ct_folder_explain_name("params.npz", "transcoder", &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "params.npz: this is a file; name the transcoder's directory");
	assert_int_equal(ct_folder_explain_name("hf://a/b-c", "transcoder", &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "hf://a/b-c: no such transcoder directory; if that is a transcoder's "
	    "name on the Hugging Face Hub, download it first: hf download a/b-c --local-dir b-c");
	assert_int_equal(ct_folder_explain_name("nothing", "transcoder", &err), CT_OK);
}

/* A directory that may be entered but not listed: nobody knows that it has no weights. */
static void
a_folder_that_cannot_be_listed(void **state)
{
	struct ct_error err = { 0 };

	(void)state;
	assert_int_equal(ct_folder_explain("none/there", CT_FOLDER_WEIGHTS, &err), CT_EIO);
	assert_string_equal(err.msg, "none/there: no model.safetensors is found, and the directory cannot be "
	    "listed to see what it has: No such file or directory");
}

/* An adapter beside a whole model changes what Hugging Face computes; here it is only said. */
static void
an_adapter_beside_a_model(void **state)
{
	struct ct_error err = { 0 };
	struct ct_model *m;

	(void)state;
	scratch_golden("llama-clt");
	scratch_text("g/adapter_config.json", "{}");
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_OK);
	assert_int_equal(m->notes.n, 1);
	assert_string_equal(m->notes.text[0], "g/adapter_config.json: the adapter in this directory is "
	    "ignored; to use it, merge it into the weights");
	ct_model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(folders),
		cmocka_unit_test(transcoders),
		cmocka_unit_test(a_folder_that_cannot_be_listed),
		cmocka_unit_test(an_adapter_beside_a_model),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
