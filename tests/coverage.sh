#!/bin/sh
# Which share of the lines of each floor the tests have run, from what a build with --coverage left behind.
# usage: coverage.sh: in that build's directory; prints floors, then files below 85 %. It fails when the parsers or the
# engine are below 90 %, or all below 85 %.
set -eu
: "${GCOV:=gcov}"
command -v "$GCOV" >/dev/null 2>&1 || { echo "coverage needs $GCOV, which comes with the compiler"; exit 77; }
find src tui -name '*.gcno' | while read -r notes; do
	"$GCOV" -n -o "$(dirname "$notes")" "$notes" 2>/dev/null || true
done | awk '
	# What has never run has no counts: gcov then says so of each of its lines.
	/^File / {
		file = $2
		gsub(/\047/, "", file)
		sub(/^.*\/src\//, "src/", file)
		sub(/^.*\/tui\//, "tui/", file)
		next
	}
	/^Lines executed:/ && file ~ /^(src|tui)\/.*\.c$/ {
		split($0, part, /[:%]/)
		count = $NF
		lines[file] = count
		run[file] = part[2] * count / 100
	}
	/^$/ { file = "" }
	function floor(f) {
		if (f ~ /^tui\//) return "tui"
		split(f, p, "/")
		return p[2]
	}
	function show(name, a, b, bar) {
		printf "%-10s %5d lines  %5.1f %%%s\n", name, b, b ? 100 * a / b : 0, bar ? " of at least " bar " %" : ""
		if (100 * a < bar * b) failed = 1
	}
	END {
		parsers = "src/io/(safetensors|tensor|json|json_stream|yaml|deflate)\\.c" \
		    "|src/model/(config_load|keys|open|tokenizer|bpe|split|vocab|transcoder|llama|gpt2|family)\\.c" \
		    "|src/cards/(labels|record|store|import)\\.c|src/corpus/(world|templates|corpus|text)\\.c" \
		    "|src/train/(options|checkpoint)\\.c|src/session/names(_clamp)?\\.c|src/base/text\\.c" \
		    "|src/share/(aggregate|graph_(file|folder|place|raw|words))\\.c" \
		    "|tui/(lesson/lesson|language/(script|settings)|study/(session_file|notes))\\.c"
		for (f in lines) {
			k = floor(f)
			n[k] += lines[f]; a[k] += run[f]
			all_n += lines[f]; all_a += run[f]
			if (f ~ "^(" parsers ")$") { parse_n += lines[f]; parse_a += run[f] }
			if (k != "tui" && k != "cli") { engine_n += lines[f]; engine_a += run[f] }
		}
		split("base math io model trace corpus cards share train eval session cli tui", order, " ")
		for (i = 1; i in order; i++) show(order[i], a[order[i]], n[order[i]])
		show("parsers", parse_a, parse_n, 90)
		show("engine", engine_a, engine_n, 90)
		show("all", all_a, all_n, 85)
		for (f in lines) if (lines[f] >= 10 && run[f] < 0.85 * lines[f])
			printf "below 85 %%: %-28s %4d of %d\n", f, run[f] + 0.5, lines[f] | "sort"
		close("sort")
		exit failed
	}'
