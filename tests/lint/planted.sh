#!/bin/sh
# Faults planted into a small tree, one at a time: the lints must find each of them, and nothing in the tree without one.
set -u
here=$(cd "${srcdir:-.}/tests/lint" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# A tree in which all is well.
grow() {
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/src/base" "$tmp/tree/src/trace" "$tmp/tree/src/cli" "$tmp/tree/tui/terminal" "$tmp/tree/tui/view" \
	    "$tmp/tree/tui/study" "$tmp/tree/tui/screen" \
	    "$tmp/tree/tests/lint"
	cd "$tmp/tree" || exit 1
	cp "$here/sizes.awk" "$here/includes.awk" tests/lint/
	echo "# None." >tests/lint/exceptions
	for f in src/base/a src/base/b src/trace/c tui/terminal/term tui/app tui/view/v; do
		echo "/* $f: a header. */" >$f.h
		printf '/* %s: see its header. */\n#include "%s.h"\n' "$f" "${f#src/}" >$f.c
	done
	echo '#include "base/b.h"' >>src/base/a.h
	echo '#include "base/a.h"' >>src/trace/c.c
	echo '#include "tui/app.h"' >>tui/view/v.c
}

# LINT MESSAGE: the lint says "not ok - MESSAGE..." and fails.
finds() {
	if srcdir=. sh "$here/$1" >"$tmp/out" || ! grep -q "^not ok - $2" "$tmp/out"; then
		echo "not ok - $1 finds a fault: $2"
		sed 's/^/# /' "$tmp/out"
		failed=1
	else
		echo "ok - $1 finds a fault: $2"
	fi
	grow
}

grow
for lint in floors.sh sources.sh; do
	if srcdir=. sh "$here/$lint" >"$tmp/out"; then
		echo "ok - $lint finds nothing where nothing is"
	else
		echo "not ok - $lint finds nothing where nothing is"
		grep -A 3 '^not ok' "$tmp/out"
		failed=1
	fi
done

echo '#include "trace/c.h"' >>src/base/a.c
finds floors.sh "no floor of src/ includes a higher one"
echo '#include "base/a.h"' >>src/base/b.c
finds floors.sh "no files of src/ and tui/ include each other in a circle"
echo '#include "model/m.h"' >>src/trace/c.h
printf '#include "trace/c.h"\n' >>src/ctrace.h
finds floors.sh "ctrace.h opens no file"
echo '#include "tui/terminal/term.h"' >>tui/view/v.h
echo '#include "tui/view/v.h"' >>tui/terminal/term.c
finds floors.sh "no files of src/ and tui/ include each other in a circle"
echo '#include "tui/view/v.h"' >>tui/terminal/term.h
finds floors.sh "the terminal's room knows no other"
printf '/* s: a study. */\n#include "tui/view/v.h"\n' >tui/study/s.h
finds floors.sh "the study's room knows the terminal's alone"
echo "/* s: a header. */" >tui/screen/s.h
echo '#include "tui/screen/s.h"' >>tui/view/v.c
finds floors.sh "no other room knows the screen's"
echo '#include "trace/c.h"' >>tui/view/v.c
finds floors.sh "tui/ includes only"
printf 'struct ct_twin {\n\tint a;\n};\n' >>src/base/a.h
printf 'enum ct_twin {\n\tB\n};\n' >>src/trace/c.h
finds sources.sh "no two headers give one name to two types"
printf 'static int\nf(void)\n{\n\tint rc = g();\n\n\treturn rc;\n}\n' >>src/base/a.c
finds sources.sh "what a function returns when it fails"
printf 'static int\nf(struct ct_error *err)\n{\n\tint r = g(err);\n\n\treturn r;\n}\n' >>src/base/a.c
finds sources.sh "what a function returns when it fails"
for first in 'base/b.h" "base/a.h' 'base/a.h" "trace/c.h" "base/b.h' 'base/a.h" "base/b.h" <stdio.h> "trace/c.h' \
    'base/a.h" <string.h> <stdio.h> "base/b.h' 'base/a.h" <stdio.h> "config.h'; do
	echo "/* a: see a.h. */" >src/base/a.c
	echo "\"$first\"" | tr ' ' '\n' | sed 's/^/#include /' >>src/base/a.c
	finds sources.sh "includes are in order"
done
echo '#include <curses.h>' >>tui/view/v.c
finds floors.sh "curses.h"
printf 'static int\nf(void)\n{\n\treturn g()\n\t    && h();\n}\n' >>src/base/a.c
finds sources.sh "an operator ends a line and begins none"
printf 'static bool\nf(const char *s)\n{\n\treturn !strcmp(s, "");\n}\n' >>src/base/a.c
finds sources.sh "texts are compared as"
printf 'static int\nf(int code)\n{\n\tif (code)\n\t\treturn code;\n\treturn g();\n}\n' >>src/base/a.c
finds sources.sh "a code is compared"
echo '#include <cblas.h>' >>src/trace/c.c
finds floors.sh "cblas.h"

sizes="functions within 60 lines"
body() { awk -v n="$1" 'BEGIN { print "\nint\nct_long(int a)\n{"; for (i = 0; i < n; i++) print "\ta++;"; print "\treturn a;\n}" }'; }
body 56 >>src/base/a.c
srcdir=. sh "$here/sources.sh" >/dev/null && echo "ok - a function of 60 lines" || { echo "not ok - a function of 60 lines"; failed=1; }
grow
body 57 >>src/base/a.c
finds sources.sh "$sizes"
printf 'int ct_eight(int a, int b, int c, int d,\n    int e, int f, int g, void (*h)(int, int));\n' >>src/base/a.h
srcdir=. sh "$here/sources.sh" >/dev/null && echo "ok - eight parameters" || { echo "not ok - eight parameters"; failed=1; }
grow
printf 'int ct_nine(int a, int b, int c, int d,\n    int e, int f, int g, void (*h)(int, int), int i);\n' >>src/base/a.h
finds sources.sh "$sizes"
printf '\nstatic int\nnine(int a, int b, int c, int d,\n    int e, int f, int g, int h, int i)\n{\n\treturn a;\n}\n' >>src/base/a.c
finds sources.sh "$sizes"
awk 'BEGIN { for (i = 0; i < 600; i++) print "" }' >>src/base/a.c
finds sources.sh "$sizes"
awk 'BEGIN { printf "\t/* "; for (i = 0; i < 96; i++) printf "\303\244"; print " */" }' >>src/base/a.c
srcdir=. sh "$here/sources.sh" >/dev/null && echo "ok - a line of 110 columns" || { echo "not ok - a line of 110 columns"; failed=1; }
awk 'BEGIN { printf "\t/* "; for (i = 0; i < 97; i++) printf "\303\244"; print " */" }' >>src/base/a.c
finds sources.sh "$sizes"
for build in Makefile.am configure.ac src/base/files.mk; do
	awk 'BEGIN { for (i = 0; i < 100; i++) printf "x"; print "()\n{"; for (i = 0; i < 70; i++) print "#"; print "}" }' >$build
	srcdir=. sh "$here/sources.sh" >/dev/null && echo "ok - $build with short lines" ||
	    { echo "not ok - $build with short lines"; failed=1; }
	awk 'BEGIN { printf "\t"; for (i = 0; i < 103; i++) printf "x"; print "" }' >>$build
	finds sources.sh "$sizes"
done
echo '/* ---- a banner */' >>src/base/a.c
finds sources.sh "$sizes"
echo 'wide src/base/a.c - 1 a table' >>tests/lint/exceptions
awk 'BEGIN { for (k = 0; k < 2; k++) { printf "/* "; for (i = 0; i < 110; i++) printf "x"; print " */" } }' >>src/base/a.c
finds sources.sh "$sizes"
echo 'wide src/base/a.c - 1 a table' >>tests/lint/exceptions
finds sources.sh "each exception is needed"
echo 'wide src/base/a.c - 1' >>tests/lint/exceptions
awk 'BEGIN { printf "/* "; for (i = 0; i < 110; i++) printf "x"; print " */" }' >>src/base/a.c
finds sources.sh "each exception is needed"

exit $failed
