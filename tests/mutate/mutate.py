#!/usr/bin/env python3
"""Do the tests notice wrong code?

Changes one token of the engine at a time (an operator, a comparison, a 0 or 1) and runs the tests that run the
changed line, the nearest and fastest first, until one of them fails, crashes or takes several times as long as
usual: in a first stage the eight nearest of the fast unit tests and fuzzers; then, for what these did not notice,
all others and the scripts; and last the nearest again under ASan and UBSan. A change that no test notices is a survivor: it is printed,
to be looked at by a person. The same seed picks the same changes of the same sources.

No change at all, and therefore left out and counted: what compiles to the same machine code, and what
tests/mutate/equivalent lists with a reason. See shop.py for how it is known which test runs which line.

Each result is written to LOG (mutation/log.jsonl) at once. --resume goes on where an interrupted run stopped, and
tries survivors again if the tests are others now. --again LOG tries the survivors of that log on today's sources.

usage: mutate.py SOURCE_DIR [--seed N] [--count N] [--only PATH[,PATH...]] [--bar PERCENT] [--log LOG]
                 [--resume] [--again LOG]
"""
import argparse
import collections
import json
import os
import random
import re
import sys
import time

import shop as workshop

PLACES = ["src/trace", "src/model", "src/io", "src/share", "src/cards", "src/session"]

STAGES = ["near", "others", "asan"]
NEAREST = 8

SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "++": "--",
         "--": "++", "+=": "-=", "-=": "+=", "*=": "/=", "+": "-", "-": "+", "*": "+", "/": "*", "0": "1", "1": "0"}
TOKEN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<word>[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<op><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/<>=!&|^%~?:;,.(){}\[\]])
  """, re.X | re.S | re.M)

# `nth`: the how-manieth such token of its line, so that a change is found again when lines have moved.
Mutation = collections.namedtuple("Mutation", "path line offset old new nth text")


def mutations(root, path):
    """Every change of one token that this file allows."""
    with open(os.path.join(root, path), encoding="utf-8") as f:
        source = f.read()
    found, before, seen = [], "", collections.Counter()
    for m in TOKEN.finditer(source):
        if m.lastgroup == "skip":
            continue
        token = m.group()
        operand = before not in ("return", "case", "sizeof") and bool(re.match(r"[\w)\]]", before[-1:]))
        if token in SWAPS and (token not in "+-*" or operand):
            line = source.count("\n", 0, m.start()) + 1
            text = source.splitlines()[line - 1].strip()
            seen[line, token] += 1
            found.append(Mutation(path, line, m.start(), token, SWAPS[token], seen[line, token], text))
        before = token
    return found


def place(m):
    return m.path, m.text, m.old, m.nth


def equivalents(path):
    """The list of changes that change nothing: three lines each, of which the third is the reason."""
    with open(path, encoding="utf-8") as f:
        lines = [l.strip() for l in f if l.strip() and not l.startswith("#")]
    found = {}
    for head, text, reason in zip(lines[::3], lines[1::3], lines[2::3]):
        name, old, _, _, nth = head.split()
        found[name, text, old, int(nth)] = reason
    return found


class Judge:
    def __init__(self, source, places):
        self.shop = workshop.Workshop(source)
        self.reach = workshop.Reach(self.shop, places)
        self.kills = collections.Counter()
        self.sound = {}		# whether a test passes on the unchanged sources, by build and test
        self.unchanged = {}	# machine code, by path

    def is_fast(self, name):
        return not name.endswith(".sh") and self.reach.tests[name]["seconds"] < 3

    def order(self, m, stage):
        """The tests of a stage that run the line, the likeliest and fastest first."""
        module = m.path[len("src/"):-len(".c")]
        room = os.path.dirname(module)

        def score(name):
            t = self.reach.tests[name]
            near = 8 * (module in t["reads"]) + 2 * any(r.startswith(room + "/") for r in t["reads"])
            return 3 * self.kills[name, m.path] + min(self.kills[name, room], 5) + near - 2 * t["seconds"] - \
                (20 if name.endswith(".sh") else 0)
        found = sorted(self.reach.runs(m.path, m.line), key=score, reverse=True)
        near = [n for n in found if self.is_fast(n)][:NEAREST]
        return near if stage != "others" else [n for n in found if n not in near]

    def write(self, path, text):
        with open(os.path.join(self.shop.tree, path), "w", encoding="utf-8") as f:
            f.write(text)

    def limit(self, build, name):
        """A small multiple of the CPU time that it takes: a change that makes it hang is noticed soon."""
        return 3 + (12 if build == "asan" else 4) * self.reach.tests[name]["seconds"]

    def is_sound(self, build, name):
        if (build, name) not in self.sound:
            self.sound[build, name] = self.shop.test(build, name, self.limit(build, name)) is True
            if not self.sound[build, name]:
                print("not used in the build %s, for it fails on the unchanged sources: %s" % (build, name),
                      flush=True)
        return self.sound[build, name]

    def is_change(self, m):
        """"" for a change of the code, else why it is none. The changed source stays in place."""
        code = self.shop.object(m.path)
        if code is None:
            return "does not compile"
        return "same code" if code == self.unchanged[m.path] else ""

    def attempt(self, m, stage):
        """(what became of it in this stage, by which test)"""
        build = "asan" if stage == "asan" else "plain"
        with open(os.path.join(self.shop.tree, m.path), encoding="utf-8") as f:
            source = f.read()
        changed = source[:m.offset] + m.new + source[m.offset + len(m.old):]
        if m.path not in self.unchanged:
            self.unchanged[m.path] = self.shop.object(m.path)
        try:
            self.write(m.path, changed)
            none = self.is_change(m) if stage == STAGES[0] else ""
            if none:
                return none, ""
            tests = self.order(m, stage)
            for name in tests:
                if not self.sound.get((build, name), True) or \
                        self.shop.test(build, name, self.limit(build, name)) is True:
                    continue
                self.write(m.path, source)
                if self.is_sound(build, name):
                    self.kills[name, m.path] += 1
                    self.kills[name, os.path.dirname(m.path[len("src/"):])] += 1
                    return "noticed", name + (" under ASan" if build == "asan" else "")
                self.write(m.path, changed)
            return "survives", "%s: %d tests run it" % (stage, len(tests))
        finally:
            self.write(m.path, source)


class Log:
    """Results as they come: one line of JSON each. Of a change, the line of its last stage counts."""

    def __init__(self, path, resume, judge):
        self.path, self.state = path, {"program": judge.reach.program, "tests": judge.reach.state}
        self.known = {}
        if resume and os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for r in map(json.loads, f):
                    if r["program"] == self.state["program"] and (r["result"] != "survives" or
                                                                 r["tests"] == self.state["tests"]):
                        self.known[r["path"], r["offset"], r["old"], r["stage"]] = r["result"], r["by"]
        elif os.path.exists(path):
            os.replace(path, path + ".old")

    def find(self, m, stage):
        return self.known.get((m.path, m.offset, m.old, stage))

    def add(self, m, stage, result, by, seconds):
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(json.dumps(dict(m._asdict(), stage=stage, result=result, by=by, seconds=round(seconds, 1),
                                    **self.state)) + "\n")


def candidates(judge, places, seed):
    pool = []
    for where in places:
        directory = os.path.join(judge.shop.tree, where)
        for name in [where] if where.endswith(".c") else [where + "/" + n for n in sorted(os.listdir(directory))]:
            if name.endswith(".c"):
                pool += mutations(judge.shop.tree, name)
    random.Random(seed).shuffle(pool)
    return pool


def survivors(path, pool):
    """Those of a log that are still in the sources."""
    with open(path, encoding="utf-8") as f:
        wanted = {(r["path"], r["text"], r["old"], r["nth"]): r["result"] for r in map(json.loads, f)}
    return [m for m in pool if wanted.get(place(m)) == "survives"]


def try_all(judge, log, listed, pool, most):
    """Each stage tries what the one before did not notice. Returns the last result of each change."""
    last, counted = {}, 0
    for stage in STAGES:
        for m in pool if stage == STAGES[0] else [m for m in pool if last.get(m) == "survives"]:
            if stage == STAGES[0] and counted >= most:
                break
            start = time.monotonic()
            known = ("equivalent", listed[place(m)]) if place(m) in listed else log.find(m, stage)
            result, by = known or judge.attempt(m, stage)
            if not known:
                log.add(m, stage, result, by, time.monotonic() - start)
            last[m] = result
            counted += stage == STAGES[0] and result in ("noticed", "survives")
            if result in ("noticed", "survives", "equivalent"):
                print("%3d %s:%d  %s -> %s (%d)  %s: %s  (%.0f s)  %s" % (
                    counted, m.path, m.line, m.old, m.new, m.nth,
                    result.upper() if result == "survives" else result, by, time.monotonic() - start, m.text),
                    flush=True)
    return last


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("source")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--count", type=int, default=200)
    a.add_argument("--only", default=",".join(PLACES))
    a.add_argument("--bar", type=float, default=90)
    a.add_argument("--log", default="mutation/log.jsonl")
    a.add_argument("--resume", action="store_true")
    a.add_argument("--again")
    a = a.parse_args()
    judge = Judge(a.source, PLACES)
    log = Log(a.log, a.resume, judge)
    listed = equivalents(os.path.join(a.source, "tests/mutate/equivalent"))
    pool = candidates(judge, a.only.split(","), a.seed)
    if a.again:
        pool = survivors(a.again, pool)
    last = try_all(judge, log, listed, pool, a.count)
    count = collections.Counter(last.values())
    for m in last:
        if last[m] == "survives":
            print("survivor: %s:%d  %s -> %s (%d)  %s" % (m.path, m.line, m.old, m.new, m.nth, m.text))
    total = count["noticed"] + count["survives"]
    share = 100 * count["noticed"] / max(total, 1)
    print("noticed %d of %d: %.1f %% (bar %.0f %%), seed %d; left out: %d that compile to the same code, %d that "
          "are equivalent for a reason that is listed, %d that do not compile" % (
              count["noticed"], total, share, a.bar, a.seed, count["same code"], count["equivalent"],
              count["does not compile"]))
    sys.exit(share < a.bar)


if __name__ == "__main__":
    main()
