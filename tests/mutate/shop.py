"""A copy of the sources with three builds of it, and which test runs which line.

The copy lies in ./mutation, so the tree at hand is never touched. The builds: `plain` (-O1 without debug information:
equal object files mean equal code), `asan` (with ASan and UBSan), and `map` (with gcov's counters). What the map says is
kept, for each test by the contents of the program, of the test and of its data, and so is only asked once.
"""
import glob
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

# They wait for clocks or play random keys (fuzz_app.c is a part of others), and have nothing to say about the arithmetic
# of one line.
SLOW_UNITS = {"fuzz_app", "test_traffic", "test_restore", "test_saving", "test_monkey", "test_terminal"}
SLOW_SCRIPTS = {"tests/cli/figures.sh", "tests/cli/full.sh", "tests/screens/monkey.sh"}
SCRIPT_SECONDS = 30		# a script that takes more (CPU time, with counters) is left out

PROGRAMS = ["ctrace", "ctrace-tui", "random_model"]	# what scripts run
BUILDS = {"plain": ["CFLAGS=-O1"], "asan": ["--enable-sanitizers", "CFLAGS=-O1"],
          "map": ["CFLAGS=-O1 --coverage", "LDFLAGS=--coverage"]}


def cpu_seconds():
    """Of all that was run so far. A busy machine changes it little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, cwd, env=None, limit=None):
    """
    The exit code; 124 when the time is up, in CPU seconds of each process, or in twenty times as many of the clock. The
    whole process group ends with it.
    """
    def restrict():
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
    p = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=restrict if limit else None)
    try:
        return p.wait(20 * limit if limit else None)
    except subprocess.TimeoutExpired:
        return 124
    finally:
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()


def digest(tree, names):
    h = hashlib.sha256()
    for name in sorted(names):
        with open(os.path.join(tree, name), "rb") as f:
            h.update(name.encode() + b"\0" + f.read() + b"\0")
    return h.hexdigest()


class Workshop:
    def __init__(self, source):
        self.top = os.path.abspath("mutation")
        self.tree = os.path.join(self.top, "tree")
        self.copy(source)
        if not os.path.exists(self.tree + "/configure") and run(["autoreconf", "-i"], self.tree):
            sys.exit("mutate: autoreconf failed in " + self.tree)
        cc = "ccache gcc" if shutil.which("ccache") else "gcc"
        for build, options in BUILDS.items():
            where = self.where(build)
            os.makedirs(where, exist_ok=True)
            if not os.path.exists(where + "/Makefile") and run([self.tree + "/configure", "CC=" + cc, *options], where):
                sys.exit("mutate: configure failed in " + where)
            if self.make(build, "all", "random_model"):
                sys.exit("mutate: make failed in " + where)

    def copy(self, source):
        """Only what differs is written, so that make has as little to do as it can."""
        listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=source, check=True,
                                capture_output=True).stdout
        self.files = [n for n in listed.decode().split("\0") if n and os.path.isfile(os.path.join(source, n))]
        for name in self.files:
            a, b = os.path.join(source, name), os.path.join(self.tree, name)
            if not os.path.exists(b) or open(a, "rb").read() != open(b, "rb").read():
                os.makedirs(os.path.dirname(b), exist_ok=True)
                shutil.copy(a, b)

    def where(self, build):
        return os.path.join(self.top, build)

    def env(self, build):
        where = self.where(build)
        return dict(os.environ, srcdir=self.tree, CTRACE=where + "/ctrace", CTRACE_TUI=where + "/ctrace-tui",
                    RANDOM_MODEL=where + "/random_model", CC="cc", CFLAGS="", HARDENING="",
                    ASAN_OPTIONS="allocator_may_return_null=1:hard_rss_limit_mb=6000:detect_leaks=0",
                    UBSAN_OPTIONS="halt_on_error=1")

    def make(self, build, *targets):
        """One after the other: `all` is a make of its own, which must not build the same library at the same time."""
        return any(run(["make", "-s", "-j2", t], self.where(build), limit=1800) for t in targets)

    def test(self, build, name, limit):
        """True: it passes or has nothing to test. None: it cannot be built."""
        script = name.endswith(".sh")
        if self.make(build, *(PROGRAMS if script else [name])):
            return None
        command = ["sh", os.path.join(self.tree, name)] if script else ["./" + name]
        return run(command, self.where(build), self.env(build), limit) in (0, 77)

    def object(self, path):
        """The machine code of a source file, or None if it does not compile."""
        name = path[:-2] + ".o"
        if self.make("plain", name):
            return None
        with open(os.path.join(self.where("plain"), name), "rb") as f:
            return f.read()


class Reach:
    """For each test its seconds and the lines that it runs."""

    def __init__(self, shop, places):
        self.shop, self.places = shop, places
        self.file = os.path.join(shop.top, "map.json")
        try:
            with open(self.file, encoding="utf-8") as f:
                known = json.load(f)
        except (OSError, ValueError):
            known = {"tests": {}}
        unit = re.compile(r"tests/(unit/test_\w+\.c|cli/(?!lib)\w+\.sh|fuzz/fuzz_\w+\.c)$")
        program = digest(shop.tree, [n for n in shop.files if n.startswith(("src/", "tui/"))])
        data = digest(shop.tree, [n for n in shop.files if n.startswith(("models/", "tests/")) and not unit.match(n) and
                                  not n.startswith(("tests/mutate/", "tests/valgrind/", "tests/peer/"))])
        self.program, self.tests = program, {}
        self.code = known.get("code", {}) if known.get("program") == program else {}
        for name in self.names():
            source = name if name.endswith(".sh") else "tests/%s/%s.c" % ("fuzz" if name[0] == "f" else "unit", name)
            key = digest(shop.tree, [source]) + program + data
            old = known["tests"].get(name)
            self.tests[name] = old if old and old["key"] == key else self.measure(name, key, source)
            self.save()
        self.state = hashlib.sha256("".join(t["key"] for t in self.tests.values()).encode()).hexdigest()

    def names(self):
        units = [os.path.basename(n)[:-2] for n in self.shop.files if re.match(r"tests/(unit/test|fuzz/fuzz)_\w+\.c$", n)]
        scripts = [n for n in self.shop.files if re.match(r"tests/cli/(?!lib)\w+\.sh$", n)] + ["tests/screens/run.sh"]
        return sorted(set(units) - SLOW_UNITS) + sorted(set(scripts) - SLOW_SCRIPTS)

    def save(self):
        with open(self.file + ".new", "w", encoding="utf-8") as f:
            json.dump({"program": self.program, "code": self.code, "tests": self.tests}, f)
        os.replace(self.file + ".new", self.file)

    def measure(self, name, key, source):
        shop, where = self.shop, self.shop.where("map")
        if shop.make("map", *(PROGRAMS if name.endswith(".sh") else [name])):
            sys.exit("mutate: cannot build " + name)
        for old in glob.glob(where + "/src/*/*.gcda"):
            os.remove(old)
        start = cpu_seconds()
        passes = shop.test("map", name, SCRIPT_SECONDS if name.endswith(".sh") else 120)
        seconds = cpu_seconds() - start
        use = passes is True and (seconds < SCRIPT_SECONDS or not name.endswith(".sh"))
        print("%s  %s  %.1f s" % ("map" if use else "left out (fails or is slow)", name, seconds), flush=True)
        with open(os.path.join(shop.tree, source), encoding="utf-8") as f:
            reads = sorted(set(re.findall(r'#include "(\w+/\w+)\.h"', f.read())))
        return {"key": key, "use": use, "seconds": seconds, "lines": self.lines() if use else {}, "reads": reads}

    def lines(self):
        """What the counters say now: the lines run, by file."""
        where = self.shop.where("map")
        counts = [c for p in self.places for c in glob.glob("%s/%s/*.gcda" % (where, p))]
        found = {}
        if not counts:
            return found
        out = subprocess.run(["gcov", "--json-format", "--stdout", *counts], cwd=where, capture_output=True, check=False)
        for text in out.stdout.decode().splitlines():
            for f in json.loads(text)["files"] if text.startswith("{") else ():
                path = os.path.relpath(os.path.join(where, f["file"]), self.shop.tree)
                if not path.endswith(".c"):
                    continue
                self.code[path] = {"lines": sorted({l["line_number"] for l in f["lines"]}),
                                   "functions": sorted([g["start_line"], g["end_line"]] for g in f["functions"])}
                found[path] = sorted({l["line_number"] for l in f["lines"] if l["count"]})
        return found

    def runs(self, path, line):
        """The tests that run this line; of a table, those that run anything of its file."""
        code = self.code.get(path, {"lines": [], "functions": []})
        body = next((f for f in code["functions"] if f[0] <= line <= f[1]), None)
        if body:	# the counters of an expression of several lines stand at its first
            near = [n for n in code["lines"] if body[0] <= n <= line]
            line = max(near) if near else min(n for n in code["lines"] if n >= line)
        return [name for name, t in self.tests.items() if t["use"] and path in t["lines"] and
                (line in t["lines"][path] if body else t["lines"][path])]
