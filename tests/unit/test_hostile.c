/*
 * hostile: bad files of every kind each give their one exact line. What is cut off or damaged is
 * test_damage's.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "cards/store.h"
#include "io/deflate.h"
#include "io/json.h"
#include "io/yaml.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "scratch.h"

#define F32(name, shape, begin, end) \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

/* All have 16 bytes of data. */
static const struct {
	const char *header, *message;
} tensors[] = {
	{ "", "b: this is nothing but zeros, as an unfinished download leaves it, not a safetensors file; "
	      "download it again" },
	{ "[]", "b: byte 8: expected '{', the start of the header" },
	{ "{\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}}",
	  "b: tensor a: expected {\"dtype\", \"shape\", \"data_offsets\": [begin, end]}" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
	  "b: tensor a: expected {\"dtype\", \"shape\", \"data_offsets\": [begin, end]}" },
	{ "{\"a\":1}", "b: tensor a: expected {\"dtype\", \"shape\", \"data_offsets\": [begin, end]}" },
	{ "{\"a\":", "b (header):1:5: not valid JSON: unexpected token near end of file" },
	{ "{" F32("a", "[4]", "0", "16") "} x",
	  "b (header):1:57: not valid JSON: end of file expected near 'x'" },
	{ "{" F32("a", "[2]", "0", "8") "," F32("b", "[3]", "4", "16") "}",
	  "b: tensor b begins at byte 4, inside tensor a" },
	{ "{" F32("a", "[1]", "0", "4") "," F32("b", "[2]", "8", "16") "}",
	  "b: bytes 4 to 8 before tensor b belong to no tensor" },
	{ "{" F32("a", "[3]", "0", "12") "}", "b: 4 bytes after the last tensor belong to no tensor" },
	{ "{" F32("a", "[4]", "16", "0") "}",
	  "b: tensor a: begins at byte 16 and ends before, at byte 0" },
	{ "{" F32("a", "[8]", "0", "32") "}",
	  "b: cut off at 79 of 95 bytes; download it again" },
	{ "{" F32("a", "[5]", "0", "16") "}",
	  "b: tensor a: its shape needs 20 bytes of F32, its offsets span 16" },
	{ "{" F32("a", "[4]", "-16", "0") "}", "b: tensor a: \"data_offsets\" are not sizes" },
	{ "{" F32("a", "[4294967296,4294967296]", "0", "16") "}",
	  "b: tensor a: the product of \"shape\" overflows" },
	{ "{" F32("a", "[4611686018427387905,4]", "0", "16") "}",
	  "b: tensor a: the product of \"shape\" overflows" },
	{ "{" F32("a", "[-4]", "0", "16") "}", "b: tensor a: \"shape\"[0] is not a size" },
	{ "{" F32("a", "[4.0]", "0", "16") "}", "b: tensor a: \"shape\"[0] is not a size" },
	{ "{" F32("a", "[1,1,1,1,1,1,1,1,4]", "0", "16") "}",
	  "b: tensor a: \"shape\": expected a list of at most 8 sizes" },
	{ "{" F32("a", "4", "0", "16") "}", "b: tensor a: \"shape\": expected a list of at most 8 sizes" },
	{ "{" F32("a", "[4]", "0", "99999999999999999999") "}",
	  "b (header):1:70: not valid JSON: too big integer near '99999999999999999999'" },
	{ "{" F32("a", "[2]", "0", "8") "," F32("a", "[2]", "8", "16") "}",
	  "b (header):1:57: not valid JSON: duplicate object key near '\"a\"'" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}",
	  "b: tensor a: expected {\"dtype\", \"shape\", \"data_offsets\": [begin, end]}" },
	{ "{" F32("a\\u0000b", "[4]", "0", "16") "}",
	  "b (header):1:11: not valid JSON: NUL byte in object key not supported near '\"a\\u0000b\"'" },
	{ "{" F32("a\xff", "[4]", "0", "16") "}",
	  "b (header):1:3: not valid JSON: unable to decode byte 0xff near '\"a'" },
};

#define LLAMA \
    "\"model_type\":\"llama\",\"hidden_size\":32,\"intermediate_size\":64,\"num_hidden_layers\":2," \
	"\"num_attention_heads\":4,\"vocab_size\":100"
#define GEMMA2 \
	"\"model_type\":\"gemma2\",\"hidden_size\":32,\"intermediate_size\":64,\"num_hidden_layers\":2"
#define GPT2 "\"model_type\":\"gpt2\",\"n_embd\":32,\"n_layer\":2,\"n_head\":4,\"vocab_size\":100"

static const struct {
	const char *json, *message;
} configs[] = {
	{ "", ": the file is empty; expected a JSON file" },
	{ "[1]", ": expected an object {...}" },
	{ "{}", ": \"model_type\" is missing" },
	{ "{\"model_type\": \"mamba\"}",
	  ": model_type \"mamba\" is not supported (supported: llama, gpt2, qwen2, qwen3, "
	  "mistral, gemma, gemma2, gemma3, gemma3_text)" },
	{ "{\"model_type\": \"gemma3\"}", ": \"text_config\" is missing or not an object" },
	{ "{" GEMMA2 ", \"layer_types\": [\"full_attention\"]}",
	  ": \"layer_types\": expected a list of 2, one for each layer" },
	{ "{" GEMMA2 ", \"layer_types\": [\"full_attention\", \"linear_attention\"]}",
	  ": \"layer_types\": the type of layer 1 is not supported (supported: full_attention, "
	  "sliding_attention)" },
	{ "{" GEMMA2 ", \"sliding_window\": null, \"layer_types\": [\"full_attention\", "
	  "\"sliding_attention\"]}",
	  ": \"layer_types\": layer 1 is sliding_attention, but there is no \"sliding_window\"" },
	{ "{" GEMMA2 ", \"query_pre_attn_scalar\": 0}",
	  ": \"query_pre_attn_scalar\": expected a positive number, found 0" },
	{ "{" GEMMA2 ", \"final_logit_softcapping\": -2}",
	  ": \"final_logit_softcapping\": expected a positive number or null, found -2" },
	{ "{\"model_type\": 3}", ": \"model_type\": expected a string, found an integer" },
	{ "{\"model_type\": \"llama\", \"model_type\": \"gpt2\"}", ": \"n_embd\" is missing" },
	{ "{\"model_type\": \"llama\"}", ": \"hidden_size\" is missing" },
	{ "{" LLAMA ",\"hidden_act\": \"mish\"}",
	  ": \"hidden_act\": the activation \"mish\" is not supported (supported: silu, gelu, gelu_new, "
	  "gelu_pytorch_tanh, relu)" },
	{ "{" LLAMA ",\"num_key_value_heads\": 3}", ": 4 heads cannot share 3 key/value heads evenly" },
	{ "{" LLAMA ",\"num_key_value_heads\": 0}",
	  ": \"num_key_value_heads\": expected 1 to 1048576, found 0" },
	{ "{" LLAMA ",\"head_dim\": 5}", ": rotary positions need an even head width, found 5" },
	{ "{" LLAMA ",\"head_dim\": 1000000}",
	  ": 4 heads of width 1000000 are too wide; expected at most 1048576 together" },
	{ "{" LLAMA ",\"rms_norm_eps\": -1}", ": the norm's epsilon: expected 0 to 1, found -1" },
	{ "{" LLAMA ",\"rope_theta\": 0}", ": \"rope_theta\": expected a positive number, found 0" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 2.0}}",
	  ": \"rope_scaling\": the type \"yarn\" is not supported (supported: default, linear, dynamic, "
	  "llama3); if it was only added to stretch the context, use a copy of the model without it" },
	{ "{" LLAMA ",\"rope_scaling\": {\"rope_type\": \"longrope\"}}",
	  ": \"rope_scaling\": the type \"longrope\" is not supported (supported: default, linear, dynamic, "
	  "llama3); if it was only added to stretch the context, use a copy of the model without it" },
	{ "{" LLAMA ",\"rope_scaling\": {\"factor\": 2.0}}",
	  ": \"rope_scaling\": \"rope_type\" is missing, and without it the kind of scaling is not known "
	  "(supported: default, linear, dynamic, llama3)" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": null}}",
	  ": \"rope_scaling\": \"rope_type\" is missing, and without it the kind of scaling is not known "
	  "(supported: default, linear, dynamic, llama3)" },
	{ "{" LLAMA ",\"rope_scaling\": {}}",
	  ": \"rope_scaling\": \"rope_type\" is missing, and without it the kind of scaling is not known "
	  "(supported: default, linear, dynamic, llama3)" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": 3}}",
	  ": \"rope_scaling\": \"type\": expected a string, found an integer" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"linear\", \"rope_type\": \"llama3\", \"factor\": 2}}",
	  ": \"rope_scaling\": \"rope_type\" is \"llama3\" and \"type\", its older name, is \"linear\"; "
	  "remove the wrong one" },
	{ "{" LLAMA ",\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}}",
	  ": \"rope_parameters\": one map for each type of layer is not supported in this model_type" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"llama3\", \"factor\": 2.0}}",
	  ": \"rope_scaling\": \"low_freq_factor\" is missing" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"linear\"}}",
	  ": \"rope_scaling\": \"factor\" is missing" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}}",
	  ": \"rope_scaling\": \"factor\": expected a positive number, found 0" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, "
	    "\"high_freq_factor\": 1, \"original_max_position_embeddings\": 64}}",
	  ": \"rope_scaling\": expected 0 < low_freq_factor < high_freq_factor, found 4, 1" },
	{ "{" LLAMA ",\"rope_scaling\": 2}",
	  ": \"rope_scaling\": expected an object or null" },
	{ "{" LLAMA ",\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}, \"rope_parameters\": "
	    "{\"rope_type\": \"default\"}}",
	  ": \"rope_parameters\" and \"rope_scaling\" disagree; remove the wrong one" },
	{ "{" LLAMA ",\"rope_theta\": 500, \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": "
	    "1000}}",
	  ": \"rope_theta\" is 500 and 1000; remove the wrong one" },
	{ "{" LLAMA ",\"partial_rotary_factor\": 0.5}",
	  ": \"partial_rotary_factor\": 0.5 is not supported (supported: 1)" },
	{ "{" LLAMA ",\"rope_parameters\": {\"rope_type\": \"default\", \"partial_rotary_factor\": 0.25}}",
	  ": \"rope_parameters\": \"partial_rotary_factor\": 0.25 is not supported (supported: 1)" },
	{ "{" LLAMA ",\"is_encoder_decoder\": true}",
	  ": \"is_encoder_decoder\": true is not supported (supported: false)" },
	{ "{" LLAMA ",\"pruned_heads\": {\"1\": [0]}}",
	  ": \"pruned_heads\": {\"1\":[0]} is not supported (supported: {})" },
	{ "{" LLAMA ",\"attention_bias\": \"yes\"}",
	  ": \"attention_bias\": expected true or false, found a string" },
	{ "{" LLAMA ",\"rms_norm_eps\": \"1e-5\"}",
	  ": \"rms_norm_eps\": expected a number, found a string" },
	{ "{" LLAMA ",\"bos_token_id\": [1]}",
	  ": \"bos_token_id\": expected an integer, found a list" },
	{ "{" LLAMA ",\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4}}",
	  ": \"quantization_config\": gptq weights are not supported; use the F32, F16 or BF16 model" },
	{ "{" LLAMA ",\"compression_config\": {}}",
	  ": \"compression_config\": quantized weights are not supported; use the F32, F16 or BF16 model" },
	{ "{" GPT2 ",\"scale_attn_weights\": false}",
	  ": \"scale_attn_weights\": false is not supported (supported: true)" },
	{ "{" GPT2 ",\"add_cross_attention\": true}",
	  ": \"add_cross_attention\": true is not supported (supported: false)" },
	{ "{" GPT2 ",\"hidden_size\": 64}",
	  ": \"n_embd\" is 32 and \"hidden_size\", another name for it, is 64; remove the wrong one" },
	{ "{" GPT2 ",\"activation_function\": \"quick_gelu\"}",
	  ": \"activation_function\": the activation \"quick_gelu\" is not supported (supported: silu, gelu, "
	  "gelu_new, gelu_pytorch_tanh, relu)" },
	{ "{" LLAMA ",\"quantization_config\": {}}",
	  ": \"quantization_config\": quantized weights are not supported; use the F32, F16 or BF16 model" },
	{ "{" LLAMA ",\"max_position_embeddings\": 1e9}",
	  ": \"max_position_embeddings\": expected an integer, found a number" },
	{ "{" LLAMA ",\"max_position_embeddings\": 99999999999}",
	  ": \"max_position_embeddings\": expected 1 to 16777216, found 99999999999" },
	{ "{" GPT2 ",\"scale_attn_by_inverse_layer_idx\": true}",
	  ": \"scale_attn_by_inverse_layer_idx\": true is not supported (supported: false)" },
	{ "{\"model_type\":\"gpt2\",\"n_embd\":30,\"n_layer\":2,\"n_head\":4,\"vocab_size\":100}",
	  ": n_embd 30 is not a multiple of n_head 4" },
};

#define WORDS "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}"
#define BYTES "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"

static const struct {
	const char *json, *message;
} tokenizers[] = {
	{ "{}", ": \"model\": expected an object" },
	{ "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}",
	  ": model \"Unigram\" is not supported (supported: WordLevel, BPE)" },
	{ "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{}}}", ": the vocabulary is empty" },
	{ "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0,\"b\":0}}}",
	  ": tokens \"a\" and \"b\" have the same id 0" },
	{ "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":-1}}}",
	  ": the id of token \"a\": expected an integer from 0 on" },
	{ "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":2000000000}}}",
	  ": token id 2000000000 is too large for a vocabulary of 1 tokens" },
	{ "{" WORDS ",\"added_tokens\":[{\"id\":1}]}", ": added_tokens[0]: \"content\": expected a string" },
	{ "{" WORDS ",\"normalizer\":{\"type\":\"Lowercase\"}}",
	  ": normalizer \"Lowercase\" is not supported (supported: NFC, Prepend, Replace, Sequence)" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}}",
	  ": pre_tokenizer \"UnicodeScripts\" is not supported (supported: Whitespace, WhitespaceSplit, "
	  "ByteLevel, Split, Digits, Metaspace, Sequence)" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Metaspace\"}}", ": \"replacement\" is missing" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"ab\"}}",
	  ": pre_tokenizer: Metaspace: \"replacement\": expected one character" },
	{ "{" WORDS
	    ",\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"last\"}}",
	  ": pre_tokenizer: Metaspace: \"prepend_scheme\": expected always, first or never" },
	{ "{" WORDS
	    ",\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\","
	    "\"add_prefix_space\":false}}",
	  ": pre_tokenizer: Metaspace: \"add_prefix_space\" and \"prepend_scheme\" disagree; remove the "
	  "wrong one" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},"
	    "\"behavior\":\"Isolated\",\"invert\":false}}",
	  ": the pattern \"(\": byte 0: a group without )" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?<=a+)\"},"
	    "\"behavior\":\"Isolated\",\"invert\":false}}",
	  ": the pattern \"(?<=a+)\" is not supported: lookbehind assertion is not fixed length" },
	{ "{" WORDS
	    ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"Joined\","
	    "\"invert\":false}}",
	  ": pre_tokenizer: Split with behavior \"Joined\" is not supported (supported: Removed, Isolated, "
	  "Contiguous, MergedWithPrevious, MergedWithNext)" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{},\"behavior\":\"Removed\","
	    "\"invert\":false}}",
	  ": pre_tokenizer: Split: expected a \"pattern\" with Regex or String" },
	{ "{" WORDS ",\"normalizer\":{\"type\":\"Replace\",\"pattern\":{},\"content\":\"a\"}}",
	  ": normalizer: Replace: expected a \"pattern\" with Regex or String" },
	{ "{" WORDS ",\"normalizer\":{\"type\":\"Prepend\"}}", ": \"prepend\" is missing" },
	{ "{" WORDS ",\"normalizer\":{\"type\":\"Prepend\",\"prepend\":\"\"}}",
	  ": normalizer: Prepend: \"prepend\": expected a text, found none" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Digits\"}}", ": \"individual_digits\" is missing" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"ByteLevel\"}}", ": \"add_prefix_space\" is missing" },
	{ "{" WORDS ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},"
	    "\"behavior\":\"Isolated\"}}", ": \"invert\" is missing" },
	{ "{" WORDS ",\"added_tokens\":{}}", ": \"added_tokens\": expected a list" },
	{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":\"0.1\"}}",
	  ": model: \"dropout\" is not supported" },
	{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"end_of_word_suffix\":true}}",
	  ": \"end_of_word_suffix\": expected a string, found true" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"Sequence\":{\"id\":\"B\"}}]}}",
	  ": TemplateProcessing: \"single\": expected only SpecialToken and the Sequence A" },
	{ "{" WORDS ",\"added_tokens\":[{\"id\":5,\"content\":\"<x>\"}]}",
	  ": added_tokens: \"<x>\" has the id 5, but Hugging Face would give it 1" },
	{ "{" WORDS ",\"added_tokens\":[{\"id\":1,\"content\":\"a\"}]}",
	  ": added_tokens: \"a\" has the id 1, but Hugging Face would give it 0" },
	{ "{" WORDS ",\"normaliser\":{}}", ": the key \"normaliser\" is not known" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"SpecialToken\":{\"id\":\"<bos>\"}}]}}",
	  ": TemplateProcessing: \"special_tokens\" has no \"ids\" for \"<bos>\"" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"SpecialToken\":{\"id\":\"a\"}}],\"special_tokens\":{\"a\":{\"ids\":[2]}}}}",
	  ": TemplateProcessing: \"ids\" of \"a\": expected ids of the vocabulary" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"SpecialToken\":{\"id\":\"a\"}}],\"special_tokens\":{\"a\":{\"ids\":[0]}}}}",
	  ": TemplateProcessing: \"single\" leaves out the text" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"SpecialToken\":{\"id\":\"a\"}}],\"special_tokens\":{\"a\":{\"ids\":[0,0,0,0,0,0,0,0,0]}}}}",
	  ": TemplateProcessing: only up to 8 tokens before the text are supported" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
	  "{\"Sequence\":{\"id\":\"A\"}},{\"SpecialToken\":{\"id\":\"a\"}}]}}",
	  ": TemplateProcessing: tokens after the text are not supported" },
	{ "{" WORDS ",\"post_processor\":{\"type\":\"BertProcessing\"}}",
	  ": post_processor \"BertProcessing\" is not supported (supported: TemplateProcessing, ByteLevel, "
	  "and one Sequence of these)" },
	{ "{" BYTES ",\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}}",
	  ": a ByteLevel pre_tokenizer is supported with BPE only" },
	{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}}",
	  ": model: \"dropout\" is not supported" },
	{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"byte_fall_back\":true}}",
	  ": model: the key \"byte_fall_back\" is not known" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}",
	  ": merges[0]: \"ab\" or a half of it is not in the vocabulary" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"ab\":1},\"merges\":[\"a b\"]}}",
	  ": merges[0]: \"ab\" or a half of it is not in the vocabulary" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"b\":0,\"ab\":1},\"merges\":[\"a b\"]}}",
	  ": merges[0]: \"ab\" or a half of it is not in the vocabulary" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"]}}",
	  ": merges[0]: \"ab\" or a half of it is not in the vocabulary" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"ab\"]}}",
	  ": merges[0]: expected \"a b\" or [\"a\", \"b\"]" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":{}}}",
	  ": model: \"merges\": expected a list" },
	{ "{" BYTES ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],"
	  "\"end_of_word_suffix\":\"</w>\"}}",
	  ": model: \"end_of_word_suffix\" \"</w>\" is not supported" },
};

static const struct {
	const char *text, *message;
} yamls[] = {
	{ "", "t.yaml: the file is empty" },
	{ "a: &x [1]\nb: *x\n", "t.yaml:1: anchors (&name) are not allowed; write the value out" },
	{ "b: *x\n", "t.yaml:1: aliases (*name) are not allowed; write the value out" },
	{ "a: !!str 1\n", "t.yaml:1: tags (!name) are not allowed; write the plain value" },
	{ "a: 1\nb: 2\na: 3\n", "t.yaml:3: the key \"a\" occurs twice (first in line 1)" },
	{ "? [a]\n: 1\n", "t.yaml:1: a key must be plain text, found a list or map" },
	{ "a: 1\n---\nb: 2\n", "t.yaml:2: a second document; expected one" },
	{ "a: \"x\\0y\"\n", "t.yaml:1: a NUL character in text" },
	{ "a: [1, 2\n", "t.yaml:2: not valid YAML: did not find expected ',' or ']'" },
	{ "a: \xff\n", "t.yaml: byte 3: not UTF-8 text: invalid leading UTF-8 octet" },
	{ "\tx: 1\n", "t.yaml:1: not valid YAML: found character that cannot start any token" },
};

static void
check(size_t i, int code, const struct ct_error *err, const char *path, const char *message)
{
	char wanted[sizeof err->msg];

	snprintf(wanted, sizeof wanted, "%s%s", path, message);
	if (code == CT_OK)
		fail_msg("case %zu loaded; expected: %s", i, wanted);
	assert_string_equal(err->msg, wanted);
}

static void
bad_safetensors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
		struct ct_error err = { 0 };
		struct ct_tensors *t;
		int code;

		scratch_tensors("b", tensors[i].header, NULL, 16);
		code = ct_tensors_open(&t, "b", &err);
		check(i, code, &err, "", tensors[i].message);
		assert_null(t);
	}
}

static void
bad_lengths(void **state)
{
	static const uint64_t lengths[] = { 17, UINT64_MAX, (16 << 20) + 1, 1ull << 63 };
	struct ct_error err;
	struct ct_tensors *t;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		unsigned char data[24] = { 0 };
		char wanted[120];

		memcpy(data, &lengths[i], 8);
		scratch_write("b", data, sizeof data);
		assert_int_equal(ct_tensors_open(&t, "b", &err), CT_EFORMAT);
		snprintf(wanted, sizeof wanted, "b: the header's length at byte 0 is %llu; expected at most "
		    "16", (unsigned long long)lengths[i]);
		assert_string_equal(err.msg, wanted);
	}
	scratch_write("b", "1234567", 7);
	assert_int_equal(ct_tensors_open(&t, "b", &err), CT_EFORMAT);
	assert_string_equal(err.msg, "b: 7 bytes are too few for a safetensors file");
}

static void
bad_configs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
		struct ct_error err = { 0 };
		struct ct_config c;

		scratch_text("config.json", configs[i].json);
		check(i, ct_config_load(&c, ".", NULL, &err), &err, "./config.json", configs[i].message);
	}
}

static void
bad_tokenizers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tokenizers / sizeof *tokenizers; i++) {
		struct ct_error err = { 0 };
		struct ct_tokenizer *t;

		scratch_text("tokenizer.json", tokenizers[i].json);
		check(i, ct_tokenizer_open(&t, ".", &err), &err, "./tokenizer.json", tokenizers[i].message);
		assert_null(t);
	}
}

static void
bad_yaml(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
		struct ct_error err = { 0 };
		struct ct_yaml_doc *d;
		int code = ct_yaml_open(&d, "t.yaml", yamls[i].text, strlen(yamls[i].text), &err);

		check(i, code, &err, "", yamls[i].message);
		assert_null(d);
	}
}

static void
bombs(void **state)
{
	enum { N = 100000, BIG = (1 << 20) + 1 };
	char *text = malloc(BIG);
	struct ct_yaml_doc *d;
	struct ct_error err;
	json_t *v;

	(void)state;
	assert_non_null(text);
	memset(text, '[', BIG);
	assert_int_equal(ct_yaml_open(&d, "t.yaml", text, N, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:1: nested more than 32 deep");
	assert_int_equal(ct_yaml_open(&d, "t.yaml", text, BIG, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml has 1048577 bytes; expected at most 1048576");
	assert_int_equal(ct_json_parse(&v, "t.json", text, 4000, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json:1:2049: not valid JSON: maximum parsing depth reached near '['");
	free(text);
}

static void
bad_places(void **state)
{
	struct ct_error err;
	struct ct_model *m;

	(void)state;
	assert_int_equal(ct_model_open(&m, "nowhere", NULL, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "nowhere: there is no such model directory");
	assert_int_equal(ct_dir_make("bare", NULL), CT_OK);
	assert_int_equal(ct_model_open(&m, "bare", NULL, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot open bare/config.json: No such file or directory");
	scratch_copy("bare/config.json", "golden/llama-clt/config.json");
	assert_int_equal(ct_model_open(&m, "bare", NULL, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "bare: no model.safetensors, nor weights in another format: if the "
	    "model is from the Hugging Face Hub, download all of it: hf download OWNER/NAME "
	    "--local-dir bare");
	assert_int_equal(mkfifo("bare/model.safetensors", 0666), 0);
	assert_int_equal(ct_model_open(&m, "bare", NULL, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot read bare/model.safetensors: it is a FIFO, not a file");
	assert_int_equal(unlink("bare/model.safetensors"), 0);
	scratch_text("bare/model.safetensors", "");
	assert_int_equal(ct_model_open(&m, "bare", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "bare/model.safetensors: the file is empty; expected a safetensors "
	    "file");
	if (geteuid() == 0)
		return;			/* root reads everything */
	assert_int_equal(chmod("bare/model.safetensors", 0), 0);
	assert_int_equal(ct_model_open(&m, "bare", NULL, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot open bare/model.safetensors: Permission denied");
}

static void
bad_shards(void **state)
{
	static const struct {
		const char *index, *message;
	} cases[] = {
		{ "{}", "s/model.safetensors.index.json: \"weight_map\" is missing or not an object" },
		{ "{\"weight_map\":{\"a\":\"../x\"}}", "s/model.safetensors.index.json: tensor a: expected "
		    "the name of a file in the folder of the index" },
		{ "{\"weight_map\":{\"a\":7}}", "s/model.safetensors.index.json: tensor a: expected the name "
		    "of a file in the folder of the index" },
		{ "{\"weight_map\":{\"a\":\"gone\"}}", "cannot open s/gone: No such file or directory" },
		{ "{\"weight_map\":{\"b\":\"1\"}}", "s/model.safetensors.index.json: tensor b is not in 1" },
		{ "{\"weight_map\":{\"a\":\"1\",\"c\":\"2\"}}", "s/2: tensor a is in s/1 too" },
	};

	(void)state;
	assert_int_equal(ct_dir_make("s", NULL), CT_OK);
	scratch_tensors("s/1", "{" F32("a", "[1]", "0", "4") "}", NULL, 4);
	scratch_tensors("s/2", "{" F32("a", "[1]", "0", "4") "}", NULL, 4);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_error err = { 0 };
		struct ct_tensors *t;

		scratch_text("s/model.safetensors.index.json", cases[i].index);
		check(i, ct_tensors_open_model(&t, "s", &err), &err, "", cases[i].message);
	}
}

/* An index of feature cards of these bytes. */
static void
bad_index(const void *data, size_t n, const char *message)
{
	struct ct_error err = { 0 };
	struct ct_store *s;

	scratch_write("c/index.json.gz", data, n);
	check(n, ct_store_open(&s, "c", &err), &err, "c/index.json.gz", message);
	assert_null(s);
}

static void
bad_cards(void **state)
{
	static const char text[] = "{\"offsets\": {}}";
	unsigned char *packed, *more;
	size_t n;

	(void)state;
	assert_int_equal(ct_dir_make("c", NULL), CT_OK);
	assert_int_equal(ct_deflate(&packed, &n, text, sizeof text - 1, CT_GZIP, NULL), CT_OK);
	more = malloc(n + 1);
	assert_non_null(more);
	memcpy(more, packed, n);
	more[n] = 'x';
	bad_index(more, n + 1, ": 1 extra bytes after the end of the compressed data");
	bad_index(packed, n - 1, ": compressed data ends too early (34 bytes)");
	bad_index("nonsense", 8, ": damaged compressed data at byte 2: incorrect header check");
	free(more);
	free(packed);
}

/* Replaces the first `old` in a file by `new` of the same length. */
static void
patch(const char *path, const char *old, const void *new, size_t n)
{
	const char *at;
	char *data;
	size_t size;

	assert_int_equal(ct_file_read(&data, &size, path, 1 << 20, NULL), CT_OK);
	at = ct_text_within(data, size, old);
	assert_non_null(at);
	memcpy(data + (at - data), new, n);
	scratch_write(path, data, size);
	free(data);
}

static void
models_that_contradict_themselves(void **state)
{
	struct ct_error err;
	struct ct_model *m;

	(void)state;
	scratch_golden("llama-clt");
	patch("g/config.json", "\"vocab_size\": 40", "\"vocab_size\": 41", 16);
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "g/model.safetensors: tensor model.embed_tokens.weight: expected shape "
	    "[41,16] by config.json, found [40,16]");
	scratch_golden("llama-clt");
	patch("g/model.safetensors", "model.norm.weight", "model.norm.height", 17);
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "g: 1 tensor that config.json calls for is missing: model.norm.weight");
	scratch_golden("llama-clt");
	patch("g/model.safetensors", "lm_head.weight", "lm_head.height", 14);
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "g: 1 tensor that config.json calls for is missing: lm_head.weight");
	scratch_golden("gpt2-plt");
	patch("g/config.json", "\"n_layer\": 3", "\"n_layer\": 9", 12);
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_EFORMAT);
	assert_memory_equal(err.msg, "g: 72 tensors that config.json calls for are missing: "
	    "transformer.h.3.ln_1.weight, ", 82);
	/* All of them are listed. */
	for (int l = 3; l < 9; l++) {
		char name[64];

		snprintf(name, sizeof name, "transformer.h.%d.mlp.c_proj.bias", l);
		assert_non_null(strstr(err.msg, name));
	}
	assert_null(strstr(err.msg, " more"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_safetensors),
		cmocka_unit_test(bad_lengths),
		cmocka_unit_test(bad_configs),
		cmocka_unit_test(bad_tokenizers),
		cmocka_unit_test(bad_yaml),
		cmocka_unit_test(bombs),
		cmocka_unit_test(bad_places),
		cmocka_unit_test(bad_shards),
		cmocka_unit_test(bad_cards),
		cmocka_unit_test(models_that_contradict_themselves),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
