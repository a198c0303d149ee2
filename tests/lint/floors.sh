#!/bin/sh
# A floor includes itself and what lies below, never what lies above or beside it.
#   base < math < io < model < trace < corpus < cards, share, train < eval < session (and ctrace.h) < cli, tui
# tui/ knows ctrace.h, base/ and io/yaml.h only; curses is for tui/terminal's term (with term_kind, term_send), draw and theme; cblas for math/blas.c.
set -u
top=${srcdir:-.}
failed=0

report() {
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$2"
		failed=1
	fi
}

# "FILE: INCLUDED" for every quoted include below a folder.
includes() {
	find "$1" -name '*.[ch]' | LC_ALL=C sort | while read -r f; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$f" |
		    sed "s|^|${f#"$top"/}: |"
	done
}

report "no floor of src/ includes a higher one" "$(includes "$top/src" | awk -F': ' '
	BEGIN {
		n = split("base math io model trace corpus cards=share=train eval session cli", floors, " ")
		for (i = 1; i <= n; i++) {
			k = split(floors[i], names, "=")
			for (j = 1; j <= k; j++) rank[names[j]] = i
		}
	}
	function floor(path,  parts, k) {
		if (path == "config.h") return "base"
		k = split(path, parts, "/")
		return k == 1 ? "session" : parts[1]
	}
	{
		file = $1
		sub(/^src\//, "", file)
		from = floor(file)
		to = floor($2)
		if (!(from in rank) || !(to in rank))
			print $1 ": includes \"" $2 "\": a folder that is no floor"
		else if (from != to && rank[to] >= rank[from])
			print $1 ": includes \"" $2 "\" from a floor that is not below"
	}')"

# A file and its header are one: where their includes lead round in a circle, none of them can be read first.
report "no files of src/ and tui/ include each other in a circle" "$(
	{ includes "$top/src"; includes "$top/tui"; } | awk -F': ' '
	function module(path) { sub(/^src\//, "", path); sub(/\.[ch]$/, "", path); return path }
	{
		from = module($1); to = module($2)
		if (from == to || (from, to) in seen) next
		seen[from, to]; nodes[from]; nodes[to]
	}
	# What includes nothing, or is included by nothing, is in no circle: take it away until nothing changes.
	END {
		do {
			gone = 0
			split("", out); split("", in_)
			for (e in seen) { split(e, p, SUBSEP); out[p[1]]; in_[p[2]] }
			for (e in seen) {
				split(e, p, SUBSEP)
				if (!(p[1] in in_) || !(p[2] in out)) { delete seen[e]; gone++ }
			}
		} while (gone)
		for (e in seen) { split(e, p, SUBSEP); print p[1] " includes " p[2] }
	}' | LC_ALL=C sort)"

# Whoever opens ctrace.h sees plain data and names of structs, whatever the headers are that it includes.
report "ctrace.h opens no file, model, run or store of edges" "$(includes "$top/src" | awk -F': ' '
	{ file = $1; sub(/^src\//, "", file); if (file ~ /\.h$/) to[file] = to[file] "\n" $2 }
	END {
		queue[n = 1] = "ctrace.h"
		for (i = 1; i <= n; i++) {
			k = split(to[queue[i]], names, "\n")
			for (j = 2; j <= k; j++) {
				if (names[j] in by) continue
				by[names[j]] = queue[i]
				queue[++n] = names[j]
				if (names[j] ~ /^(io|model)\/|^trace\/(edges|prompt|replacement)\./)
					print names[j] " by " queue[i]
			}
		}
	}')"

report "the terminal's room knows no other" "$(includes "$top/tui/terminal" | awk -F': ' '$2 !~ /^(base|tui\/terminal)\// && $2 != "config.h"')"
report "the study's room knows the terminal's alone" "$(includes "$top/tui/study" | awk -F': ' '$2 ~ /^tui\// && $2 !~ /^tui\/(study|terminal)\//')"
report "no other room knows the screen's" "$(includes "$top/tui" | awk -F': ' '$2 ~ /^tui\/screen\// && $1 ~ /^tui\/[^\/]*\// && $1 !~ /^tui\/screen\//')"

if [ -d "$top/tui" ]; then
	report "tui/ includes only ctrace.h, base/, io/yaml.h and itself" "$(includes "$top/tui" |
	    awk -F': ' '$2 !~ /^(ctrace\.h|base\/|io\/yaml\.h|config\.h)/ && $2 ~ /\// && $2 !~ /^tui\// ||
		$2 ~ /^\.\./')"
fi

report "curses.h is included by tui's term, draw and theme alone" "$(
	find "$top/src" "$top/tui" -name '*.[ch]' 2>/dev/null |
	    xargs grep -lE '^[[:space:]]*#[[:space:]]*include.*(n?curses|term)(w)?\.h>' |
	    grep -vE '/tui/terminal/(term|term_kind|term_send|draw|theme)\.[ch]$')"
report "cblas.h is included by math/blas.c alone" "$(
	find "$top/src" "$top/tui" -name '*.[ch]' 2>/dev/null |
	    xargs grep -lE '^[[:space:]]*#[[:space:]]*include.*cblas' | grep -v '/src/math/blas\.c$')"

report "trace/edges.h is included by src/trace alone" "$({ includes "$top/src"; includes "$top/tui"; } |
    awk -F': ' '$2 == "trace/edges.h" && $1 !~ /^src\/trace\//')"

# The graph of folders, for whoever reads the log.
{ includes "$top/src"; includes "$top/tui"; } | awk -F': ' '
	$2 == "config.h" { next }
	function folder(path) { sub(/^src\//, "", path); return path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : "facade" }
	{ a = folder($1); b = folder($2); if (a != b && !((a, b) in seen)) { seen[a, b]; to[a] = to[a] " " b } }
	END { for (a in to) print "# " a " ->" to[a] }' | LC_ALL=C sort
exit $failed
