#!/usr/bin/env python3
"""Compares graphs of neurons with gradients by the RelP rule, which PyTorch takes on Hugging Face's own modules.

usage: relp.py CTRACE_PROGRAM

On small random models of several families, in float64: attention patterns, norm scales and the factor of each activation
function are constants, and of a gated product each factor gets half the gradient. A logit's gradient with respect to a
neuron, times its activation, is the neuron's effect by all paths, so it must be the sum over all paths of the edges that
ctrace writes. Exits 0 when they agree, 1 when not, 77 (skipped) when packages are missing.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402

PROMPT = "is Dallas"
FAMILIES = {
    "llama": lambda d: check.write_llama(d, tie_word_embeddings=False),
    "gpt2": check.write_gpt2,
    "qwen3": lambda d: check.write_family(d, "qwen3"),
    "gemma2": lambda d: check.write_family(d, "gemma2", sliding_window=5, query_pre_attn_scalar=11,
                                           attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
}


def norm_forward(module, gemma):
    """A norm whose scale is a constant; the mean of a LayerNorm stays open."""
    import torch

    def forward(x):
        if isinstance(module, torch.nn.LayerNorm):
            x = x - x.mean(-1, keepdim=True)
            scale = (x.pow(2).mean(-1, keepdim=True) + module.eps).rsqrt().detach()
            return x * scale * module.weight + module.bias
        eps = module.eps if hasattr(module, "eps") else module.variance_epsilon
        scale = (x.pow(2).mean(-1, keepdim=True) + eps).rsqrt().detach()
        return x * scale * (module.weight + 1 if gemma else module.weight)
    return forward


def mlp_forward(module, kept):
    import torch

    def forward(x):
        gated = hasattr(module, "gate_proj")
        g = module.gate_proj(x) if gated else module.c_fc(x)
        act = module.act_fn if gated else module.act
        # The limit at 0, where a token without an embedding is.
        factor = torch.where(g == 0, 0.5, act(g) / g).detach()
        if gated:
            u = module.up_proj(x)
            a = factor * (g * u.detach() + g.detach() * u) / 2
        else:
            a = factor * g
        a.retain_grad()
        kept.append(a)
        y = module.down_proj(a) if gated else module.c_proj(a)
        # What BOS has in its MLP is a constant.
        return torch.cat([y[:, :1].detach(), y[:, 1:]], 1)
    return forward


def effects(directory, ids):
    """(L,T,mlp) effects on the likeliest token's logit, less the vocabulary's mean; its id."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(directory, attn_implementation="eager").double().eval()
    softmax, kept = torch.nn.functional.softmax, []
    gemma = "gemma" in model.config.model_type
    for module in model.modules():
        name = type(module).__name__
        if name.endswith("RMSNorm") or name == "LayerNorm":
            module.forward = norm_forward(module, gemma)
        elif name.endswith("MLP"):
            module.forward = mlp_forward(module, kept)
    torch.nn.functional.softmax = lambda *a, **k: softmax(*a, **k).detach()
    try:
        final = model.base_model(torch.tensor([ids])).last_hidden_state[0, -1]
    finally:
        torch.nn.functional.softmax = softmax
    logits = model.lm_head.weight @ final
    token = int(logits.argmax())
    (logits[token] - logits.mean()).backward()
    return torch.stack([(a.grad * a)[0].detach() for a in kept]), token


def by_paths(graph, shape):
    """The same from the edges: what reaches the target directly and through other neurons."""
    import torch

    nodes = [n for n in graph["nodes"] if n["feature_type"] == "cross layer transcoder"]
    place = {n["node_id"]: tuple(int(x) for x in n["node_id"].split("_")) for n in nodes}
    act = {n["node_id"]: n["activation"] for n in nodes}
    into = {}
    for e in graph["links"]:
        if e["source"] in place:
            into.setdefault(e["target"], []).append((e["source"], e["weight"]))
    target = next(n["node_id"] for n in graph["nodes"] if n.get("is_target_logit"))
    flow = {target: 1.0}
    for node in [target] + sorted(place, key=lambda n: -place[n][0]):
        for source, weight in into.get(node, []) if flow.get(node) else []:
            flow[source] = flow.get(source, 0) + flow[node] * weight / act.get(node, 1)
    total = torch.zeros(shape, dtype=torch.float64)
    for name, (layer, neuron, pos) in place.items():
        total[layer, pos, neuron] = flow.get(name, 0)
    return total


def compare(program, directory, name):
    from tokenizers import Tokenizer

    FAMILIES[name](directory)
    ids = Tokenizer.from_file(os.path.join(directory, "tokenizer.json")).encode(PROMPT).ids
    want, token = effects(directory, ids)
    out = subprocess.run([program, "trace", "-m", directory, "--basis", "neurons", "--k", "100000", "--prune", "1,1",
                          "--max-feature-nodes", "100000", "--target", f"#{token}", "--json", "-", PROMPT],
                         capture_output=True, text=True)
    assert out.returncode == 0, out.stderr.strip()
    got = by_paths(json.loads(out.stdout), want.shape)
    want[:, 0] = 0
    worst = float((got - want).abs().max() / want.abs().max())
    assert worst < 1e-5, f"effects differ by {worst:.1e} of the largest"
    print(f"ok - {name}: effects of {int((got != 0).sum())} neurons by all paths within {worst:.1e} of the largest")


def main():
    if check.missing():
        print("skipped: Python packages are missing: " + ", ".join(check.missing()))
        return 77
    failed = 0
    for name in FAMILIES:
        with tempfile.TemporaryDirectory() as directory:
            try:
                compare(sys.argv[1], directory, name)
            except AssertionError as e:
                print(f"not ok - {name}: {e}")
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
