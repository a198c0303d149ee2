#!/usr/bin/env python3
"""Compares a whole attribution graph, and the time it takes, with the Python reference (circuit-tracer).

usage: reference.py CTRACE_PROGRAM MODEL_DIR ...

The same weights and prompt (the recipe's demo) must give the same graph: nodes, edges and scores, with each transcoder
of the model. Works on llama models. Exits 0 when they agree, 1 when not, 77 (skipped) when packages are missing.
"""
import importlib.util
import json
import os
import subprocess
import sys
import time

NEEDED = ["torch", "transformers", "tokenizers", "transformer_lens", "circuit_tracer"]


def load_transcoder(directory):
    """A transcoder directory as circuit-tracer's own loaders take it."""
    import torch
    import yaml
    from circuit_tracer.transcoder.cross_layer_transcoder import load_clt
    from circuit_tracer.transcoder.single_layer_transcoder import load_transcoder_set

    with open(os.path.join(directory, "config.yaml"), encoding="utf-8") as f:
        config = yaml.safe_load(f)
    where = {"device": torch.device("cpu"), "dtype": torch.float32, "lazy_decoder": False}
    if config["model_kind"] == "cross_layer_transcoder":
        return load_clt(directory, **where)
    files = sorted(n for n in os.listdir(directory) if n.startswith("layer_"))
    return load_transcoder_set({i: os.path.join(directory, n) for i, n in enumerate(files)}, config["scan"],
                               config["feature_input_hook"], config["feature_output_hook"], lazy_encoder=False, **where)


def load(directory, transcoder):
    """The model directory as circuit-tracer's replacement model, on TransformerLens."""
    import torch
    from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
    from transformer_lens import HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_llama_weights
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    hf = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    c = hf.config
    rope = getattr(c, "rope_theta", None) or c.rope_parameters["rope_theta"]
    cfg = HookedTransformerConfig(
        n_layers=c.num_hidden_layers, d_model=c.hidden_size, n_heads=c.num_attention_heads, d_head=c.head_dim,
        d_mlp=c.intermediate_size, n_ctx=c.max_position_embeddings, d_vocab=c.vocab_size, act_fn="silu",
        eps=c.rms_norm_eps, normalization_type="RMS", positional_embedding_type="rotary", rotary_base=int(rope),
        rotary_dim=c.head_dim, rotary_adjacent_pairs=False, gated_mlp=True, final_rms=True, model_name="local",
        n_key_value_heads=c.num_key_value_heads if c.num_key_value_heads != c.num_attention_heads else None,
        device="cpu", dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(directory, "tokenizer.json"), bos_token="<bos>",
                                        eos_token="<bos>", pad_token="<bos>")
    model = TransformerLensReplacementModel.from_config(cfg, load_transcoder(transcoder))
    model.tokenizer = tokenizer
    state = convert_llama_weights(hf, cfg)
    renamed = {}
    for name, value in state.items():
        # The replacement model wraps MLPs and the unembedding.
        name = name.replace(".mlp.", ".mlp.old_mlp.").replace("unembed.", "unembed.old_unembed.")
        renamed[name] = value.detach().clone()
    missing = model.load_state_dict(renamed, strict=False).missing_keys
    left = [n for n in missing if ("W_" in n or n.endswith(".w")) and "transcoder" not in n]
    assert not left, f"weights not set: {left[:4]}"
    return model, hf


def compare(program, directory, transcoder):
    import torch
    from circuit_tracer.attribution.attribute import attribute
    from circuit_tracer.graph import compute_graph_scores

    with open(os.path.join(directory, "recipe.yaml"), encoding="utf-8") as f:
        prompt = next(json.loads(line[len("demo:"):]) for line in f if line.startswith("demo:"))
    out = subprocess.run([program, "trace", "-m", directory, "--transcoder", transcoder, "--prune", "1,1", "--json", "-",
                          prompt], capture_output=True, text=True, check=True)
    ours = json.loads(out.stdout)
    model, hf = load(directory, transcoder)
    ties = settle_ties(model.transcoders, ours["nodes"])
    from tokenizers import Tokenizer

    ids = torch.tensor(Tokenizer.from_file(os.path.join(directory, "tokenizer.json")).encode(prompt).ids)
    with torch.no_grad():
        want = hf(ids[None]).logits
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        graph = attribute(ids, model, verbose=False)
        replacement, completeness = compute_graph_scores(graph)
        seconds.append(time.perf_counter() - start)
    with torch.no_grad():
        got = model(ids[None])
    assert float((got - want).abs().max()) < 1e-3, "the reference model was not built right"

    L, T = model.cfg.n_layers, len(ids)
    names = [f"{l}_{f}_{p}" for l, p, f in graph.active_features.tolist()]
    names += [f"{l}_-1_{p}" for l in range(L) for p in range(T)]
    names += [f"E_{int(i)}_{p}" for p, i in enumerate(ids)]
    tokens = [t.vocab_idx for t in graph.logit_targets]
    names += [f"{L + 1}_{t}_{T - 1}" for t in tokens]
    index = {name: i for i, name in enumerate(names)}
    edges = torch.zeros_like(graph.adjacency_matrix)
    unknown = [e for e in ours["links"] if e["source"] not in index or e["target"] not in index]
    assert not unknown, f"edge {unknown[0]} is not in the reference's graph"
    features = {n["node_id"] for n in ours["nodes"] if n["feature_type"] == "cross layer transcoder"}
    assert features == {n for n in names[:len(graph.active_features)]}, "active features differ"
    for e in ours["links"]:
        edges[index[e["target"]], index[e["source"]]] = e["weight"]
    worst = float((edges - graph.adjacency_matrix).abs().max() / graph.adjacency_matrix.abs().max())
    scores = ours["ctrace"]["scores"]
    gap = max(abs(scores["replacement"] - float(replacement)), abs(scores["completeness"] - float(completeness)))
    print(f"{transcoder}: {len(features)} features, {len(ours['links'])} edges: edges within {worst:.1e} of the largest, "
          f"scores within {gap:.1e}{f', {ties} on a threshold' if ties else ''}")
    print(f"reference: fastest of 5 graphs with scores {1e3 * min(seconds):.1f} ms, {torch.get_num_threads()} threads")
    # Like with like: both in a process that has run before. The bench traces the demo prompt of the recipe.
    bench = json.loads(subprocess.run([program, "bench", "-m", directory, "--transcoder", transcoder, "--json", "-"],
                                      capture_output=True, text=True, check=True).stdout)
    ms = 1e3 * bench["shapes"][0]["seconds"]
    print(f"ctrace:    fastest graph of its demo prompt, pruned and scored {ms:.2f} ms: {1e3 * min(seconds) / ms:.0f} times "
          "faster")
    return 0 if worst < 1e-5 and gap < 1e-4 else 1


def settle_ties(transcoders, nodes):
    """A feature whose activation is its threshold up to rounding is active here and not there, or the other way round.
    Where ctrace calls one active, its threshold gives way in the reference, so that both trace the same features."""
    import torch

    ties = 0
    for node in nodes:
        if node["feature_type"] != "cross layer transcoder":
            continue
        l, f, _ = map(int, node["node_id"].split("_"))
        clt = hasattr(transcoders, "activation_function")
        threshold = getattr((transcoders if clt else transcoders[l]).activation_function, "threshold", None)
        if threshold is None:
            continue
        row = threshold.data[l].view(-1) if clt else threshold.data.view(-1)
        if row.numel() > 1 and abs(node["activation"] - float(row[f])) < 1e-6 * float(row[f]):
            with torch.no_grad():
                row[f] *= 1 - 2e-6
            ties += 1
    return ties


def main():
    gone = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if gone:
        print(f"skipped: Python packages missing: {', '.join(gone)} (pip install circuit-tracer)")
        return 77
    status = 0
    for directory in sys.argv[2:]:
        for kind in ("transcoder", "transcoder-plt"):
            transcoder = os.path.join(directory, kind)
            if os.path.exists(transcoder):
                status |= compare(os.path.abspath(sys.argv[1]), directory, transcoder)
    return status


if __name__ == "__main__":
    sys.exit(main())
