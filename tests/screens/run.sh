#!/bin/sh
# Screens: each *.script runs without a terminal and must print what its *.txt holds.
#   run.sh [NAME ...]       all of them, or those named
#   UPDATE=1 run.sh ...     writes the *.txt anew; look at the difference before you commit it
# Where there is a *.match, its lines are patterns that must be found in this order: for what is trained anew.
# A first line "#: ARGS" gives arguments; MODEL in them is replaced by the small test model, BPE by one whose tokens
# are pieces of words. Lines "#* VARIANT ARGS | COMMAND" run the script once each, with COMMAND for SCREEN in it.
set -u
top=$(cd "${srcdir:-.}" && pwd)
here=$top/tests/screens
tui=${CTRACE_TUI:-./ctrace-tui}
maker=${RANDOM_MODEL:-./random_model}
model=$top/tests/golden/llama-clt
work=$(pwd)
LC_ALL=C.UTF-8
XDG_STATE_HOME=$work/screen.$$.state	# sessions; gone after each script
export LC_ALL XDG_STATE_HOME
unset NO_COLOR CTRACE_MODEL_PATH
failed=0
out=screen.$$
trap 'rm -rf "$out" "$out".*' EXIT

# How exact the sums are depends on the processor and the compiler's options: only that it is said is compared. Sessions
# have a time.
vary='s/exact [0-9][0-9.e-]*/exact/; s/within [0-9][0-9.e-]*/within/g; s/today [0-9][0-9]:[0-9][0-9]/today/'
same() {
	sed "$vary" "$1" >"$out.got"
	sed "$vary" "$2" >"$out.want"
	cmp -s "$out.got" "$out.want"
}

# The first pattern of $1 that no line of $2 after those of the patterns before it matches.
find_all() {
	awk 'NR == FNR { want[++n] = $0; next } k < n && $0 ~ want[k + 1] { k++ } END { if (k < n) print want[k + 1] }' \
	    "$1" "$2"
}

# A model whose tokens are pieces of words, made when a script asks for it.
bpe=$out.made/bpe
make_bpe() {
	[ -d "$bpe" ] || { mkdir "$out.made" && "$maker" "$bpe" "$top/tests/tokenizers/gpt2/tokenizer.json" 380 32 2 64 32; }
}

# name, arguments; the script is $out.script
run() {
	rm -rf "$XDG_STATE_HOME"
	# shellcheck disable=SC2086
	(cd "$top" && "$tui" $2 <"$work/$out.script") >"$out" 2>"$out.err"
	echo "exit $?" >>"$out"
	cat "$out.err" >>"$out"
	if [ -f "$here/$1.match" ]; then
		missing=$(find_all "$here/$1.match" "$out")
		if [ -z "$missing" ]; then
			[ -n "${UPDATE:-}" ] || echo "ok - $1"
		else
			echo "not ok - $1: no line, or not in this order: $missing"
			cat "$out"
			failed=1
		fi
	elif [ -n "${UPDATE:-}" ]; then
		{ [ -f "$here/$1.txt" ] && same "$out" "$here/$1.txt"; } || cp "$out" "$here/$1.txt"
	elif same "$out" "$here/$1.txt"; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		diff -u "$out.want" "$out.got"
		echo "(if that is as it should be: make screens UPDATE=1 records it)"
		failed=1
	fi
}

for script in "$here"/*.script; do
	name=$(basename "$script" .script)
	[ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	if grep -q '^#\*' "$script"; then
		sed -n 's/^#\* *//p' "$script" >"$out.variants"
		while read -r variant args; do
			sed "s/^SCREEN\$/${args##*| }/" "$script" >"$out.script"
			run "$name-$variant" "${args%%|*} -m $model --script -"
		done <"$out.variants"
		continue
	fi
	args=$(sed -n '1s|^#: *||p' "$script")
	case $args in
	*models/*) [ -f "$top/models/capitals/model.safetensors" ] || continue ;;
	*BPE*) make_bpe || exit 1 ;;
	esac
	args=$(echo "$args" | sed "s|MODEL|$model|; s|BPE|$work/$bpe|")
	case $args in *--linear*) ;; *) args="${args:---headless 80x24 -m $model} --script -" ;; esac
	cp "$script" "$out.script"
	run "$name" "$args"
done
exit $failed
