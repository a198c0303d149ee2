#!/usr/bin/env python3
"""Trains transcoders for small models that Python trained, and checks ctrace's report against PyTorch.

usage: own.py CTRACE_PROGRAM

A llama and a gpt2 learn a generated text for a minute; `ctrace train` makes a per-layer and a cross-layer transcoder for
them. Then PyTorch reads the files that it wrote, and computes every figure of the report on the same windows: explained
variance, active features, KL and top-1 of the replacement model, of each layer alone too. If circuit-tracer is there,
the llama's graphs are compared with its own. Exits 0 when all agree, 1 when not, 77 (skipped) without the packages.
"""
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference  # noqa: E402

NEEDED = ["torch", "transformers", "tokenizers", "safetensors"]
BOS = "<bos>"
DEMO = "Anna lives in Paris, the capital of"
STEPS = 300


def write_text(path, sentences, seed):
    """Sentences with facts in them, so that there is something to learn."""
    rng = random.Random(seed)
    cities = {"Paris": "France", "Rome": "Italy", "Oslo": "Norway", "Madrid": "Spain", "Vienna": "Austria",
              "Cairo": "Egypt", "Lima": "Peru", "Tokyo": "Japan", "Athens": "Greece", "Dublin": "Ireland"}
    people = ["Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry"]
    things = ["a red car", "the old house", "three small birds", "a blue boat", "some green apples", "the long road"]
    with open(path, "w", encoding="utf-8") as f:
        for _ in range(sentences):
            city, person, thing = rng.choice(list(cities)), rng.choice(people), rng.choice(things)
            f.write(rng.choice([
                f"{person} lives in {city}, the capital of {cities[city]}.\n",
                f"{person} sees {thing} in {city} and tells {rng.choice(people)} about it.\n",
                f"People in {cities[city]} like {thing}; {city} is large.\n",
                f"When {person} was in {cities[city]}, {person} went to {city}.\n"]))


def write_tokenizer(directory, text):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train([text], trainers.BpeTrainer(vocab_size=420, special_tokens=[BOS], show_progress=False,
                                          initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tok.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, tok.token_to_id(BOS))])
    tok.save(os.path.join(directory, "tokenizer.json"))
    return tok


def build(family, V, bos):
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    if family == "gpt2":
        return GPT2LMHeadModel(GPT2Config(vocab_size=V, n_positions=64, n_embd=48, n_layer=3, n_head=4, bos_token_id=bos,
                                          eos_token_id=bos, attn_pdrop=0, embd_pdrop=0, resid_pdrop=0))
    return LlamaForCausalLM(LlamaConfig(vocab_size=V, hidden_size=48, intermediate_size=128, num_hidden_layers=2,
                                        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
                                        bos_token_id=bos, eos_token_id=bos))


def train_model(family, directory, text):
    import torch

    tok = write_tokenizer(directory, text)
    torch.manual_seed(1)
    bos = tok.token_to_id(BOS)
    with open(text, encoding="utf-8") as f:
        ids = torch.tensor(tok.encode(f.read(), add_special_tokens=False).ids)
    rows = ids[:len(ids) // 31 * 31].view(-1, 31)
    rows = torch.cat([torch.full((len(rows), 1), bos), rows], 1)
    model = build(family, tok.get_vocab_size(), bos)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(STEPS):
        batch = rows[torch.randint(len(rows), (32,))]
        loss = model(batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(directory)
    print(f"# {family}: trained by PyTorch to {loss.item():.3f} nats per token on {len(ids)} tokens")
    return model.eval()


class Transcoder:
    """The files that ctrace wrote, and what their format says that they compute."""

    def __init__(self, directory, L):
        import yaml
        from safetensors.torch import load_file

        with open(os.path.join(directory, "config.yaml"), encoding="utf-8") as f:
            self.config = yaml.safe_load(f)
        self.L = L
        self.clt = self.config["model_kind"] == "cross_layer_transcoder"
        self.layers = []
        for l in range(L):
            if self.clt:
                w = load_file(os.path.join(directory, f"W_enc_{l}.safetensors"))
                w |= load_file(os.path.join(directory, f"W_dec_{l}.safetensors"))
                self.layers.append((w[f"W_enc_{l}"], w[f"b_enc_{l}"], w[f"threshold_{l}"], w[f"W_dec_{l}"], w[f"b_dec_{l}"]))
            else:
                w = load_file(os.path.join(directory, f"layer_{l}.safetensors"))
                self.layers.append((w["W_enc"], w["b_enc"], w["activation_function.threshold"], w["W_dec"][:, None],
                                    w["b_dec"]))

    def encode(self, l, x):
        enc, bias, threshold = self.layers[l][:3]
        h = x @ enc.T + bias
        return h * (h > threshold)

    def write(self, l, features):
        """What layer l adds, from the features of layers 0 to l."""
        out = self.layers[l][4].clone()
        for k in range(0 if self.clt else l, l + 1):
            out = out + features[k] @ self.layers[k][3][:, l - k]
        return out


class Hooked:
    """A model with its read points and MLP outputs recorded, and outputs replaced where asked for."""

    def __init__(self, model, transcoder):
        self.model, self.tc = model, transcoder
        self.blocks = model.transformer.h if hasattr(model, "transformer") else model.model.layers
        self.replace = {}			# layer: None (by the transcoder, live) or an output
        self.hooks = []
        for l, block in enumerate(self.blocks):
            norm = block.ln_2 if hasattr(block, "ln_2") else block.post_attention_layernorm
            self.hooks += [norm.register_forward_hook(lambda m, args, out, l=l: self.read(l, args[0], out)),
                           block.mlp.register_forward_hook(lambda m, args, out, l=l: self.wrote(l, out))]

    def close(self):
        for hook in self.hooks:
            hook.remove()

    def read(self, l, stream, normed):
        x = {"hook_resid_mid": stream, "mlp.hook_in": normed}[self.tc.config["feature_input_hook"]]
        self.features[l] = self.tc.encode(l, x)

    def wrote(self, l, out):
        self.out[l] = out
        if l not in self.replace:
            return out
        new = self.tc.write(l, self.features) if self.replace[l] is None else self.replace[l]
        new = new.clone()
        new[:, :1] = out[:, :1]		# BOS has no features
        return new

    def run(self, ids, replace):
        import torch

        self.features, self.out, self.replace = {}, {}, replace
        with torch.no_grad():
            return self.model(ids).logits[0].double()


def evaluate(model, directory, windows, alone):
    """All figures of the report, in PyTorch."""
    import torch

    L = model.config.num_hidden_layers
    h = Hooked(model, Transcoder(directory, L))
    y, e, active = [[[] for _ in range(L)] for _ in range(3)]
    kl, same, kl_alone, same_alone, n_alone = [], [], [[] for _ in range(L)], [[] for _ in range(L)], 0

    def compare(p, q, kls, sames):
        kls += (p.softmax(-1) * (p.log_softmax(-1) - q.log_softmax(-1))).sum(-1)[1:-1].tolist()
        sames += (p.argmax(-1) == q.argmax(-1))[1:-1].tolist()

    for window in windows:
        ids = torch.tensor([window])
        p = h.run(ids, {})
        out, features = dict(h.out), dict(h.features)
        wrote = [h.tc.write(l, features) for l in range(L)]
        for l in range(L):
            y[l].append(out[l][0, 1:].double())
            e[l].append((out[l] - wrote[l])[0, 1:].double())
            active[l] += (features[l][0, 1:] != 0).sum(-1).tolist()
        compare(p, h.run(ids, {l: None for l in range(L)}), kl, same)
        if n_alone < alone:
            n_alone += len(window) - 2
            for l in range(L):
                compare(p, h.run(ids, {l: wrote[l]}), kl_alone[l], same_alone[l])
    h.close()
    mean = lambda x: sum(x) / len(x)  # noqa: E731
    layers = []
    for l in range(L):
        values, errors = torch.cat(y[l]), torch.cat(e[l])
        layers.append({"explained_variance": float(1 - (errors ** 2).sum() / ((values - values.mean(0)) ** 2).sum()),
                       "l0": mean(active[l]), "kl_alone": mean(kl_alone[l]), "top1_alone": mean(same_alone[l])})
    return {"kl": mean(kl), "top1": mean(same), "positions": sum(len(w) - 1 for w in windows), "layers": layers,
            "explained_variance": mean([x["explained_variance"] for x in layers]), "l0": mean([x["l0"] for x in layers])}


def differ(name, ours, theirs, bound):
    gap = abs(ours - theirs)
    return [f"{name} {ours:.6f}, PyTorch {theirs:.6f}"] if gap > bound else []


def check(program, family, sections, floor):
    with tempfile.TemporaryDirectory() as directory:
        text = os.path.join(directory, "text.txt")
        write_text(text, 3000, 1)
        model = train_model(family, directory, text)
        with open(os.path.join(directory, "recipe.yaml"), "w", encoding="utf-8") as f:
            f.write(f"name: {family}\ndemo: {json.dumps(DEMO)}\nmodel: {{from: .}}\n"
                    "corpus: {text: text.txt, window: 32, held out: 0.06, sample: 120}\n" + sections)
        out = subprocess.run([program, "train", "--json", "-", os.path.join(directory, "recipe.yaml")],
                             capture_output=True, text=True)
        assert out.returncode == 0, out.stderr.strip()
        report = json.loads(out.stdout)
        failed = 0
        for kind in ("transcoder", "transcoder-plt"):
            if kind not in report:
                continue
            ours = report[kind]
            where = os.path.join(directory, kind)
            theirs = evaluate(model, where, report["measured"], ours["positions_alone"])
            n = ours["positions"]
            wrong = differ("positions", n, theirs["positions"], 0)
            wrong += differ("KL", ours["kl"], theirs["kl"], 1e-3 * theirs["kl"] + 1e-6)
            wrong += differ("top-1", ours["top1"], theirs["top1"], 2.5 / n)
            for name in ("explained_variance", "l0"):
                wrong += differ(name, ours[name], theirs[name], 1e-3)
            for l, (a, b) in enumerate(zip(ours["layers"], theirs["layers"])):
                wrong += differ(f"layer {l} explained variance", a["explained_variance"], b["explained_variance"], 1e-3)
                wrong += differ(f"layer {l} L0", a["l0"], b["l0"], 5e-3)
                wrong += differ(f"layer {l} KL", a["kl_alone"], b["kl_alone"], 1e-3 * b["kl_alone"] + 1e-6)
                wrong += differ(f"layer {l} top-1", a["top1_alone"], b["top1_alone"], 2.5 / ours["positions_alone"])
            if ours["explained_variance"] < floor:
                wrong.append(f"explained variance {ours['explained_variance']:.3f}; expected {floor} or more")
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} - {family}, {kind}: explained variance {ours['explained_variance']:.4f} "
                  f"(PyTorch {theirs['explained_variance']:.4f}), L0 {ours['l0']:.2f} ({theirs['l0']:.2f}), KL "
                  f"{ours['kl']:.4f} ({theirs['kl']:.4f}), top-1 {ours['top1']:.4f} ({theirs['top1']:.4f}), "
                  f"{n} positions held out")
            for line in wrong:
                print(f"#   {line}")
            if family == "llama" and all(importlib.util.find_spec(name) for name in reference.NEEDED):
                status = reference.compare(program, directory, where)
                failed += status
                print(f"{'not ok' if status else 'ok'} - {family}, {kind}: the graph is circuit-tracer's")
        return failed


def main():
    gone = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if gone:
        print(f"skipped: Python packages missing: {', '.join(gone)}")
        return 77
    import torch

    torch.set_num_threads(1)		# small matrices; more threads only wait for each other
    program = os.path.abspath(sys.argv[1])
    small = "features: 256, l0: 8, steps: 400, batch: 256, buffer: 8192, rate: 0.004"
    failed = check(program, "llama", f"transcoder: {{{small}, read: hook_resid_mid}}\ntranscoder-plt: {{{small}}}\n", .6)
    failed += check(program, "gpt2", f"transcoder-plt: {{{small}, activation: jumprelu}}\n", .6)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
