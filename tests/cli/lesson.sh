#!/bin/sh
# Lessons are tests: --check plays every step. A mistake in a file is named with its line.
. "${srcdir:-.}/tests/cli/lib.sh"

play() {
	"$CTRACE_TUI" --lesson "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}
# wrong NAME PATTERN: the lesson on standard input is refused with its file and a line.
wrong() {
	cat >"$tmp/lesson.yaml"
	play "$tmp/lesson.yaml" --check
	ok "$1" sh -c "[ $status = 2 ] && [ ! -s '$tmp/out' ] && [ \$(wc -l <'$tmp/err') -eq 1 ] &&
	    grep -qE 'lesson.yaml:[0-9]+: .*$2' '$tmp/err' || { cat '$tmp/out' '$tmp/err'; false; }"
}
# head_of: the beginning of a lesson about the small model.
head_of() {
	printf 'model: %s\ntitle: A test\nsteps:\n' "$(cd "$golden" && pwd)"
}

play "$top/tests/lessons/small.yaml" --check
ok "a lesson that holds" [ "$status" = 0 ]
ok "every step has its line" [ "$(grep -c "^ok - step" "$tmp/out")" = 8 ]

{ head_of; cat <<'Y'
- {title: Right, prompt: w1 w2 w3, text: One, expect: {top: w27}}
- {title: Wrong, text: Two, expect: {top: w5}}
- {title: Idle, text: Three, ask: Do, answer: ablate, expect: {top: w27}}
- {title: Lost, text: Four, do: select L0#9999@1, expect: {top: w27}}
- {title: Vain, text: Five, ask: Do, answer: left, expect: {top: w5}}
- {title: Group, prompt: w19 w10 w9 w7 w39 w16 w31 w17, text: Six, do: 'group "x" L1#43@8', expect: {supernode: x}}
- {title: No group, text: Seven, do: 'group "x" L1#43@8', expect: {supernode: y}}
Y
} >"$tmp/fails.yaml"
play "$tmp/fails.yaml" --check
ok "a lesson that does not hold fails" [ "$status" = 1 ]
ok "a step that holds" has '^ok - step 1, Right$'
ok "a wrong expectation says what is there" has '^not ok - step 2, Wrong: line 5: .*says w5; found: the model says w27'
ok "a task must leave something to do" has '^not ok - step 3, Idle: .*before the student'
ok "a command that fails" has '^not ok - step 4, Lost: .*no feature L0#9999'
ok "a supernode" has '^ok - step 6, Group$'
ok "another supernode" has '^not ok - step 7, No group: .*a supernode y; found: 1 supernodes'
ok "an answer that does not lead there" has '^not ok - step 5, Vain: .*after .answer:. the expectations are not true'

{ head_of; echo '- {title: A, prompt: w1, text: B, hins: C}'; } | wrong "an unknown key" 'hins'
{ head_of; echo '- {title: A, prompt: w1, text: B, hints: [C]}'; } | wrong "hints for nothing" '.hints:. needs .ask:'
{ head_of; echo '- {title: A, prompt: w1, text: B, ask: C, hints: [D, E, F]}'; } |
    wrong "more than two hints" 'hints: expected a list of 1 to 2'
{ head_of; echo '- {title: A, prompt: w1, text: B, predict: {ask: C, choose: [D, E], right: F}}'; } |
    wrong "a right choice that is none" 'of which .right:. names one'
{ head_of; echo '- {title: A, prompt: w1, text: B, predict: {ask: C, choose: [D, E], right: D}}'; } |
    wrong "a prediction with nothing to see" '.predict:. needs .see:'
{ head_of; echo '- {title: A, prompt: w1, text: B, see: ablate}'; } | wrong "something to see" '.see:. needs .predict:'
{ head_of; echo '- {title: A, prompt: w1, text: B, see: ablate, predict: {ask: C, choose: [D, E], right: D}, expect: {top: w27}}'; } >"$tmp/wrong.yaml"
play "$tmp/wrong.yaml" --check
ok "a prediction that is not so fails" sh -c "[ $status = 1 ] && grep -q '^not ok - step 1' '$tmp/out'"
{ head_of; echo '- {title: A, text: B}'; } | wrong "no prompt" 'first step needs a prompt'
{ head_of; echo '- {title: A, prompt: w1, text: B, expect: {tops: w1}}'; } |
    wrong "an unknown expectation" 'tops'
{ head_of; echo '- {title: A, prompt: w1, text: B, expect: {likely: {w1: 2}}}'; } |
    wrong "a probability above 1" 'w1'
{ head_of; echo '- {title: A, prompt: w1, text: B, expect: {view: cellar}}'; } | wrong "an unknown view" 'cellar'
{ head_of; echo '- {title: A, prompt: w1, text: B, do: frobnicate}'; } |
    wrong "a command that does not exist" 'no command "frobnicate"'
{ head_of; echo '- {title: A, prompt: w1, text: B, do: [view map, label x]}'; } |
    wrong "a command that changes files" '"label" is not for lessons'
{ head_of; echo '- {title: A, prompt: w1, text: B, ask: Do it}'; } | wrong "a task without an answer" 'answer'
{ head_of; printf -- '- {title: A, prompt: w1, text: "'; yes word | head -100 | tr '\n' ' '; echo '"}'; } |
    wrong "a text that does not fit on the screen" 'text: 7 lines'
printf 'model: x\ntitle: y\n' | wrong "no steps" 'steps: expected'

CTRACE_MODEL_PATH=$top/models "$CTRACE_TUI" --lesson >"$tmp/out"
ok "without a name, the lessons are listed" grep -qE '^first +[0-9]+ steps  What am I looking at\?$' "$tmp/out"
(cd / && XDG_DATA_HOME=/ CTRACE_MODEL_PATH=$tmp/nowhere exec "$CTRACE_TUI" --lesson nosuch 2>"$tmp/err")
ok "an unknown name is answered with those there are" grep -q 'no lesson named "nosuch"; expected a file, or one of: ' "$tmp/err"
play no-such-lesson --check
ok "a name that leads nowhere" grep -q 'no lesson named "no-such-lesson"' "$tmp/err"

# What was done is handed in as a file.
printf 'lesson %s\nlesson 3\nablate\nlesson 7\nlesson choose 3\nlesson 8\nlesson hint\nlesson result %s\n' \
    "$top/tests/lessons/small.yaml" "$tmp/result.yaml" |
	"$CTRACE_TUI" -m "$golden" --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"
cp "$tmp/result.yaml" "$tmp/out"
ok "the result has a task that was done" has 'step: 3, .* done: true, hints: 0, shown: false'
ok "a prediction" has 'step: 7, .* predicted: "w2", right: true'
ok "and hints" has 'step: 8, .* done: false, hints: 1, shown: false'
printf 'lesson %s\nlesson result %s\n' "$top/tests/lessons/small.yaml" "$tmp/readonly.yaml" |
	"$CTRACE_TUI" -m "$golden" --readonly --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"
ok "with --readonly none is written" [ ! -e "$tmp/readonly.yaml" ]

# The start view offers the models that are found.
printf 'view start\nscreen\nsearch gpt2-plt\nenter\nscreen\n' | CTRACE_MODEL_PATH=$(cd "$top/tests/golden" && pwd) \
	"$CTRACE_TUI" -m "$golden" --headless 120x40 --script - >"$tmp/out" 2>"$tmp/err"
ok "the start view lists models" has '^ model +llama-skip'
ok "and opens one" has '^ gpt2-plt +[0-9]L'
printf 'lesson %s\nscreen\nmodel %s\nscreen\n' "$top/tests/lessons/small.yaml" "$top/tests/golden/gpt2-plt" |
	"$CTRACE_TUI" -m "$top/tests/golden/gpt2-plt" --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"
ok "a lesson brings its model" has '^ llama-clt'
ok "another model ends the lesson" sh -c "tail -24 '$tmp/out' | grep -q '^ gpt2-plt' &&
    ! tail -24 '$tmp/out' | grep -q 'step 1 of'"

# The example of the manual, too.
if [ -f "$top/models/capitals/model.safetensors" ]; then
	mkdir -p "$tmp/example"
	sed -n '/^model: capitals$/,/^\.Ed$/{ /^\.Ed$/d; p; }' "$top/man/ctrace-models.5" >"$tmp/example/lesson.yaml"
	CTRACE_MODEL_PATH=$top/models play "$tmp/example/lesson.yaml" --check
	ok "the lesson in ctrace-models(5) holds" sh -c "[ $status = 0 ] || { cat '$tmp/out' '$tmp/err'; false; }"

	# Labels are named by whole words.
	cat >"$tmp/example/lesson.yaml" <<'Y'
model: capitals
title: Words
steps:
- {title: A word, prompt: the capital of the state containing Dallas is, text: One, expect: {feature: '"=in Texas">.8'}}
- {title: A part, text: Two, expect: {feature: Texa}}
Y
	CTRACE_MODEL_PATH=$top/models play "$tmp/example/lesson.yaml" --check
	ok "a word of a label is found, a part of one is not" sh -c "[ $status = 1 ] && grep -q '^ok - step 1' '$tmp/out' &&
	    grep -q '^not ok - step 2.*label Texa' '$tmp/out' || { cat '$tmp/out' '$tmp/err'; false; }"
fi

# A label is shown with an example of it, even on a small screen.
if [ -f "$top/models/capitals/model.safetensors" ]; then
	printf 'prompt the capital of the state containing Dallas is\nlesson first\nlesson 5\nscreen\n' |
		CTRACE_MODEL_PATH=$top/models "$CTRACE_TUI" -m capitals --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"
	ok "the card has an example in a small pane" sh -c "grep -A 1 '│ fires on' '$tmp/out' | grep -q '│ .*\[.*\]'"
fi

# The lessons that are shipped, where their model is there. Swaps and pictures run it over thousands of sentences, which
# takes hours under valgrind.
[ -z "$valgrind" ] || exit $failed
for lesson in "$top"/models/lessons/*.yaml "$top"/models/*/lesson.yaml; do
	[ -f "$lesson" ] || continue
	model=$(sed -n 's/^model: *//p' "$lesson")
	[ -f "$top/models/$model/model.safetensors" ] || continue
	play "$lesson" --check
	ok "${lesson#"$top"/} holds" sh -c "[ $status = 0 ] || { cat '$tmp/out' '$tmp/err'; false; }"
done
exit $failed
