#!/usr/bin/env python3
"""Compares whole attribution graphs of random models of several families with the Python reference (circuit-tracer).

usage: reference_families.py CTRACE_PROGRAM

Small random models of llama, qwen3, gemma2 and gemma3, each with per-layer transcoders at the hooks that its published
ones use: the same weights and prompt must give the same features, edges and scores. Exits 0 when they agree, 1 when
not, 77 (skipped) when packages are missing.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402
from reference import NEEDED, load_transcoder  # noqa: E402

PROMPT = "the capital of the state containing Dallas is Austin"
FEATURES = 96

# Of each family: what its config has beside the sizes, what TransformerLens calls that, and the hooks.
FAMILIES = {
    "llama": ({}, {}, "hook_resid_mid", "hook_mlp_out"),
    "qwen3": ({}, {"use_qk_norm": True, "original_architecture": "Qwen3ForCausalLM"}, "mlp.hook_in", "mlp.hook_out"),
    "gemma2": (
        {"sliding_window": 5, "query_pre_attn_scalar": 11, "attn_logit_softcapping": 2.0,
         "final_logit_softcapping": 3.0},
        {"attn_scores_soft_cap": 2.0, "output_logits_soft_cap": 3.0, "attn_scale": 11 ** 0.5, "window_size": 5,
         "use_local_attn": True, "attn_types": ["local", "global"] * 2, "use_normalization_before_and_after": True},
        "ln2.hook_normalized", "hook_mlp_out"),
    "gemma3_text": (
        {"sliding_window": 5, "sliding_window_pattern": 3, "query_pre_attn_scalar": 11},
        {"attn_scale": 11 ** 0.5, "window_size": 5, "use_local_attn": True, "use_qk_norm": True,
         "attn_types": ["local", "local", "global", "local"], "use_normalization_before_and_after": True,
         "rotary_base": 1000000, "rotary_base_local": 10000},
        "mlp.hook_in", "hook_mlp_out"),
}
# Before the norm behind the MLP, too.
HOOKS = [(name, *hooks) for name, (_, _, *hooks) in FAMILIES.items()] + [
    ("gemma2", "mlp.hook_in", "mlp.hook_out"), ("gemma3_text", "hook_resid_mid", "mlp.hook_out")]


def write_transcoders(directory, layers, width, hook_in, hook_out):
    """Random features that are now and then active, with weights of the size of what they stand for."""
    import torch
    from safetensors.torch import save_file

    os.mkdir(directory)
    torch.manual_seed(5)
    for layer in range(layers):
        save_file({"W_enc": torch.randn(FEATURES, width) / width ** 0.5, "b_enc": torch.randn(FEATURES) * 0.1 - 0.5,
                   "W_dec": torch.randn(FEATURES, width) / width ** 0.5, "b_dec": torch.randn(width) * 0.1},
                  os.path.join(directory, f"layer_{layer}.safetensors"))
    with open(os.path.join(directory, "config.yaml"), "w", encoding="utf-8") as f:
        f.write(f"model_name: local\nmodel_kind: transcoder_set\nscan: random\nfeature_input_hook: {hook_in}\n"
                f"feature_output_hook: {hook_out}\n")


def load(directory, transcoders, name, extra):
    import torch
    from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
    from transformer_lens import HookedTransformerConfig
    from transformer_lens.pretrained import weight_conversions as convert
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    hf = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    c = hf.config
    gemma = name.startswith("gemma")
    sizes = dict(
        n_layers=c.num_hidden_layers, d_model=c.hidden_size, n_heads=c.num_attention_heads, d_head=c.head_dim,
        d_mlp=c.intermediate_size, n_ctx=c.max_position_embeddings, d_vocab=c.vocab_size, eps=c.rms_norm_eps,
        act_fn="gelu_pytorch_tanh" if gemma else "silu", normalization_type="RMS", positional_embedding_type="rotary",
        rotary_base=int(c.rope_theta), rotary_dim=c.head_dim, rotary_adjacent_pairs=False, gated_mlp=True,
        final_rms=True, model_name="local", n_key_value_heads=c.num_key_value_heads, device="cpu", dtype=torch.float32)
    cfg = HookedTransformerConfig(**{**sizes, **extra})
    model = TransformerLensReplacementModel.from_config(cfg, load_transcoder(transcoders))
    model.tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(directory, "tokenizer.json"),
                                              bos_token="<|begin_of_text|>", eos_token="<|begin_of_text|>",
                                              pad_token="<|begin_of_text|>")
    state = {"llama": convert.convert_llama_weights, "qwen3": convert.convert_qwen3_weights}.get(
        name, convert.convert_gemma_weights)(hf, cfg)
    renamed = {k.replace(".mlp.", ".mlp.old_mlp.").replace("unembed.", "unembed.old_unembed."): v.detach().clone()
               for k, v in state.items()}
    missing = model.load_state_dict(renamed, strict=False).missing_keys
    for block in model.blocks:
        # Loading here leaves the local layers' angles in all of them.
        if cfg.rotary_base_local and block.attn.attn_type == "global":
            angles = torch.outer(torch.arange(cfg.n_ctx).float(), hf.model.rotary_emb.inv_freq).repeat(1, 2)
            block.attn.rotary_sin = angles.sin()
            block.attn.rotary_cos = angles.cos()
    left = [n for n in missing if ("W_" in n or n.endswith(".w")) and "transcoder" not in n]
    assert not left, f"weights not set: {left[:4]}"
    return model, hf


def compare(program, directory, name, hook_in, hook_out):
    import torch
    from circuit_tracer.attribution.attribute import attribute
    from circuit_tracer.graph import compute_graph_scores
    from tokenizers import Tokenizer

    config, lens = FAMILIES[name][:2]
    check.write_family(directory, name, **config)
    transcoders = os.path.join(directory, "transcoder")
    write_transcoders(transcoders, 4, 48, hook_in, hook_out)
    ids = torch.tensor(Tokenizer.from_file(os.path.join(directory, "tokenizer.json")).encode(PROMPT).ids)
    out = subprocess.run([program, "trace", "-m", directory, "--prune", "1,1", "--json", "-", PROMPT],
                         capture_output=True, text=True)
    assert out.returncode == 0, out.stderr.strip()
    ours = json.loads(out.stdout)
    model, hf = load(directory, transcoders, name, lens)
    with torch.no_grad():
        want, got = hf(ids[None]).logits, model(ids[None])
    assert float((got - want).abs().max()) < 1e-3, "the reference model was not built right"
    graph = attribute(ids, model, verbose=False)
    replacement, completeness = compute_graph_scores(graph)

    L, T = model.cfg.n_layers, len(ids)
    names = [f"{l}_{f}_{p}" for l, p, f in graph.active_features.tolist()]
    names += [f"{l}_-1_{p}" for l in range(L) for p in range(T)]
    names += [f"E_{int(i)}_{p}" for p, i in enumerate(ids)]
    names += [f"{L + 1}_{t.vocab_idx}_{T - 1}" for t in graph.logit_targets]
    index = {n: i for i, n in enumerate(names)}
    features = {n["node_id"] for n in ours["nodes"] if n["feature_type"] == "cross layer transcoder"}
    assert features == set(names[:len(graph.active_features)]), "active features differ"
    edges = torch.zeros_like(graph.adjacency_matrix)
    for e in ours["links"]:
        assert e["source"] in index and e["target"] in index, f"edge {e} is not in the reference's graph"
        edges[index[e["target"]], index[e["source"]]] = e["weight"]
    worst = float((edges - graph.adjacency_matrix).abs().max() / graph.adjacency_matrix.abs().max())
    scores = ours["ctrace"]["scores"]
    gap = max(abs(scores["replacement"] - float(replacement)), abs(scores["completeness"] - float(completeness)))
    probability = max(abs(float(t["token_prob"]) - float(p)) for t, p in zip(
        [n for n in ours["nodes"] if n["feature_type"] == "logit"], graph.logit_probabilities))
    assert worst < 1e-5 and gap < 1e-4 and probability < 1e-5, (
        f"edges differ by {worst:.1e} of the largest, scores by {gap:.1e}, probabilities by {probability:.1e}")
    print(f"ok - {name}, {hook_in} to {hook_out}: {len(features)} features, {len(ours['links'])} edges within "
          f"{worst:.1e} of the largest, scores within {gap:.1e}, probabilities within {probability:.1e}")


def main():
    gone = [name for name in NEEDED + ["safetensors"] if importlib.util.find_spec(name) is None]
    if gone:
        print(f"skipped: Python packages missing: {', '.join(gone)} (pip install circuit-tracer)")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for i, (name, hook_in, hook_out) in enumerate(HOOKS):
            directory = os.path.join(tmp, str(i))
            os.mkdir(directory)
            try:
                compare(os.path.abspath(sys.argv[1]), directory, name, hook_in, hook_out)
            except AssertionError as e:
                failed += 1
                print(f"not ok - {name}, {hook_in} to {hook_out}: {e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
