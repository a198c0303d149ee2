#!/usr/bin/env python3
"""Compares what config.json means with Hugging Face: small models of each family, with one key after another changed.

usage: config_check.py LOGITS_PROGRAM

For each family, transformers makes a small random model. Then each key of its config.json, and keys of other families, get
other values, null among them, or are left out. Where both read the result, the logits must be equal; what Hugging Face
refuses, or computes nothing with, must be refused. Exits 77 when packages are missing.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import warnings

V, IDS = 20, [3, 7, 1, 9, 4, 4, 11, 15, 2, 8, 6, 19]
SIZES = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
             vocab_size=V, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=500.0)
UNTIED = dict(SIZES, tie_word_embeddings=False, hidden_act="silu")
WINDOWS = dict(use_sliding_window=True, sliding_window=4, max_window_layers=1)
GEMMA = dict(SIZES, head_dim=4, hidden_activation="gelu_pytorch_tanh")
SCALED = dict(GEMMA, sliding_window=4, query_pre_attn_scalar=9)
FAMILIES = {
    "llama": dict(UNTIED, attention_bias=False, mlp_bias=False),
    "gpt2": dict(n_embd=16, n_layer=3, n_head=4, vocab_size=V, n_positions=64, activation_function="gelu_new"),
    "qwen2": dict(UNTIED, **WINDOWS),
    "qwen3": dict(UNTIED, **WINDOWS, head_dim=8, attention_bias=False),
    "mistral": dict(UNTIED, head_dim=4, sliding_window=4),
    "gemma": dict(SIZES, head_dim=4, hidden_act="gelu_pytorch_tanh"),
    "gemma2": dict(SCALED, attn_logit_softcapping=3.0, final_logit_softcapping=4.0),
    "gemma3_text": dict(SCALED, rope_local_base_freq=70.0),
}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 16}
FULL, LOCAL = "full_attention", "sliding_attention"
ACTS = ["silu", "gelu", "relu", "gelu_new", "swish", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "mish"]
VALUES = {
    "hidden_act": ACTS, "activation_function": ACTS, "hidden_activation": ACTS,
    "rope_scaling": [{}, {"type": "linear", "factor": 4.0}, {"rope_type": "dynamic", "factor": 2.0}, LLAMA3,
                     {"rope_type": "yarn", "factor": 2.0}, {"rope_type": "default"}, {"factor": 2.0}],
    "layer_types": [[FULL] * 3, [LOCAL] * 3, [LOCAL, FULL, LOCAL], [FULL] * 2, FULL],
    "num_key_value_heads": [1, 4, 3], "sliding_window": [1, 3, 64, "4"], "sliding_window_pattern": [1, 3],
    "use_sliding_window": [False], "max_window_layers": [0, 2, 28], "partial_rotary_factor": [1, 0.5],
    "tie_word_embeddings": [True, False], "attention_bias": [True], "mlp_bias": [True], "rms_norm_eps": [0.1, "x"],
    "layer_norm_epsilon": [0.1], "rope_theta": [10000.0, "500"], "rope_local_base_freq": [500.0, -1, 0],
    "query_pre_attn_scalar": [4.0, 0], "attn_logit_softcapping": [1.0, 0], "final_logit_softcapping": [2.0, 0],
    "scale_attn_weights": [False], "scale_attn_by_inverse_layer_idx": [True, False], "n_inner": [24], "n_head": [2],
    "use_bidirectional_attention": [True], "logit_scale": [0.5], "attention_multiplier": [0.5], "use_qk_norm": [True],
    "num_hidden_layers": [2], "n_layer": [2], "vocab_size": [V + 3], "head_dim": [8, 5], "use_cache": [False],
}
# Keys that are not null here: Hugging Face fails at that for reasons of training, padding or saving.
ASIDE = {"initializer_range", "attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout", "pad_token_id", "dtype",
         "model_type", "architectures", "transformers_version", "bos_token_id", "quantization_config"}
# What these mean is clear, though Hugging Face's class does not get so far.
CLEAR = {("qwen2", "head_dim: null"), ("gemma3_text", 'rope_scaling: {"type": "linear", "factor": 4.0}')}


def make(directory, family, keys):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **keys))
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * .25)
    model.save_pretrained(directory)
    words = {f"w{i}": i for i in range(V)}
    for file, value in (("tokenizer.json", {"pre_tokenizer": {"type": "WhitespaceSplit"},
                                            "model": {"type": "WordLevel", "vocab": words, "unk_token": "w0"}}),
                        ("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})):
        with open(os.path.join(directory, file), "w", encoding="utf-8") as f:
            json.dump(value, f)
    with open(os.path.join(directory, "config.json"), encoding="utf-8") as f:
        return {k: v for k, v in json.load(f).items() if k != "bos_token_id"}


def theirs(directory):
    """The logits, or None if Hugging Face refuses, makes up weights, or computes nothing that is finite."""
    import torch
    from transformers import AutoModelForCausalLM

    try:
        model, info = AutoModelForCausalLM.from_pretrained(directory, output_loading_info=True, dtype=torch.float32,
                                                           attn_implementation="eager")
        with torch.no_grad():
            logits = model.eval()(torch.tensor([IDS]), use_cache=False).logits[0]
    except Exception:       # of any kind: its classes do not check what they read
        return None
    made_up = info["missing_keys"] or info["mismatched_keys"] or info["unexpected_keys"]
    return None if made_up or not logits.isfinite().all() or not logits.any() else logits


def ours(program, directory):
    import torch

    out = subprocess.run([program, directory], input=" ".join(f"w{i}" for i in IDS) + "\n", text=True,
                         capture_output=True)
    if out.returncode or not out.stdout.strip():
        return None
    return torch.tensor(json.loads(out.stdout)["logits"]).view(len(IDS), -1)


def changes(keys):
    for key in sorted(set(keys) | set(VALUES)):
        for value in [None] * (key not in ASIDE) + VALUES.get(key, []):
            yield f"{key}: {json.dumps(value)}", dict(keys, **{key: value})
        if key in keys and key in VALUES and "vocab" not in key:
            yield f"no {key}", {k: v for k, v in keys.items() if k != key}


def check(program, family, directory):
    keys, bad, read, n = make(directory, family, FAMILIES[family]), [], 0, 0
    for what, config in changes(keys):
        with open(os.path.join(directory, "config.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        want, got = theirs(directory), ours(program, directory)
        n += 1
        if got is None:
            continue
        read += 1
        if want is None and (family, what) in CLEAR:
            continue
        if want is None or got.shape != want.shape or (got - want).abs().max() > 2e-4 * (1 + want.abs().max()):
            bad.append(what)
    print(f"{'not ok' if bad or not read else 'ok'} - {family}: {n} configurations, {read} of them read" +
          (f"; not as Hugging Face: {', '.join(bad)}" if bad else ""))
    return bool(bad) or not read


def main():
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            print(f"skipped: the Python package {package} is missing (pip install {package})")
            return 77
    import transformers

    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    failed = False
    for family in FAMILIES:
        with tempfile.TemporaryDirectory() as directory:
            failed |= check(os.path.abspath(sys.argv[1]), family, directory)
    return failed


if __name__ == "__main__":
    sys.exit(main())
