#!/bin/sh
# The gallery: each session belongs to the weights that are shipped and comes back whole, each graph opens by
# itself, and the start screen lists them.
. "${srcdir:-.}/tests/cli/lib.sh"
CTRACE_MODEL_PATH=$top/models
export CTRACE_MODEL_PATH

# show SCRIPT ARGUMENT...: runs a script, as printf writes it.
show() {
	# shellcheck disable=SC2059
	printf "$1" >"$tmp/script"
	shift
	timeout "$limit" "$CTRACE_TUI" --headless 120x60 --script "$tmp/script" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

n=0
for file in "$top"/models/gallery/*.session; do
	piece=$(basename "$file" .session)
	n=$((n + 1))
	show "load $file\nsave $tmp/again.session!\n"
	ok "$piece comes back whole" sh -c "[ $status = 0 ] && [ ! -s '$tmp/err' ] && diff '$file' '$tmp/again.session'"
	ok "$piece has its graph as a file" [ -s "$top/models/gallery/$piece.json" ]
	show "screen\n" --graph "$top/models/gallery/$piece.json"
	ok "$piece.json opens without its model" sh -c "[ $status = 0 ] && [ ! -s '$tmp/err' ] && grep -q replacement '$tmp/out'"
	show "save $tmp/opened.session!\n" "$file"
	ok "$piece.session opens as an argument" sh -c "[ $status = 0 ] && [ ! -s '$tmp/err' ] && diff '$file' '$tmp/opened.session'"
	show "screen\n" --graph "$top/models/gallery/$piece.json"
	cp "$tmp/out" "$tmp/graph"
	show "screen\n" "$top/models/gallery/$piece.json"
	ok "$piece.json opens as an argument" cmp -s "$tmp/graph" "$tmp/out"
	# The session's prompt is the graph's.
	ok "$piece.json is of the same prompt" grep -qF "\"prompt\": \"$(sed -n 's/^prompt //p' "$file")" "$top/models/gallery/$piece.json"
done
ok "there is a gallery" [ "$n" -ge 3 ]

show "view start\nscreen\n"
for file in "$top"/models/gallery/*.session; do
	note=$(sed -n 's/^note session: //p' "$file")
	ok "the start screen offers $(basename "$file")" has "gallery +$(basename "$file" .session) +$note"
done
ok "and the graphs" has "graph +dallas +a saved graph"
show "view start\nsearch From Dallas\nkey Enter\nscreen\n"
ok "Enter opens one" has '^─ boxes'
ok "and it says what it is about" has '^ dallas.session: From Dallas to Austin by way of Texas'

echo quit | XDG_STATE_HOME="$tmp/state" timeout "$limit" "$CTRACE_TUI" --linear >"$tmp/out" 2>&1
ok "without arguments, lines begin with the start screen, too" has '^1\. lesson, first, What am I looking at'
exit $failed
