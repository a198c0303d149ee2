#!/usr/bin/env python3
"""Compares token ids and pieces with Hugging Face tokenizers, construct by construct.

usage: tokenizers_check.py TOKENS_PROGRAM [--record DIR]

Small tokenizers in the style of each family (GPT-2, Llama 2 and 3, Mistral, Gemma, Qwen) encode hundreds of nasty
strings; every construct of Oniguruma's patterns splits all of them. Ids and pieces must be identical, or the pattern is
refused. --record writes the expected values that the plain tests read (tests/tokenizers). Exits 77 when packages are missing.
"""
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

CORPUS = [
    "the capital of the state containing Dallas is Austin", "Roses are red, violets are blue;  it's 12345 o'clock.",
    "Grüße aus Köln, 東京 and 😀! I'LL  say\tso.", "def f(x):\n    return x ** 2  # naïve\n\n", "ÀÉÎ ñandú œuvre ſ ß",
    "мир и труд", "שלום עולם", "नमस्ते दुनिया", "  leading and trailing  ", "a_b-c.d/e:f;g,h!i?j", "1234567890 3.14",
]
UNITS = [
    " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\u200b", "\u200d", "\ufeff", "\u180e",
    "a", "A", "s", "ſ", "K", "t", "'", "’", "'s", "'S", "'ſ", "'ll", "'LL", "'re", "'t", "don't", "I'VE", "the", "The", "Dallas",
    "0", "7", "123", "4567", "²", "½", "Ⅷ", "٣", "१२", "_", "-", "--", ".", "...", "!", "?!", "$", "€", "+", "=", "<", ">", "|",
    "\\", "/", "#", "@", "~", "`", "^", "&", "&&", "[", "]", "{", "}", "(", ")", '"', "*", "%", ",", ";", ":", "é", "e\u0301", "ß",
    "œ", "İ", "ñ", "Ω", "ǅ", "ж", "Ж", "ש", "שָׁ", "ع", "ا", "न", "मस्ते", "ไทย", "東", "京都", "ひら", "カタ", "한", "글", "😀", "👩‍👩‍👧",
    "🏽", "🇩🇪", "☃", "\u20e3", "\u0301", "\u0345", "𝔸", "𐍈", "\x01", "\x7f", "\x1b", "\u0085", "\u00ad", "\ufffd", "▁", "▁▁", "Ġ", "Ċ",
    "<s>", "</s>", "<unk>", "<bos>", "<|endoftext|>", "<0x0A>", "<0xFF>", "New York", "<pad>", "xyz", "foo_bar",
]


def nasty(n, seed):
    """Strings of units that meet at odd places; the first ones hold each unit alone and between letters."""
    rng = random.Random(seed)
    out = [""] + UNITS + ["a" + u + "b" for u in UNITS] + [u + " " + u for u in UNITS]
    while len(out) < n:
        out.append("".join(rng.choice(UNITS) for _ in range(rng.randint(2, 14))))
    return out[:max(n, 400)]


def run(program, directory, texts, *flags):
    data = "".join(t.encode().hex() + "\n" for t in texts)
    out = subprocess.run([program, *flags, directory], input=data, text=True, capture_output=True)
    if out.returncode:
        return None, out.stderr.strip()
    return out.stdout.split("\n")[:len(texts)], ""


def bpe_trainer(size, special, alphabet=None):
    from tokenizers import trainers
    return trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                               initial_alphabet=alphabet or [])


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = O200K.replace(r"\p{N}{1,3}", r"\p{N}").replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(pattern, extra_splits=(), special=("<|endoftext|>",), prefix=False, ignore=False, normalizer=None):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    tok = Tokenizer(models.BPE(ignore_merges=ignore))
    steps = [pre_tokenizers.Split(Regex(p), behavior="isolated") for p in extra_splits]
    if pattern:
        steps.append(pre_tokenizers.Split(Regex(pattern), behavior="isolated"))
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=pattern is None))
    tok.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
    if normalizer:
        tok.normalizer = normalizer
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(CORPUS * 3, bpe_trainer(500, list(special), pre_tokenizers.ByteLevel.alphabet()))
    return tok


def with_bytes(tok, fuse=True, special=("<unk>", "<s>", "</s>")):
    """Adds <0xNN> tokens to a trained character-level BPE, as SentencePiece's models have them."""
    spec = json.loads(tok.to_str())
    vocab = {s: i for i, s in enumerate(special)}
    for b in range(256):
        vocab[f"<0x{b:02X}>"] = len(vocab)
    for piece in sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].get):
        vocab.setdefault(piece, len(vocab))
    spec["model"].update(vocab=vocab, unk_token="<unk>", fuse_unk=fuse, byte_fallback=True)
    spec["added_tokens"] = [{"id": vocab[s], "content": s, "single_word": False, "lstrip": False, "rstrip": False,
                             "normalized": False, "special": True} for s in special]
    return spec


def characters(normalizer, pre_tokenizer=None, drop=(), special=("<unk>", "<s>", "</s>"), fuse=True):
    from tokenizers import Tokenizer, models, pre_tokenizers
    tok = Tokenizer(models.BPE())
    if normalizer:
        tok.normalizer = normalizer
    tok.pre_tokenizer = pre_tokenizer or pre_tokenizers.Split("▁", "merged_with_next")
    tok.train_from_iterator(CORPUS * 3, bpe_trainer(420, []))
    spec = with_bytes(tok, fuse, special)
    spec["model"]["vocab"] = {k: i for i, k in enumerate(k for k in spec["model"]["vocab"] if k not in drop)}
    for t in spec["added_tokens"]:
        t["id"] = spec["model"]["vocab"][t["content"]]
    if pre_tokenizer is None:
        spec["pre_tokenizer"] = None
    return spec


def bos(spec, token):
    spec = spec if isinstance(spec, dict) else json.loads(spec.to_str())
    vocab = spec["model"]["vocab"]
    spec["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [vocab[token]], "tokens": [token]}}}
    return spec


def add(spec, content, **flags):
    spec = spec if isinstance(spec, dict) else json.loads(spec.to_str())
    known = spec["model"]["vocab"].get(content)
    last = max([t["id"] for t in spec["added_tokens"]] + [len(spec["model"]["vocab"]) - 1])
    token = {"id": known if known is not None else last + 1, "content": content, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": False}
    token.update(flags)
    spec["added_tokens"].append(token)
    return spec


def families():
    from tokenizers import normalizers as N, pre_tokenizers as P
    yield "gpt2", byte_level(None)
    yield "gpt2-prefix", byte_level(None, prefix=True)
    yield "llama3", bos(byte_level(LLAMA3, special=("<s>", "</s>"), ignore=True), "<s>")
    yield "qwen", byte_level(QWEN, normalizer=N.NFC())
    yield "gpt-oss", byte_level(O200K)
    yield "mistral-tekken", bos(byte_level(TEKKEN, special=("<unk>", "<s>", "</s>")), "<s>")
    yield "deepseek", byte_level(DEEPSEEK, extra_splits=[r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+"])
    yield "smollm", byte_level(None, extra_splits=[r"\p{N}"])
    sentencepiece = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    yield "llama2", bos(characters(sentencepiece), "<s>")
    yield "llama2-no-fuse", characters(sentencepiece, fuse=False, drop=["<0x0A>", "<0xF0>"])
    meta = lambda scheme, split: characters(None, P.Metaspace("▁", prepend_scheme=scheme, split=split))
    yield "mistral-metaspace-first", bos(meta("first", False), "<s>")
    yield "metaspace-always-split", meta("always", True)
    yield "metaspace-never", meta("never", True)
    gemma = characters(N.Replace(" ", "▁"), P.Split(" ", "merged_with_previous"), special=("<pad>", "<eos>", "<bos>", "<unk>"))
    for k in ("▁▁", "▁▁▁", "\n\n", "\t\t", "<table>"):
        gemma = add(gemma, k)
    yield "gemma", bos(gemma, "<bos>")
    tricky = characters(sentencepiece)
    tricky = add(tricky, "New York", single_word=True)
    tricky = add(tricky, "Dallas", normalized=True)
    tricky = add(tricky, "the", normalized=True, single_word=True, lstrip=True)
    tricky = add(tricky, "<pad>", lstrip=True, rstrip=True, special=True)
    tricky = add(tricky, "xyz", rstrip=True)
    yield "added-tokens", tricky
    replace = N.Sequence([N.Replace(__import__("tokenizers").Regex(r"\s+"), "▁"), N.Replace("a", "bb"), N.Replace("!", "")])
    yield "replace", characters(replace)
    whole = json.loads(byte_level(None).to_str())
    whole["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    yield "one-piece", whole


PATTERNS = [
    r"\s", r"\S+", r"\s+", r"\w", r"\w+", r"\W+", r"[\w]+", r"[^\w]", r"[\W]+", r"\d", r"\D+", r"\h", r"\H+", r"[\h_]+", r"[\H]",
    r".", r".+", r"(?m:.+)", r"(?m).+", r"^", r"^.", r"$", r".$", r"\n$", r"(?m:^.)", r"\A.", r".\z", r".\Z", r"\Z", r"\R", r"\R+",
    r"\b", r"\B", r"\bthe\b", r"\G.", r"[a-z&&[^aeiou]]+", r"[^a-z&&[b-d]]", r"[\p{L}&&[^\p{Lu}]]+", r"[\w&&\D]+",
    r"[a-z&&b-y&&c-x]", r"[a[bc]]+", r"[^a[bc]]+", r"[a[^b]]", r"[[:alpha:]]*", r"[[:digit:]]+", r"[[:space:]]+", r"[[:upper:]]+",
    r"[[:punct:]]+", r"[[:word:]]+", r"[[:xdigit:]]+", r"[[:cntrl:]]", r"[[:blank:]]", r"[[:^digit:]]+", r"[[:^space:]x]+",
    r"\p{L}+", r"\p{N}{1,3}", r"\p{Lu}", r"\p{Letter}+", r"\p{^L}+", r"\P{L}+", r"\P{^L}+", r"[^\P{L}]+", r"[\p{P}\p{S}]+",
    r"\p{Han}+", r"[\p{Han}\p{Hiragana}]+", r"\p{Cyrillic}+", r"\p{Greek}", r"\p{M}", r"\p{Lowercase_Letter}+", r"\p{Any}",
    r"\p{Zs}", r"\p{Sc}|\p{Sm}", r"(?i:the)", r"(?i)the|s", r"a(?i)b|c", r"(?:a(?i)s|t)x?", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    r"(?i:[a-z]+)", r"(?i:[^s])", r"(?-i:A)", r"(?i:a(?-i:s))", r"(?i:\s+|\p{N}+)", r"a+?", r"a*?b", r"[a-z]??x", r"\p{L}++",
    r"\s*+", r"\p{N}{2}", r"\p{N}{2,}", r"\p{N}{,2}", r"\p{N}{2}?", r"\p{N}{1,2}?", r"\p{N}{1,2}+", r"a{,2}b", r"x{", r"a{b}",
    r"\s+(?!\S)", r"(?<=a)b", r"(?<!a)b", r"(?=t)..", r"(?>a+)b", r"(?<name>a)b", r"(?#comment)a", r"(?x: a b # c" + "\n" + r")|\ ",
    r"(a)(b)", r"a|", r"|a", r"", r"x*", r"(?:)", r"[\b]", r"[a\-z]+", r"[-az]+", r"[az-]+", r"[a-c-]", r"\x41", r"\x{e9}",
    r"\u0041", r"[\x{4e00}-\x{9fa5}]+", r"\t|\n|\r|\f|\v|\a|\e", r"\.|\-|\_|\/", r"[.\-_/]+", r"[!\"#$%&'()*+,\-./]", r"[\]\[\\^]",
    r"[&]", r"[&&a]", r"&&", r"é", r"[à-ü]+", r"😀", r"[😀-🙏]", r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    LLAMA3, QWEN, O200K, TEKKEN, DEEPSEEK, r"\p{N}", r"[一-龥぀-ゟ゠-ヿ]+", r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+",
    r"(?:^|\n)a", r"(?<=\s)\S", r"[^\S\n]+", r"[^\s\S]", r"[\s\S]", r"\Aa|b\z", r"(?:\r?\n)+", r"[^\n]*\n",
    r"\K", r"a\Kb", r"\X", r"\y", r"\N", r"\O", r"\pL", r"\k<a>", r"(?~a)", r"(?i:ß)", r"(?i:ss)", r"(?i:\p{Lu})", r"(?i:é)",
    r"\p{Emoji}", r"\p{InCyrillic}", r"[[:graph:]]", r"\C-a", r"\cA", r"\101", r"\1(a)", r"a**", r"a{2}{3}", r"(?<=a+)b",
    r"(?(1)a|b)", r"[a-c-e]", r"[]a]", r"(?W:\w)", r"\Qa\E",
]
BEHAVIORS = ["removed", "isolated", "contiguous", "merged_with_previous", "merged_with_next"]


def pieces_of(pre, texts):
    return [[p for p, _ in pre.pre_tokenize_str(t)] for t in texts]


def split_specs():
    """(name, pre_tokenizer) for every pattern, every behaviour, and what else cuts."""
    from tokenizers import Regex, pre_tokenizers as P
    for pattern in PATTERNS:
        try:
            yield pattern, P.Split(Regex(pattern), "isolated")
        except Exception:       # not a pattern for Hugging Face either
            continue
    for behavior in BEHAVIORS:
        for invert in (False, True):
            for pattern in (" ", "..", Regex(r"\s+"), Regex(r"a|b"), Regex(r"x*")):
                yield f"{behavior} {invert} {pattern}", P.Split(pattern, behavior, invert)
    yield "Whitespace", P.Whitespace()
    yield "WhitespaceSplit", P.WhitespaceSplit()
    yield "Digits", P.Digits()
    yield "Digits, one by one", P.Digits(individual_digits=True)
    for scheme in ("always", "first", "never"):
        for split in (True, False):
            yield f"Metaspace {scheme} {split}", P.Metaspace("▁", prepend_scheme=scheme, split=split)
    yield "Sequence", P.Sequence([P.Split(Regex(r"\p{N}{1,3}"), "isolated"), P.Split(" ", "merged_with_next"), P.Digits()])


def pre_spec(pre):
    from tokenizers import Tokenizer, models
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre
    return json.loads(tok.to_str())["pre_tokenizer"]


def check_pieces(program, directory, record):
    texts = [t for t in nasty(700, 7) if t]
    failed, refused, checked, kept = 0, [], 0, []
    for name, pre in split_specs():
        spec = pre_spec(pre)
        with open(os.path.join(directory, "tokenizer.json"), "w", encoding="utf-8") as f:
            json.dump({"pre_tokenizer": spec}, f)
        got, why = run(program, directory, texts, "--pieces")
        if got is None:
            refused.append(f"{name}: {why.split('tokenizer.json: ')[-1]}")
            kept.append({"pre_tokenizer": spec, "refused": True})
            continue
        want = pieces_of(pre, texts)
        bad = []
        for text, line, pieces in zip(texts, got, want):
            ours = [bytes.fromhex(p).decode(errors="replace") for p in line.split()] if not line.startswith("!") else line
            if ours != pieces:
                bad.append((text, ours, pieces))
        checked += len(texts)
        if bad:
            failed += 1
            print(f"not ok - pieces of {name!r}: {len(bad)} of {len(texts)} texts, as {bad[0]}")
        rng = random.Random(name)
        sample = rng.sample(range(len(texts)), 6)
        interesting = [i for i in range(len(texts)) if len(want[i]) > 2][:60]
        sample += rng.sample(interesting, min(4, len(interesting)))
        kept.append({"pre_tokenizer": spec, "cases": [[texts[i], want[i]] for i in sorted(set(sample))]})
    print(f"{'not ok' if failed else 'ok'} - {len(kept)} pre_tokenizers: {checked} texts compared, {len(refused)} refused")
    for line in refused:
        print(f"# refused: {line}")
    if record:
        with open(os.path.join(record, "pieces.json"), "w", encoding="utf-8") as f:
            f.write("[\n" + ",\n".join(json.dumps(k) for k in kept) + "\n]\n")
    return failed


RECORDED = ["llama2", "llama2-no-fuse", "mistral-tekken", "mistral-metaspace-first", "metaspace-always-split", "gemma",
            "deepseek", "added-tokens", "replace"]


def check_ids(program, directory, record):
    from tokenizers import Tokenizer
    failed = 0
    for name, spec in families():
        text = json.dumps(spec) if isinstance(spec, dict) else spec.to_str()
        tok = Tokenizer.from_str(text)
        with open(os.path.join(directory, "tokenizer.json"), "w", encoding="utf-8") as f:
            f.write(text)
        texts = nasty(900, name)
        got, why = run(program, directory, texts)
        if got is None:
            print(f"not ok - {name}: {why}")
            failed += 1
            continue
        bad, refused, cases = [], 0, []
        for t, line in zip(texts, got):
            want = tok.encode(t).ids
            lead = tok.encode("").ids
            if lead and want[:2 * len(lead)] == lead * 2:
                want = want[len(lead):]         # a text that brings BOS along gets no second one here
            if line.startswith("!"):
                refused += 1
                if "no token for" not in line:
                    bad.append((t, line, want))
            elif [int(x) for x in line.split()] != want:
                bad.append((t, line, want))
            else:
                cases.append({"text": t, "ids": want})
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} - {name}: ids of {len(texts)} texts, {refused} refused" +
              (f", {len(bad)} differ, as {bad[0]}" if bad else ""))
        if record and not bad and name in RECORDED:
            where = os.path.join(record, name)
            os.makedirs(where, exist_ok=True)
            with open(os.path.join(where, "tokenizer.json"), "w", encoding="utf-8") as f:
                f.write(text)
            cases = random.Random(name).sample(cases, min(100, len(cases)))
            with open(os.path.join(where, "cases.json"), "w", encoding="utf-8") as f:
                f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases) + "\n]\n")
    return failed


def check_asides(program, directory):
    """What the file says about truncation and padding: transformers encodes as if it said nothing, and so does ctrace."""
    if importlib.util.find_spec("transformers") is None:
        print("# skipped: truncation and padding (pip install transformers)")
        return 0
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast
    cut = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    pad = {"strategy": {"Fixed": 64}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 1, "pad_type_id": 0,
           "pad_token": "</s>"}
    path = os.path.join(directory, "tokenizer.json")
    texts = [t for t in nasty(400, 11) if t][:400]
    bad, asked = [], 0
    for aside in ({"truncation": cut}, {"truncation": dict(cut, direction="Left")}, {"padding": pad},
                  {"padding": dict(pad, strategy="BatchLongest", pad_to_multiple_of=8)}, {"truncation": cut, "padding": pad}):
        spec = bos(byte_level(LLAMA3, special=("<s>", "</s>")), "<s>")
        spec.update(aside)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(spec, f)
        theirs, alone = PreTrainedTokenizerFast(tokenizer_file=path), Tokenizer.from_file(path)
        got, why = run(program, directory, texts)
        for text, line in zip(texts, got or [why] * len(texts)):
            want = theirs(text).input_ids
            asked += alone.encode(text).ids != want
            if want[:2] == [0, 0]:
                want = want[1:]         # a text that brings BOS along gets no second one here
            if line.split() != [str(i) for i in want]:
                bad.append((aside, text, line, want))
    if not asked:
        bad.append("tokenizers alone gives the same: the files asked for nothing")
    print(f"{'not ok' if bad else 'ok'} - truncation and padding of the file: ids of {5 * len(texts)} texts" +
          (f", {len(bad)} differ, as {bad[0]}" if bad else ""))
    return bool(bad)


# (family, tokenizer_config.json): what transformers changes of a tokenizer.json.
CONFIGS = [
    ("gpt2", {"tokenizer_class": "GPT2Tokenizer"}),
    ("gpt2", {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True, "model_max_length": int(1e30)}),
    ("gpt2-prefix", {"tokenizer_class": "GPT2Tokenizer"}),
    ("gpt2-prefix", {"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": True}),
    ("smollm", {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}),
    ("qwen", {"tokenizer_class": "Qwen2Tokenizer", "add_bos_token": True}),
    ("gpt2", {"tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {
        "9": {"content": "<s>", "special": True}, "10": {"content": "foo_bar", "lstrip": True, "normalized": False},
        "8": {"content": "xyz", "rstrip": True}, "0": {"content": "<|endoftext|>", "rstrip": True, "special": True}}}),
    ("added-tokens", {"tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": {
        "500": {"content": "New York", "normalized": False}, "501": {"content": "Dallas", "lstrip": True}}}),
    ("llama2", {"tokenizer_class": "LlamaTokenizer", "pad_token": "<pad>", "additional_special_tokens": ["xyz", "a"]}),
    *[(name, {"tokenizer_class": cls, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
             "pad_token": "<unk>", **more})
      for name in ("llama2", "llama2-no-fuse", "metaspace-always-split", "mistral-metaspace-first")
      for cls in ("LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "PreTrainedTokenizerFast")
      for more in ({}, {"add_bos_token": False}, {"add_bos_token": True})],
]
# (family, {file: what it has}): without "tokenizer_class" the class is that of the model, and older files count.
BESIDE = [
    *[(name, {"config.json": {"model_type": kind, "vocab_size": 2000}, **more})
      for name in ("gpt2-prefix", "llama2", "llama3", "gemma")
      for kind in ("llama", "mistral", "gpt2", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "gemma3")
      for more in ({}, {"tokenizer_config.json": {"bos_token": "<s>", "add_prefix_space": None}})],
    ("llama3", {"config.json": {"model_type": "llama", "tokenizer_class": "GPTNeoXTokenizer"}}),
    ("gpt2", {"config.json": {"model_type": "gpt2"}, "added_tokens.json": {"<s>": 453, "xyz": 454},
              "special_tokens_map.json": {"pad_token": {"content": "<pad>", "rstrip": True},
                                          "additional_special_tokens": ["foo_bar"]}}),
    ("llama2", {"tokenizer_config.json": {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>"},
                "special_tokens_map.json": {"bos_token": "</s>"}}),
    ("gpt2", {"tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "extra_special_tokens": {"image_token": "xyz"},
              "bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": True}}}),
]


def check_configs(program, directory):
    """The files beside tokenizer.json against AutoTokenizer."""
    if importlib.util.find_spec("transformers") is None:
        print("# skipped: the Python package transformers is missing")
        return 0
    from transformers import AutoTokenizer
    known, failed = dict(families()), 0
    for name, files in [(name, {"tokenizer_config.json": config}) for name, config in CONFIGS] + BESIDE:
        spec = known[name] if isinstance(known[name], dict) else json.loads(known[name].to_str())
        for file in os.listdir(directory):
            os.remove(os.path.join(directory, file))
        for file, value in {"tokenizer.json": spec, **files}.items():
            with open(os.path.join(directory, file), "w", encoding="utf-8") as f:
                json.dump(value, f)
        tok = AutoTokenizer.from_pretrained(directory)
        texts = nasty(400, name)
        got, why = run(program, directory, texts)
        lead = tok("").input_ids
        bad = [] if got else [why]
        for t, line in zip(texts, got or []):
            want = tok(t).input_ids
            if lead and want[:2 * len(lead)] == lead * 2:
                want = want[len(lead):]
            if not line.startswith("!") and [int(x) for x in line.split()] != want:
                bad.append((t, line, want))
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} - {name} with {files}" + (f": {bad[0]}" if bad else ""))
    return failed


def main():
    if importlib.util.find_spec("tokenizers") is None:
        print("skipped: the Python package tokenizers is missing (pip install tokenizers)")
        return 77
    program = os.path.abspath(sys.argv[1])
    record = sys.argv[3] if len(sys.argv) > 3 and sys.argv[2] == "--record" else None
    with tempfile.TemporaryDirectory() as tmp:
        failed = check_pieces(program, tmp, record)
        failed += check_ids(program, tmp, record)
        failed += check_asides(program, tmp)
        failed += check_configs(program, tmp)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
