#!/usr/bin/env python3
"""Small transcoders in every layout that people publish, with what their features must be, computed in float64.

usage: layouts.py --write DIR       write them anew: DIR/NAME/..., each with an expected.json
       layouts.py --check DIR       compare circuit-tracer's own loaders, and TransformerLens's hook points, with them

They stand in for the MLPs of the golden models, whose forward passes are computed here once more, in numpy and float64.
Each layout is written with the orientation, names and files of its publisher, and read back by its publisher's formulas
only: nothing of ctrace is used. --check exits 77 (skipped) when packages are missing.
"""
import json
import os
import sys
import zlib

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
IDS = [0, 7, 31, 4, 19, 11]
L, D, F = 3, 16, 12


# ---- the golden models in float64

def tensors(path):
    from safetensors.numpy import load_file

    return {k: v.astype(np.float64) for k, v in load_file(path).items()}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q, k, v):
    """(T,H,d) each, causal."""
    T = len(q)
    s = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1])
    s = np.where(np.tril(np.ones((T, T), bool)), s, -np.inf)
    return np.einsum("hqk,khd->qhd", softmax(s), v).reshape(T, -1)


def rms(x, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)


def layer_norm(x, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)


def run_llama():
    """Per layer (the stream after attention, norm2 of it bare, norm2 of it, the MLP's output)."""
    w = tensors(os.path.join(GOLDEN, "llama-clt", "model.safetensors"))
    eps, H, HKV, d = 1e-5, 4, 2, 4
    x = w["model.embed_tokens.weight"][IDS]
    angle = np.arange(len(IDS))[:, None] / 10000.0 ** (np.arange(0, d, 2) / d)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    rope = lambda y: np.concatenate([y[..., :2] * cos - y[..., 2:] * sin, y[..., 2:] * cos + y[..., :2] * sin], -1)
    out = []
    for l in range(L):
        p = f"model.layers.{l}."
        n = rms(x, eps) * w[p + "input_layernorm.weight"]
        q = rope((n @ w[p + "self_attn.q_proj.weight"].T).reshape(-1, H, d))
        k = rope((n @ w[p + "self_attn.k_proj.weight"].T).reshape(-1, HKV, d)).repeat(H // HKV, 1)
        v = (n @ w[p + "self_attn.v_proj.weight"].T).reshape(-1, HKV, d).repeat(H // HKV, 1)
        mid = x + attend(q, k, v) @ w[p + "self_attn.o_proj.weight"].T
        bare = rms(mid, eps)
        n = bare * w[p + "post_attention_layernorm.weight"]
        g = n @ w[p + "mlp.gate_proj.weight"].T
        mlp = (g / (1 + np.exp(-g)) * (n @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
        out.append((mid, bare, n, mlp))
        x = mid + mlp
    return out


def run_gpt2():
    w = tensors(os.path.join(GOLDEN, "gpt2-plt", "model.safetensors"))
    w = {k.removeprefix("transformer."): v for k, v in w.items()}
    eps, H = 1e-5, 4
    x = w["wte.weight"][IDS] + w["wpe.weight"][:len(IDS)]
    out = []
    for l in range(L):
        p = f"h.{l}."
        n = layer_norm(x, eps) * w[p + "ln_1.weight"] + w[p + "ln_1.bias"]
        q, k, v = np.split(n @ w[p + "attn.c_attn.weight"] + w[p + "attn.c_attn.bias"], 3, -1)
        heads = [y.reshape(-1, H, D // H) for y in (q, k, v)]
        mid = x + attend(*heads) @ w[p + "attn.c_proj.weight"] + w[p + "attn.c_proj.bias"]
        bare = layer_norm(mid, eps)
        n = bare * w[p + "ln_2.weight"] + w[p + "ln_2.bias"]
        h = n @ w[p + "mlp.c_fc.weight"] + w[p + "mlp.c_fc.bias"]
        h = 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h ** 3)))
        mlp = h @ w[p + "mlp.c_proj.weight"] + w[p + "mlp.c_proj.bias"]
        out.append((mid, bare, n, mlp))
        x = mid + mlp
    return out


READ = {"hook_resid_mid": 0, "ln2.hook_normalized": 1, "mlp.hook_in": 2}


# ---- random weights, as their files hold them

def draw(rng, *shape, scale=1.0):
    return (rng.uniform(-1, 1, shape) * scale).astype(np.float32)


def weights(seed):
    """One layer: encoder (F,D), decoder (F,L,D), biases, thresholds, a skip path (D,D)."""
    rng = np.random.default_rng(seed)
    return {"enc": draw(rng, F, D, scale=D ** -0.5), "dec": draw(rng, F, L, D, scale=D ** -0.5),
            "b_enc": draw(rng, F, scale=0.1), "b_dec": draw(rng, D, scale=0.1),
            "threshold": (0.1 + 0.1 * draw(rng, F)), "skip": draw(rng, D, D, scale=D ** -0.5)}


def narrow(w, dtype):
    """The weights as a file of that type holds them."""
    import torch

    return {k: torch.from_numpy(v).to(dtype) for k, v in w.items()}


def wide(w):
    return {k: v.double().numpy() for k, v in w.items()}


# ---- activation functions, each by its publisher's formula; h (T,F)

def relu(h, w):
    return np.maximum(h, 0)


def jump_relu(h, w):                    # circuit_tracer: x * (x > threshold)
    return h * (h > w["threshold"])


def scope(h, w):                        # Gemma Scope: mask * relu(pre)
    return (h > w["threshold"]) * np.maximum(h, 0)


def topk(k):                            # circuit_tracer's TopK
    def act(h, w):
        a = np.zeros_like(h)
        for t in range(len(h)):
            best = np.argsort(-h[t], kind="stable")[:k]
            a[t, best] = h[t, best]
        return a
    return act


def topk_relu(k):                       # sparsify: topk of relu
    return lambda h, w: topk(k)(np.maximum(h, 0), w)


def groupmax(k):                        # sparsify: the largest of each of k groups of relu
    def act(h, w):
        a = np.zeros_like(h)
        groups = np.maximum(h, 0).reshape(len(h), k, -1)
        for t in range(len(h)):
            for g in range(k):
                f = g * groups.shape[2] + int(np.argmax(groups[t, g]))
                a[t, f] = np.maximum(h[t, f], 0)
        return a
    return act


def batchtopk(k):                       # sparsify: of relu, what is no less than the (k n)-th largest of n tokens
    def act(h, w):
        a = np.maximum(h, 0)
        return a * (a >= np.sort(a, axis=None)[-k * len(h)])
    return act


# ---- the layouts

def config(directory, **keys):
    with open(os.path.join(directory, "config.yaml"), "w", encoding="utf-8") as f:
        for key, value in keys.items():
            if isinstance(value, list):
                f.write(f"{key}:\n" + "".join(f"- \"{v}\"\n" for v in value))
            else:
                f.write(f"{key}: {value}\n")


def save(directory, name, tensors_):
    from safetensors.torch import save_file

    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors_.items()}, path)


def write_plt(directory, ws, thresholds=False, skip=False, extra=None, own="W_skip", **keys):
    config(directory, model_kind="transcoder_set", **keys)
    for l, w in enumerate(ws):
        t = {"W_enc": w["enc"], "W_dec": w["dec"][:, l], "b_enc": w["b_enc"], "b_dec": w["b_dec"]}
        if thresholds:
            t["activation_function.threshold"] = w["threshold"]
        if skip:
            t[own] = w["skip"]          # x @ W_skip.T: as it is
        t.update(extra or {})
        save(directory, f"layer_{l}.safetensors", t)


def write_clt(directory, ws, thresholds=False, **keys):
    config(directory, model_kind="cross_layer_transcoder", **keys)
    for l, w in enumerate(ws):
        t = {f"W_enc_{l}": w["enc"], f"b_enc_{l}": w["b_enc"], f"b_dec_{l}": w["b_dec"]}
        if thresholds:
            t[f"threshold_{l}"] = w["threshold"]
        save(directory, f"W_enc_{l}.safetensors", t)
        save(directory, f"W_dec_{l}.safetensors", {f"W_dec_{l}": w["dec"][:, l:]})


def write_scope1(directory, ws, compressed=False, **keys):
    names = [f"layer_{l}/width_16k/average_l0_{60 + l}/params.npz" for l in range(L)]
    repository = "hf://google/gemma-scope-2b-pt-transcoders/"
    config(directory, model_kind="transcoder_set", transcoders=[repository + n + "?revision=main" for n in names], **keys)
    for l, w in enumerate(ws):
        w = {k: v.numpy() for k, v in w.items()}
        os.makedirs(os.path.dirname(os.path.join(directory, names[l])))
        # numpy writes a transposed view in Fortran order.
        enc = w["enc"].T if compressed else np.ascontiguousarray(w["enc"].T)
        (np.savez_compressed if compressed else np.savez)(
            os.path.join(directory, names[l]), W_enc=enc, W_dec=np.ascontiguousarray(w["dec"][:, l]), b_enc=w["b_enc"],
            b_dec=w["b_dec"], threshold=w["threshold"])


def scope2(w, dec):
    return {"w_enc": w["enc"].T, "w_dec": dec, "b_enc": w["b_enc"], "b_dec": w["b_dec"], "threshold": w["threshold"],
            "affine_skip_connection": w["skip"].T}      # x @ affine_skip_connection


def write_scope2_plt(directory, ws, **keys):
    names = [f"transcoder_all/layer_{l}_width_16k_l0_small_affine/params.safetensors" for l in range(L)]
    config(directory, model_kind="transcoder_set", transcoders=["hf://google/gemma-scope-2-270m-pt/" + n for n in names],
           **keys)
    for l, w in enumerate(ws):
        save(directory, names[l], scope2(w, w["dec"][:, l]))
        with open(os.path.join(directory, os.path.dirname(names[l]), "config.json"), "w", encoding="utf-8") as f:
            json.dump({"hf_hook_point_in": f"model.layers.{l}.pre_feedforward_layernorm.output",
                       "hf_hook_point_out": f"model.layers.{l}.post_feedforward_layernorm.output", "width": F,
                       "model_name": "gemma-v3-270m-pt", "architecture": "jump_relu", "l0": 15,
                       "affine_connection": True, "type": "transcoder"}, f)


def write_scope2_clt(directory, ws, **keys):
    config(directory, model_kind="cross_layer_transcoder", **keys)
    for l, w in enumerate(ws):
        save(directory, f"params_layer_{l}.safetensors", scope2(w, w["dec"]))


def write_sparsify(directory, ws, skip=False, stem="layers", **cfg):
    for l, w in enumerate(ws):
        t = {"encoder.weight": w["enc"], "encoder.bias": w["b_enc"], "W_dec": w["dec"][:, l], "b_dec": w["b_dec"]}
        if skip:
            t["W_skip"] = w["skip"]     # x @ W_skip.mT
        save(directory, f"{stem}.{l}.mlp/sae.safetensors", t)
        with open(os.path.join(directory, f"{stem}.{l}.mlp", "cfg.json"), "w", encoding="utf-8") as f:
            json.dump({"expansion_factor": 32, "normalize_decoder": True, "num_latents": F, "multi_topk": False,
                       "skip_connection": skip, "d_in": D, **cfg}, f)


class Layout:
    def __init__(self, write, act, reads, model="llama-clt", across=False, skip=False, centred=False, dtype="float32",
                 shift=0.0, **keys):
        self.write, self.act, self.reads, self.model = write, act, reads, model
        self.across, self.skip, self.centred, self.dtype, self.shift, self.keys = across, skip, centred, dtype, shift, keys


RESID = {"feature_input_hook": "hook_resid_mid", "feature_output_hook": "hook_mlp_out"}
MLP = {"feature_input_hook": "mlp.hook_in", "feature_output_hook": "mlp.hook_out"}
BARE = {"feature_input_hook": "ln2.hook_normalized", "feature_output_hook": "hook_mlp_out"}
BLOCKS = {"feature_input_hook": "blocks.{layer}.mlp.hook_in", "feature_output_hook": "blocks.{layer}.hook_mlp_out"}

LAYOUTS = {
    "plt-relu": Layout(write_plt, relu, "hook_resid_mid", activation="relu", model_name="llama-clt", **RESID),
    "plt-jumprelu": Layout(write_plt, jump_relu, "mlp.hook_in", dtype="bfloat16", thresholds=True, shift=-0.02,
                           activation="jump_relu", **MLP),
    "plt-topk": Layout(write_plt, topk(5), "mlp.hook_in", skip=True, activation="topk", k=5, **BLOCKS),
    "plt-bare": Layout(write_plt, relu, "ln2.hook_normalized", skip=True, dtype="float16", **BARE),
    "plt-bare-gpt2": Layout(write_plt, relu, "ln2.hook_normalized", model="gpt2-plt", skip=True, **BARE),
    "clt-jumprelu": Layout(write_clt, jump_relu, "hook_resid_mid", across=True, dtype="float16", thresholds=True, **RESID),
    "clt-relu": Layout(write_clt, relu, "mlp.hook_in", across=True, **MLP),
    "scope1": Layout(write_scope1, scope, "ln2.hook_normalized", **BARE),
    "scope1-compressed": Layout(write_scope1, scope, "ln2.hook_normalized", compressed=True, dtype="float16", shift=-0.15,
                                **BARE),
    "scope2-plt": Layout(write_scope2_plt, scope, "mlp.hook_in", skip=True, dtype="bfloat16",
                         feature_input_hook="mlp.hook_in", feature_output_hook="hook_mlp_out"),
    "scope2-clt": Layout(write_scope2_clt, scope, "mlp.hook_in", across=True, skip=True,
                         feature_input_hook="mlp.hook_in", feature_output_hook="hook_mlp_out"),
    "sparsify-topk": Layout(write_sparsify, topk_relu(7), "mlp.hook_in", skip=True, activation="topk", k=7,
                            transcode=True),
    "sparsify-groupmax": Layout(write_sparsify, groupmax(4), "mlp.hook_in", stem="h", activation="groupmax", k=4,
                                transcode=True),
    "sparsify-batchtopk": Layout(write_sparsify, batchtopk(3), "mlp.hook_in", dtype="float16", activation="batchtopk",
                                 k=3, transcode=True),
    "sparsify-centred": Layout(write_sparsify, topk_relu(3), "mlp.hook_in", centred=True, dtype="bfloat16", k=3,
                               transcode=False),
}


def layer_weights(name, layout):
    import torch

    ws = [weights([zlib.crc32(name.encode()), l]) for l in range(L)]
    for w in ws:
        w["threshold"] += np.float32(layout.shift)
    return [narrow(w, getattr(torch, layout.dtype)) for w in ws]


def encode(layout, ws, streams):
    """Pre-activations and activations (L,T,F), reconstructions (L,T,D) of all positions."""
    pre, act, recon = [], [], np.zeros((L, len(IDS), D))
    for l, w in enumerate(ws):
        x = streams[l][READ[layout.reads]]
        pre.append((x - w["b_dec"] if layout.centred else x) @ w["enc"].T + w["b_enc"])
        act.append(layout.act(pre[-1], w))
        for m in range(l, L if layout.across else l + 1):
            recon[m] += act[-1] @ w["dec"][:, m]
        recon[l] += w["b_dec"]
        if layout.skip:
            recon[l] += x @ w["skip"].T
    return np.array(pre), np.array(act), recon


def write(directory):
    streams = {"llama-clt": run_llama(), "gpt2-plt": run_gpt2()}
    for name, layout in LAYOUTS.items():
        path = os.path.join(directory, name)
        os.makedirs(path)
        ws = layer_weights(name, layout)
        keys = dict(layout.keys)
        if layout.write in (write_plt, write_sparsify):
            keys["skip"] = layout.skip
        if name == "plt-topk":
            import torch
            keys["extra"] = {"k": torch.tensor(5)}
        layout.write(path, ws, **keys)
        pre, act, recon = encode(layout, [wide(w) for w in ws], streams[layout.model])
        active = [[l, t, f, float(f"{act[l, t, f]:.9g}")] for l in range(L) for t in range(1, len(IDS)) for f in range(F)
                  if act[l, t, f] != 0]
        with open(os.path.join(path, "expected.json"), "w", encoding="utf-8") as f:
            json.dump({"model": layout.model, "ids": IDS, "active": active,
                       "recon": [float(f"{v:.9g}") for v in recon[:, 1:].flatten()]}, f)
            f.write("\n")
        print(f"{name}: {len(active)} active of {L * (len(IDS) - 1) * F}")


# ---- what the peers say

def close(what, got, want, tolerance=1e-5):
    worst = float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-9))
    print(f"{'ok' if worst <= tolerance else 'not ok'} - {what}: within {worst:.1e}")
    return worst <= tolerance


def load(path, layout):
    """By circuit-tracer's loader; None where it has none."""
    import torch
    import circuit_tracer.transcoder.cross_layer_transcoder as clt
    import circuit_tracer.transcoder.single_layer_transcoder as plt
    from circuit_tracer.transcoder.activation_functions import TopK

    where = {"device": torch.device("cpu"), "dtype": torch.float32}
    files = {l: os.path.join(path, f"layer_{l}.safetensors") for l in range(L)}
    if layout.write is write_plt:
        if "activation" in layout.keys and layout.keys["activation"] == "topk":
            from safetensors.torch import load_file, save_file
            import tempfile

            tmp = tempfile.mkdtemp()
            for l, name in files.items():       # its loader takes neither k nor TopK
                save_file({k: v for k, v in load_file(name).items() if k != "k"}, os.path.join(tmp, f"{l}"))
                files[l] = os.path.join(tmp, f"{l}")
        loaded = plt.load_transcoder_set(files, "scan", "in", "out", lazy_encoder=False, lazy_decoder=False, **where)
        if layout.keys.get("activation") == "topk":
            for t in loaded.transcoders:
                t.activation_function = TopK(layout.keys["k"])
        return loaded
    if layout.write is write_clt:
        return clt.load_clt(path, lazy_decoder=False, **where)
    if layout.write is write_scope1:
        return plt.TranscoderSet({l: plt.load_gemma_scope_transcoder(
            os.path.join(path, f"layer_{l}/width_16k/average_l0_{60 + l}/params.npz"), l, **where) for l in range(L)},
            "in", "out")
    if layout.write is write_scope2_plt:
        return plt.TranscoderSet({l: plt.load_gemma_scope_2_transcoder(os.path.join(
            path, f"transcoder_all/layer_{l}_width_16k_l0_small_affine/params.safetensors"), l, **where)
            for l in range(L)}, "in", "out")
    if layout.write is write_scope2_clt:
        # Version 0.5.0 leaves out the last of the paths it is given.
        paths = {l: os.path.join(path, f"params_layer_{min(l, L - 1)}.safetensors") for l in range(L + 1)}
        return clt.load_gemma_scope_2_clt(paths, **where)
    return None


def check_loader(path, name, layout, streams):
    import torch

    transcoder = load(path, layout)
    if transcoder is None:
        print(f"ok - {name}: no loader in circuit-tracer, the publisher's formulas only")
        return True
    x = torch.tensor(np.array([s[READ[layout.reads]] for s in streams]), dtype=torch.float32)
    with torch.no_grad():
        a = transcoder.encode(x)
        recon = transcoder.decode(a.to_sparse() if layout.across else a, x)
    _, act, want = encode(layout, [wide(w) for w in layer_weights(name, layout)], streams)
    if layout.act is scope:     # circuit-tracer lets negative thresholds pass negative values: counted, not compared
        differ = int(((a.numpy() < 0) & (act == 0)).sum())
        if differ:
            print(f"ok - {name}: {differ} values below 0 pass in circuit-tracer, and not in Gemma Scope's code")
            return True
    return close(f"{name}: activations", a.double().numpy(), act) & close(f"{name}: output", recon.double().numpy(), want)


def check_hooks(streams):
    """Where TransformerLens has its hooks: of the last layer's LayerNorm and RMSNorm."""
    import torch
    from transformer_lens import HookedTransformerConfig
    from transformer_lens.components import LayerNorm, RMSNorm

    good = True
    for name, kind, cls in (("gpt2-plt", "LN", LayerNorm), ("llama-clt", "RMS", RMSNorm)):
        cfg = HookedTransformerConfig(n_layers=L, d_model=D, n_heads=4, d_head=4, n_ctx=24, d_vocab=40, act_fn="gelu",
                                      normalization_type=kind, eps=1e-5, device="cpu", dtype=torch.float64)
        norm, seen = cls(cfg), []
        with torch.no_grad():
            norm.w.mul_(3)
        norm.hook_normalized.add_hook(lambda value, hook: seen.append(value))
        norm(torch.tensor(streams[name][-1][0])[None])
        good &= close(f"ln2.hook_normalized of {cls.__name__}", seen[0][0].detach().numpy(), streams[name][-1][1], 1e-6)
    return good


def check_forward(streams):
    """The forward passes of this file against transformers."""
    import torch
    from transformers import AutoModelForCausalLM

    good = True
    for name in streams:
        model = AutoModelForCausalLM.from_pretrained(os.path.join(GOLDEN, name), dtype=torch.float32).eval()
        seen = []
        layers = model.model.layers if hasattr(model, "model") else model.transformer.h
        for layer in layers:
            layer.mlp.register_forward_hook(lambda m, i, o: seen.append((i[0][0], o[0])))
        with torch.no_grad():
            model(torch.tensor([IDS]))
        for l in range(L):
            for at, part in ((2, 0), (3, 1)):
                good &= close(f"{name}: layer {l} {'reads' if part == 0 else 'writes'}", seen[l][part].double().numpy(),
                              streams[name][l][at])
    return good


def check(directory):
    import importlib.util

    gone = [n for n in ("torch", "transformers", "transformer_lens", "circuit_tracer") if not importlib.util.find_spec(n)]
    if gone:
        print(f"skipped: Python packages missing: {', '.join(gone)}")
        return 77
    streams = {"llama-clt": run_llama(), "gpt2-plt": run_gpt2()}
    good = check_forward(streams) & check_hooks(streams)
    for name, layout in LAYOUTS.items():
        good &= check_loader(os.path.join(directory, name), name, layout, streams[layout.model])
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("--write", "--check"):
        sys.exit(__doc__)
    sys.exit(write(sys.argv[2]) if sys.argv[1] == "--write" else check(sys.argv[2]))
