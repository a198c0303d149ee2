#!/bin/sh
# Bring your own model: a directory alone, and with a transcoder in each layout, from the first trace to the first clamp.
. "${srcdir:-.}/tests/cli/lib.sh"
prompt="w7 w31 w4 w19 w11"

# one MODEL LAYOUT ...: traces, says what it is, adds up; a clamp of its first active feature moves the logits.
one() {
	model=$top/tests/golden/$1
	transcoder=$top/tests/layouts/$2
	what=$3
	shift 3
	run trace -m "$model" --transcoder "$transcoder" "$@" "$prompt"
	ok "$what: traces" [ "$status" = 0 ]
	ok "$what: says what it is" has "  $what  context"
	ok "$what: has features" has '^ +feature |^graph +[1-9][0-9]* features'
	feature=$(sed 's/.*"active": \[\[\([0-9]*\), \([0-9]*\), \([0-9]*\),.*/L\1#\3@\2/' "$transcoder/expected.json")
	run steer -m "$model" --transcoder "$transcoder" "$@" --clamp "${feature}x0" "$prompt"
	ok "$what: clamps $feature" [ "$status" = 0 ]
	"$CTRACE_TUI" -m "$model" --transcoder "$transcoder" "$@" --headless 80x24 "$prompt" >"$tmp/out" 2>"$tmp/err"
	ok "$what: on the screen" has 'exact'
}
one llama-clt plt-relu 'PLT 3x12 ReLU'
one llama-clt plt-jumprelu 'PLT 3x12 JumpReLU'
one llama-clt plt-topk 'PLT 3x12 TopK'
one llama-clt plt-topk 'PLT 3x12 TopK' --k 5
one gpt2-plt plt-bare-gpt2 'PLT 3x12 ReLU'
one llama-clt clt-jumprelu 'CLT 3x12 JumpReLU'
one llama-clt scope1 'PLT 3x12 JumpReLU'
one llama-clt scope1-compressed 'PLT 3x12 JumpReLU'
one llama-clt scope2-plt 'PLT 3x12 JumpReLU'
one llama-clt scope2-clt 'CLT 3x12 JumpReLU'
one llama-clt sparsify-topk 'PLT 3x12 TopK'
one llama-clt sparsify-groupmax 'PLT 3x12 GroupMax'
one llama-clt sparsify-batchtopk 'PLT 3x12 BatchTopK'
one llama-clt sparsify-centred 'PLT 3x12 TopK'

run trace -m "$golden" --transcoder "$top/tests/layouts/sparsify-centred" "$prompt"
ok "what may surprise is noted" grep -q '^ctrace: note: .*"transcode" is false' "$tmp/err"
fails "--k of nothing" '--k: expected a whole number from 1 to .*0' trace -m "$golden" --k 0 x
fails "--k without a TopK" '--k 4 belongs to "activation: topk"' trace -m "$golden" --k 4 "$prompt"

# Alone.
mkdir "$tmp/alone"
cp "$golden/config.json" "$golden/model.safetensors" "$golden/tokenizer.json" "$tmp/alone"
run trace -m "$tmp/alone" "$prompt"
ok "a model alone: traces" [ "$status" = 0 ]
ok "a model alone: says so" has '  neurons 3x[0-9]* [A-Z][A-Za-z]*  context'
ok "a model alone: what can be done" grep -q 'note: .*alone has no transcoder, so its features are the model.s own neurons; --transcoder DIR names one' "$tmp/err"
ok "a model alone: adds up" has '^self-check +edges'
ok "a model alone: has neurons, and no errors" has '^graph +[1-9][0-9]* features, 0 errors'

# What stands in a transcoder's place without being one is no reason to take neurons.
echo "a note" >"$tmp/alone/transcoder"
fails "a file in a transcoder's place" 'alone/transcoder: expected the directory of a transcoder, found something else, or nothing that can be looked at' \
    trace -m "$tmp/alone" "$prompt"
rm "$tmp/alone/transcoder"
ln -s transcoder "$tmp/alone/transcoder"
fails "a transcoder that cannot be looked at" 'alone/transcoder' trace -m "$tmp/alone" "$prompt"
rm "$tmp/alone/transcoder"
run trace -m "$golden" "$prompt"
next=$(grep '^next' "$tmp/out")
run trace -m "$tmp/alone" "$prompt"
ok "a model alone: the same next tokens" [ "$(grep '^next' "$tmp/out")" = "$next" ]
run steer -m "$tmp/alone" --mode direct --clamp 'L0#1@2=0' "$prompt"
ok "a model alone: clamps of neurons" [ "$status" = 0 ]
ok "a model alone: the graph predicts them" has '^self-check  all is frozen: observed = edges within'
run steer -m "$tmp/alone" --clamp 'L0#999@2=0' "$prompt"
ok "a model alone: clamps beyond the last neuron" grep -q 'no feature L0#999: layer 0 has features 0 to' "$tmp/err"
run survey -m "$tmp/alone" "$prompt"
ok "a model alone: survey" [ "$status" = 0 ]
fails "neurons: nothing is inactive" 'neurons are always active' inactive -m "$golden" --basis neurons "$prompt"

# Its neurons beside a transcoder.
run trace -m "$tmp/alone" "$prompt"
cp "$tmp/out" "$tmp/alone.out"
run trace -m "$golden" --basis neurons "$prompt"
ok "neurons: nothing to note" [ ! -s "$tmp/err" ]
ok "neurons: the same graph as without a transcoder" [ "$(grep '^graph\|output' "$tmp/out")" = \
    "$(grep '^graph\|output' "$tmp/alone.out")" ]
run trace -m "$golden" --basis neurons --json - "$prompt"
ok "neurons: named in the JSON" grep -q '"transcoder": *"neurons"' "$tmp/out"
run trace -m "$golden" --basis neurons --k 20 "$prompt"
ok "neurons: some of them" has '^graph +20 features'
ok "neurons: what is left out" grep -q 'features are the 20 neurons .* the others have [0-9]* % of these effects' "$tmp/err"
ok "neurons: it still adds up" [ "$status" = 0 ]
fails "neurons and a transcoder" 'neurons use no transcoder' trace -m "$golden" --basis neurons \
    --transcoder "$golden/transcoder" "$prompt"
fails "another basis" 'basis: expected transcoder or neurons, found "heads"' trace --basis heads x
"$CTRACE_TUI" -m "$tmp/alone" --headless 80x24 "$prompt" >"$tmp/out" 2>"$tmp/err"
ok "a model alone: on the screen" has '^ alone +[0-9]L D[0-9]+ neurons [0-9]+ .*neurons [01.][0-9]* +exact'
exit $failed
