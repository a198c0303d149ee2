#!/usr/bin/env python3
"""Do the tests notice wrong code?

Changes one token of the engine at a time (an operator, a comparison, a 0 or 1), builds, and runs the unit tests and
the fast shell tests under ASan and UBSan until one of them fails. A change that no test notices is a survivor: it is
printed, to be looked at by a person. The same seed picks the same changes of the same sources.

Works on a copy of the sources in ./mutation, so the tree at hand is never touched, however this ends.

usage: mutate.py SOURCE_DIR [--seed N] [--count N] [--only PATH[,PATH...]] [--jobs N] [--bar PERCENT]
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

PLACES = ["src/trace", "src/model", "src/io", "src/share", "src/cards", "src/session"]
# Shell tests that take a second or two each; the others play whole sessions.
SCRIPTS = ["tests/cli/trace.sh", "tests/cli/steer.sh", "tests/cli/export.sh", "tests/cli/batch.sh",
           "tests/cli/features.sh", "tests/cli/aggregate.sh", "tests/cli/survey.sh", "tests/screens/run.sh"]
# They start many programs or wait for clocks, and have nothing to say about the arithmetic of one line.
SLOW = {"test_traffic", "test_restore", "test_saving", "test_monkey", "test_terminal"}

SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "++": "--",
         "--": "++", "+=": "-=", "-=": "+=", "*=": "/=", "+": "-", "-": "+", "*": "+", "/": "*", "0": "1", "1": "0"}
TOKEN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<word>[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<op><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/<>=!&|^%~?:;,.(){}\[\]])
  """, re.X | re.S | re.M)

Mutation = collections.namedtuple("Mutation", "path line offset old new text")


def mutations(root, path):
    """Every change of one token that this file allows."""
    with open(os.path.join(root, path), encoding="utf-8") as f:
        source = f.read()
    found, before = [], ""
    for m in TOKEN.finditer(source):
        if m.lastgroup == "skip":
            continue
        token = m.group()
        operand = before not in ("return", "case", "sizeof") and bool(re.match(r"[\w)\]]", before[-1:]))
        if token in SWAPS and (token not in "+-*" or operand):
            line = source.count("\n", 0, m.start()) + 1
            text = source.splitlines()[line - 1].strip()
            found.append(Mutation(path, line, m.start(), token, SWAPS[token], text))
        before = token
    return found


def run(command, cwd, env=None, limit=None):
    """The exit code; 124 when the time is up. The whole process group ends with it."""
    p = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return p.wait(limit)
    except subprocess.TimeoutExpired:
        return 124
    finally:
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()


class Workshop:
    """A copy of the sources and a build of it with sanitizers."""

    def __init__(self, source, number):
        self.top = os.path.abspath(os.path.join("mutation", str(number)))
        self.tree = os.path.join(self.top, "tree")
        self.build = os.path.join(self.top, "build")
        shutil.rmtree(self.tree, ignore_errors=True)
        os.makedirs(self.build, exist_ok=True)
        names = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=source, check=True, capture_output=True).stdout
        for name in filter(None, names.decode().split("\0")):
            if os.path.exists(os.path.join(source, name)):
                os.makedirs(os.path.dirname(os.path.join(self.tree, name)), exist_ok=True)
                shutil.copy2(os.path.join(source, name), os.path.join(self.tree, name))
        self.env = dict(os.environ, srcdir=self.tree, CTRACE=self.build + "/ctrace", CC="cc", CFLAGS="", HARDENING="",
                        CTRACE_TUI=self.build + "/ctrace-tui", RANDOM_MODEL=self.build + "/random_model",
                        ASAN_OPTIONS="allocator_may_return_null=1:hard_rss_limit_mb=6000:detect_leaks=0",
                        UBSAN_OPTIONS="halt_on_error=1")
        for command in (["autoreconf", "-i"],):
            if run(command, self.tree):
                sys.exit("mutate: autoreconf failed in " + self.tree)
        cc = "ccache gcc" if shutil.which("ccache") else "gcc"
        configure = [self.tree + "/configure", "--enable-sanitizers", "CFLAGS=-O1", "CC=" + cc]
        if not os.path.exists(self.build + "/Makefile") and run(configure, self.build):
            sys.exit("mutate: configure failed in " + self.build)
        if self.make("all"):
            sys.exit("mutate: make failed in " + self.build)

    def make(self, *targets):
        return run(["make", "-s", "-j2", *targets], self.build, limit=900)

    def test(self, name, limit):
        """True: it passes or has nothing to test."""
        if name.endswith(".sh"):
            if self.make("all", "random_model"):
                return None
            return run(["sh", os.path.join(self.tree, name)], self.build, self.env, limit) in (0, 77)
        if self.make(name):
            return None
        return run(["./" + name], self.build, self.env, limit) in (0, 77)


class Tests:
    """Which tests there are, how long each takes, and which found something where."""

    def __init__(self, shop):
        units = sorted(n[:-2] for n in os.listdir(shop.tree + "/tests/unit") if re.match(r"test_\w+\.c$", n))
        self.seconds, self.kills, self.reads = {}, collections.Counter(), {}
        for name in [u for u in units if u not in SLOW] + SCRIPTS:
            start = time.monotonic()
            if shop.make("all", "random_model", *([] if name.endswith(".sh") else [name])):
                sys.exit("mutate: cannot build " + name)
            start = time.monotonic()
            if not shop.test(name, 600):
                print("not used, for it fails on the unchanged sources:", name)
                continue
            self.seconds[name] = time.monotonic() - start
            path = shop.tree + "/" + (name if name.endswith(".sh") else "tests/unit/%s.c" % name)
            with open(path, encoding="utf-8") as f:
                self.reads[name] = set(re.findall(r'#include "(\w+/\w+)\.h"', f.read()))
        self.lock = threading.Lock()

    def order(self, path):
        """The likeliest to notice a change of this file first."""
        module = path[len("src/"):-len(".c")]
        room = os.path.dirname(module)

        def score(name):
            near = 8 * (module in self.reads[name]) + 2 * any(r.startswith(room + "/") for r in self.reads[name])
            return 3 * self.kills[name, path] + self.kills[name, room] + near - self.seconds[name]
        with self.lock:
            return sorted(self.seconds, key=score, reverse=True)

    def noticed(self, name, path):
        with self.lock:
            self.kills[name, path] += 1
            self.kills[name, os.path.dirname(path[len("src/"):])] += 1

    def limit(self, name):
        return 15 + 8 * self.seconds[name]


def attempt(shop, tests, m):
    """The test that notices the change; "" for a survivor, None when it does not compile."""
    path = os.path.join(shop.tree, m.path)
    with open(path, encoding="utf-8") as f:
        source = f.read()
    try:
        with open(path, "w", encoding="utf-8") as f:
            f.write(source[:m.offset] + m.new + source[m.offset + len(m.old):])
        if shop.make("libctrace.a"):
            return None
        for name in tests.order(m.path):
            if shop.test(name, tests.limit(name)) is not True:
                tests.noticed(name, m.path)
                return name
        return ""
    finally:
        with open(path, "w", encoding="utf-8") as f:
            f.write(source)


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("source")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--count", type=int, default=200)
    a.add_argument("--only", default=",".join(PLACES))
    a.add_argument("--jobs", type=int, default=1)
    a.add_argument("--bar", type=float, default=90)
    a = a.parse_args()
    shops = [Workshop(a.source, i) for i in range(a.jobs)]
    tests = Tests(shops[0])
    print("%d tests, %.0f s together" % (len(tests.seconds), sum(tests.seconds.values())), flush=True)

    pool = []
    for place in a.only.split(","):
        where = os.path.join(shops[0].tree, place)
        names = [place] if place.endswith(".c") else [place + "/" + n for n in sorted(os.listdir(where))]
        for name in names:
            if name.endswith(".c"):
                pool += mutations(shops[0].tree, name)
    random.Random(a.seed).shuffle(pool)
    source, lock, free = iter(pool), threading.Lock(), list(shops)
    noticed, survivors = [], []

    def work():
        shop = free.pop()
        while True:
            with lock:
                m = next(source, None)
                if m is None or len(noticed) + len(survivors) >= a.count:
                    return
            start = time.monotonic()
            by = attempt(shop, tests, m)
            if by is None:
                continue
            with lock:
                (noticed if by else survivors).append(m)
                print("%3d %s:%d  %s -> %s  %s  (%.0f s)  %s" % (len(noticed) + len(survivors), m.path, m.line, m.old, m.new,
                      by or "SURVIVES", time.monotonic() - start, m.text), flush=True)

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as workers:
        for job in [workers.submit(work) for _ in shops]:
            job.result()
    total = len(noticed) + len(survivors)
    share = 100 * len(noticed) / max(total, 1)
    print("noticed %d of %d: %.0f %% (bar %.0f %%), seed %d" % (len(noticed), total, share, a.bar, a.seed))
    sys.exit(share < a.bar)


if __name__ == "__main__":
    main()
