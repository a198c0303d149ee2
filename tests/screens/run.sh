#!/bin/sh
# Screens: each *.script runs without a terminal and must print what its *.txt holds.
#   run.sh [NAME ...]       all of them, or those named
#   UPDATE=1 run.sh ...     writes the *.txt anew; look at the difference before you commit it
# A first line "#: ARGS" gives arguments; MODEL in them is replaced by the small test model.
set -u
top=$(cd "${srcdir:-.}" && pwd)
here=$top/tests/screens
tui=${CTRACE_TUI:-./ctrace-tui}
model=$top/tests/golden/llama-clt
LC_ALL=C.UTF-8
export LC_ALL
unset NO_COLOR CTRACE_MODEL_PATH
failed=0
out=screen.$$
trap 'rm -f "$out" "$out".*' EXIT

# How exact the sums are depends on the processor and the compiler's options: only that it is said is compared.
same() {
	sed 's/exact [0-9][0-9.e-]*/exact/' "$1" >"$out.got"
	sed 's/exact [0-9][0-9.e-]*/exact/' "$2" >"$out.want"
	cmp -s "$out.got" "$out.want"
}

for script in "$here"/*.script; do
	name=$(basename "$script" .script)
	[ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	args=$(sed -n '1s|^#: *||p' "$script" | sed "s|MODEL|$model|")
	case $args in
	*models/*) [ -f "$top/models/capitals/model.safetensors" ] || continue ;;
	esac
	case $args in *--linear*) ;; *) args="${args:---headless 80x24 -m $model} --script -" ;; esac
	# shellcheck disable=SC2086
	(cd "$top" && "$tui" $args <"$script") >"$out" 2>"$out.err"
	echo "exit $?" >>"$out"
	cat "$out.err" >>"$out"
	if [ -n "${UPDATE:-}" ]; then
		cp "$out" "$here/$name.txt"
	elif same "$out" "$here/$name.txt"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		diff -u "$out.want" "$out.got"
		failed=1
	fi
done
exit $failed
