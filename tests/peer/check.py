#!/usr/bin/env python3
"""Compares token ids and logits with Hugging Face transformers.

usage: check.py LOGITS_PROGRAM [MODEL_DIR ...]

First it writes small random models itself: gpt2, llama with grouped queries and tied embeddings, llama with Llama-3
rope scaling, each with a byte-level BPE tokenizer trained on a few lines; then come the model directories. Ids must be
identical, those of AutoTokenizer included, logits within 1e-4. Exits 0 when all agree, 1 when not, 77 (skipped) when packages are missing.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

NEEDED = ["torch", "transformers", "tokenizers", "safetensors"]
TEXTS = [
    "the capital of the state containing Dallas is Austin",
    "Roses are red, violets are blue;   it's 12345 o'clock and we're here.",
    "Grüße aus Köln, 東京 and \U0001f600! I'LL  say\tso.",
    "x",
]


def missing():
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def tokenizer(directory, pattern, bos, size=400):
    """A byte-level BPE tokenizer in the style of GPT-2 (pattern None) or of Llama 3 (a regular expression)."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tok = Tokenizer(models.BPE(ignore_merges=pattern is not None))
    if pattern is None:
        tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tok.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[bos], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator(TEXTS * 4, trainer)
    tok.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tok.token_to_id(bos))])
    tok.save(os.path.join(directory, "tokenizer.json"))
    return tok.get_vocab_size(), tok.token_to_id(bos)


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")


def write_gpt2(directory):
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    V, bos = tokenizer(directory, None, "<|endoftext|>")
    model = GPT2LMHeadModel(GPT2Config(vocab_size=V, n_positions=128, n_embd=48, n_layer=3, n_head=4,
                                       bos_token_id=bos, eos_token_id=bos, initializer_range=0.2))
    model.save_pretrained(directory)


def write_llama(directory, **extra):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(2)
    V, bos = tokenizer(directory, LLAMA3, "<|begin_of_text|>")
    model = LlamaForCausalLM(LlamaConfig(vocab_size=V, hidden_size=48, intermediate_size=80, num_hidden_layers=3,
                                         num_attention_heads=6, num_key_value_heads=2, head_dim=8,
                                         max_position_embeddings=128, bos_token_id=bos, eos_token_id=bos,
                                         initializer_range=0.2, **extra))
    model.save_pretrained(directory)


def write_llama_bfloat16(directory):
    """The same in bfloat16 and cut into shards."""
    import torch
    from transformers import LlamaForCausalLM

    write_llama(directory, tie_word_embeddings=False)
    model = LlamaForCausalLM.from_pretrained(directory).to(torch.bfloat16)
    os.remove(os.path.join(directory, "model.safetensors"))
    model.save_pretrained(directory, max_shard_size="60KB")


def edit(directory, **changes):
    """Writes keys into config.json, or removes those that are None."""
    path = os.path.join(directory, "config.json")
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    for key, value in changes.items():
        if value is None:
            config.pop(key, None)
        else:
            config[key] = value
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)


def write_llama_edited(directory, **changes):
    write_llama(directory, tie_word_embeddings=False)
    edit(directory, **changes)


def write_gpt2_edited(directory, **changes):
    write_gpt2(directory)
    edit(directory, **changes)


def write_tied(directory, keep):
    """A tied model whose file has its matrix under these names."""
    from safetensors.torch import load_file, save_file

    write_llama(directory, tie_word_embeddings=True)
    path = os.path.join(directory, "model.safetensors")
    tensors = load_file(path)
    matrix = tensors.pop("model.embed_tokens.weight")
    tensors.pop("lm_head.weight", None)
    for name in keep:
        tensors[name] = matrix.clone()
    save_file(tensors, path, metadata={"format": "pt"})


def write_leftovers(directory):
    """Buffers of old checkpoints and a head for another task."""
    import torch
    from safetensors.torch import load_file, save_file

    write_gpt2(directory)
    path = os.path.join(directory, "model.safetensors")
    tensors = load_file(path)
    for layer in range(3):
        tensors[f"transformer.h.{layer}.attn.bias"] = torch.ones(1, 1, 128, 128, dtype=torch.uint8).tril()
        tensors[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    tensors["score.weight"] = torch.zeros(2, 48)
    save_file(tensors, path, metadata={"format": "pt"})


def write_family(directory, name, bos="<|begin_of_text|>", dtype=None, shards=None, **extra):
    """A small random model of a family, each of whose norms does something."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(3)
    V, first = tokenizer(directory, LLAMA3, bos)
    sizes = dict(vocab_size=V, hidden_size=48, intermediate_size=80, num_hidden_layers=4, num_attention_heads=6,
                 num_key_value_heads=2, head_dim=8, max_position_embeddings=128, bos_token_id=first,
                 eos_token_id=first, pad_token_id=0, initializer_range=0.2)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(name, **{**sizes, **extra}),
                                             attn_implementation="eager")
    with torch.no_grad():
        for key, p in model.named_parameters():
            if "norm" in key or key.endswith(".bias"):
                p.add_(torch.randn_like(p) * 0.2)
    model.to(dtype or torch.float32).save_pretrained(directory, **({"max_shard_size": shards} if shards else {}))


def family(name, what="", **extra):
    """In F32, in BF16, and in BF16 shards."""
    import torch

    title = f"{name}, {what}" if what else name
    return {
        f"{title} in F32": lambda d: write_family(d, name, **extra),
        f"{title} in BF16": lambda d: write_family(d, name, dtype=torch.bfloat16, **extra),
        f"{title} in BF16 shards": lambda d: write_family(d, name, dtype=torch.bfloat16, shards="60KB", **extra),
    }


def write_gemma3(directory, older=False, **more):
    """A language model inside another one, whose config leaves most keys to the class."""
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    torch.manual_seed(4)
    V, bos = tokenizer(directory, LLAMA3, "<bos>")
    text = dict(vocab_size=V, hidden_size=48, intermediate_size=80, num_hidden_layers=7, num_attention_heads=2,
                num_key_value_heads=1, max_position_embeddings=128, sliding_window=4, initializer_range=0.2,
                head_dim=16, rope_scaling={"rope_type": "linear", "factor": 8.0}, bos_token_id=bos, **more)
    vision = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28,
                  patch_size=14)
    model = Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=1))
    model.save_pretrained(directory)
    if older:
        path = os.path.join(directory, "model.safetensors")
        tensors = {k.replace("model.language_model.", "language_model.model."): v for k, v in load_file(path).items()}
        save_file(tensors, path, metadata={"format": "pt"})


def write_mistral_layers(directory):
    """Of which AutoModel makes a Ministral."""
    write_family(directory, "mistral", sliding_window=5)
    edit(directory, layer_types=["full_attention", "sliding_attention"] * 2)


def families():
    return {
        **family("llama"),
        **family("qwen3"),
        **family("qwen3", "windows and biases", use_sliding_window=True, sliding_window=5, max_window_layers=2,
                 attention_bias=True),
        **family("qwen2"),
        **family("qwen2", "windows", use_sliding_window=True, sliding_window=4, max_window_layers=1),
        **family("mistral", sliding_window=6),
        **family("mistral", "no window", sliding_window=None),
        "mistral, layer types": lambda d: write_mistral_layers(d),
        **family("gemma"),
        **family("gemma2", sliding_window=5, query_pre_attn_scalar=11, attn_logit_softcapping=2.0,
                 final_logit_softcapping=3.0),
        **family("gemma2", "no caps, biases", sliding_window=64, attn_logit_softcapping=None,
                 final_logit_softcapping=None, attention_bias=True),
        **family("gemma3_text", sliding_window=5, sliding_window_pattern=3, query_pre_attn_scalar=11,
                 rope_scaling={"rope_type": "linear", "factor": 8.0}),
        **family("gemma3_text", "layer types", sliding_window=3, final_logit_softcapping=5.0,
                 layer_types=["full_attention", "sliding_attention"] * 2),
        **family("gemma3_text", "a cap of scores that its class does not apply", attn_logit_softcapping=0.5),
        "gemma3 that sees": write_gemma3,
        "gemma3 that sees, caps that its class does not apply": lambda d: write_gemma3(
            d, attn_logit_softcapping=0.5, final_logit_softcapping=1.0),
        "gemma3 that sees, older names": lambda d: write_gemma3(d, older=True),
    }


MODELS = {
    "gpt2": write_gpt2,
    "llama, grouped queries, tied embeddings": lambda d: write_llama(d, tie_word_embeddings=True),
    "llama, biases, untied": lambda d: write_llama(d, tie_word_embeddings=False, attention_bias=True, mlp_bias=True),
    "llama 3 rope scaling": lambda d: write_llama(
        d, tie_word_embeddings=True, rope_theta=500000.0,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 16, "rope_theta": 500000.0}),
    "llama in bfloat16 shards": write_llama_bfloat16,
    "linear rope scaling": lambda d: write_llama_edited(d, rope_scaling={"rope_type": "linear", "factor": 4.0}),
    "linear rope scaling, older key": lambda d: write_llama_edited(d, rope_scaling={"type": "linear", "factor": 2.5}),
    "dynamic rope scaling": lambda d: write_llama_edited(d, rope_scaling={"rope_type": "dynamic", "factor": 4.0}),
    "default rope scaling": lambda d: write_llama_edited(d, rope_scaling={"rope_type": "default"}),
    "keys that LlamaForCausalLM does not read": lambda d: write_llama_edited(
        d, sliding_window=4, attn_logit_softcapping=1.0, rope_interleaved=True, query_pre_attn_scalar=3,
        use_parallel_residual=True, layer_types=["sliding_attention"] * 3),
    "keys that are missing": lambda d: write_llama_edited(d, rms_norm_eps=None, rope_theta=None, hidden_act=None,
                                                        tie_word_embeddings=None, attention_bias=None, mlp_bias=None,
                                                        rope_scaling=None, torch_dtype=None, dtype=None),
    "gelu in llama": lambda d: write_llama_edited(d, hidden_act="gelu"),
    "swish in llama": lambda d: write_llama_edited(d, hidden_act="swish"),
    **{f"{act} in gpt2": lambda d, act=act: write_gpt2_edited(d, activation_function=act)
       for act in ("gelu", "gelu_python", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "relu", "silu")},
    "gpt2, other names of its keys": lambda d: write_gpt2_edited(
        d, n_embd=None, hidden_size=48, n_layer=None, num_hidden_layers=3, n_head=None, num_attention_heads=4,
        n_positions=None, max_position_embeddings=128, n_inner=None, layer_norm_epsilon=None,
        reorder_and_upcast_attn=True),
    "tied, both names": lambda d: write_tied(d, ["lm_head.weight", "model.embed_tokens.weight"]),
    "gpt2 with buffers and another head": write_leftovers,
}


def prompts_of(directory):
    """Texts that the model's own vocabulary can spell: a WordLevel model gets its recipe's demo prompt."""
    with open(os.path.join(directory, "tokenizer.json"), encoding="utf-8") as f:
        spec = json.load(f)
    if spec["model"]["type"] != "WordLevel":
        return TEXTS
    words = [w for w in sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].get) if not w.startswith("<")]
    return [" ".join(words[i:i + 9]) for i in range(0, min(len(words), 90), 9)]


def compare(program, directory):
    """Returns (largest logit difference, tokens compared), or raises AssertionError."""
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM, AutoTokenizer

    texts = prompts_of(directory)
    out = subprocess.run([program, directory], input="\n".join(texts) + "\n", text=True, capture_output=True)
    assert out.returncode == 0, out.stderr.strip()
    lines = out.stdout.splitlines()
    assert len(lines) == len(texts), f"{len(lines)} lines for {len(texts)} prompts"
    tok = Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
    configured = os.path.exists(os.path.join(directory, "tokenizer_config.json"))
    auto = AutoTokenizer.from_pretrained(directory) if configured else None
    # Eager, because others leave softcaps out.
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    worst, tokens = 0.0, 0
    for text, line in zip(texts, lines):
        got = json.loads(line)
        want = tok.encode(text).ids
        assert got["ids"] == want, f"ids of {text!r}: {got['ids']}, Hugging Face {want}"
        assert not auto or auto(text).input_ids == want, f"ids of {text!r}: AutoTokenizer {auto(text).input_ids}"
        with torch.no_grad():
            logits = model(torch.tensor([want])).logits[0].double().flatten()
        ours = torch.tensor(got["logits"], dtype=torch.float64)
        assert ours.shape == logits.shape, f"{ours.numel()} logits, Hugging Face {logits.numel()}"
        worst = max(worst, float((ours - logits).abs().max() / logits.abs().max().clamp(min=1)))
        tokens += len(want)
    assert worst <= 1e-4, f"logits differ by {worst:.2e}, expected 1e-4 at most"
    return worst, tokens


def main():
    gone = missing()
    if gone:
        print(f"skipped: Python packages missing: {', '.join(gone)} (pip install {' '.join(gone)})")
        return 77
    program, given = os.path.abspath(sys.argv[1]), sys.argv[2:]
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        todo = [(name, os.path.join(tmp, str(i)), write)
                for i, (name, write) in enumerate({**MODELS, **families()}.items())]
        todo += [(d, d, None) for d in given]
        for name, directory, write in todo:
            try:
                if write:
                    os.mkdir(directory)
                    write(directory)
                worst, tokens = compare(program, directory)
                print(f"ok - {name}: {tokens} token ids identical, logits within {worst:.1e}")
            except AssertionError as e:
                failed += 1
                print(f"not ok - {name}: {e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
