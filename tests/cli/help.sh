#!/bin/sh
# Every command and option has help and stands in the manual; what is asked for wrongly is said in one line.
. "${srcdir:-.}/tests/cli/lib.sh"
man=$top/man/ctrace.1

run --version
ok "--version names the program" has '^ctrace [0-9]'
ok "--version names the libraries" has '^libyaml [0-9]'
run --help
ok "--help succeeds" [ "$status" = 0 ]
commands=$(sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p' "$tmp/out")
ok "--help lists commands" [ "$(echo "$commands" | wc -l)" -ge 5 ]
for c in $commands; do
	run "$c" --help
	ok "$c --help succeeds" [ "$status" = 0 ]
	ok "$c --help says how it is used" has "^usage: ctrace $c"
	ok "$c: every option has a line of help" sh -c "! grep -E '^  (-., |    )--' '$tmp/out' |
	    grep -vE '^  (-., |    )--[a-z-]+( [^ ]+)? +[a-zA-Z0-9@]'"
	ok "$c: --basis, where it is taken, is in the synopsis" sh -c "! grep -q '^      --basis' '$tmp/out' || grep -q '\[--basis NAME\]' '$tmp/out'"
	ok "$c stands in the manual" grep -q "^\\.Ss $c\$" "$man"
	for o in $(sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p' "$tmp/out"); do
		ok "$c --$o stands in the manual" sh -c "sed -n '/^\\.Ss $c\$/,/^\\.S[sh]/p;/^\\.Sh DESC/,/^\\.Sh COMM/p' '$man' |
		    grep -qE -- '-$o( |\$)'"
	done
done
for c in $(sed -n 's/^\.Ss //p' "$man"); do
	ok "the manual's command $c exists" sh -c "echo '$commands' | grep -qx '$c'"
done

"$CTRACE_TUI" --version >"$tmp/out" 2>"$tmp/err"
ok "ctrace-tui --version names the program" has '^ctrace-tui [0-9]'
ok "and the libraries" has '^zlib [0-9]'
ok "and what draws the screen" has '^ncurses [0-9]'

# The screen program's options and its manual (its keys and commands come from its tables).
"$CTRACE_TUI" --help >"$tmp/out" 2>"$tmp/err"
ok "ctrace-tui --help succeeds" [ $? = 0 ]
for o in $(sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p' "$tmp/out"); do
	ok "ctrace-tui --$o stands in the manual" grep -qE -- "^\.It Fl (. , )?-$o( |\$)" "$top/man/ctrace-tui.1.in"
done
for o in $(sed -n 's/^\.It Fl \(. , \)\{0,1\}-\([a-z-]*\).*/\2/p' "$top/man/ctrace-tui.1.in"); do
	ok "the manual's option --$o of ctrace-tui exists" has "--$o( |\$)"
done

fails "no command" "no command given"
fails "an unknown command" "did you mean 'trace'" trce
fails "an unknown command that is like no other" "no command 'xyzzyx'" xyzzyx
fails "an unknown option" "option --frobnicate is unknown" trace --frobnicate
fails "an option without its value" "--at needs a value" trace x --at
fails "a number that is none" "--at: expected a whole number.*'x'" trace --at x y
fails "no prompt" "a prompt is missing" trace
fails "no clamp" "no --clamp given" steer x
fails "an unknown shape" "gpt2-small" bench --shape tiny
fails "control characters in what is named" 'no command .*1b' "$(printf '\033[31mred')"
exit $failed
