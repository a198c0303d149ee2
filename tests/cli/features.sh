#!/bin/sh
# ctrace features: cards over the corpus of a recipe, for a model that is not ours.
. "${srcdir:-.}/tests/cli/lib.sh"

model=$tmp/model
cp -r "$golden" "$model" && chmod -R u+w "$model"
cat >"$model/recipe.yaml" <<'RECIPE'
name: llama-clt
demo: "w1 w20 w2"
corpus:
  tables:
    pair:
      columns: [name, next]
      rows:
      - [w1, w2]
      - [w3, w4]
      - [w5, w6]
      - [w7, w8]
  sentences:
  - name: step
    over: pair
    template: "w20 w21 {pair} w22 {pair.next}"
    answer: pair.next
RECIPE
run features -m "$model"
ok "features builds cards" [ "$status" -eq 0 ]
ok "features says what it did" has '^.*model/features: 144 cards of the CLT over 4 sentences, 24 tokens'
ok "the index is there" [ -s "$model/features/index.json.gz" ]
cp "$model/features/layer_0.bin" "$tmp/first"
run features -m "$model" --export "$tmp/json"
ok "cards that are there are not built anew" [ "$status" = 0 -a ! -s "$tmp/out" ]
ok "the same cards again" cmp -s "$tmp/first" "$model/features/layer_0.bin"
run trace -m "$model" --html - "w20 w21 w1 w22"
ok "a page of a trace has the cards of its features" has '<article id="L[0-9]+-[0-9]+"><h3>'
ok "a card per feature is exported" [ "$(ls "$tmp/json" | wc -l)" -eq 144 ]
cp -r "$golden" "$tmp/copy" && chmod -R u+w "$tmp/copy"
rm "$tmp/json/4.json"
run features -m "$tmp/copy" --import "$tmp/json" --export "$tmp/json2"
ok "cards come back from files" has "^.*copy/features: 143 cards of the CLT, from $tmp/json$"
ok "with all that is in them" diff -r "$tmp/json" "$tmp/json2"
run trace -m "$tmp/copy" "w20 w21 w3 w22"
ok "and their labels" has '^ +(≈ )?w[0-9]+ .*L[0-9]#[0-9]+@[0-9] w[0-9]+ '
echo '{"index": "x"' >"$tmp/json2/0.json"
fails "a file that is no card" 'json2/0.json' features -m "$tmp/copy" --import "$tmp/json2"
run trace -m "$tmp/copy" "w20 w21 w3 w22"
ok "leaves the cards as they were" has '^ +(≈ )?w[0-9]+ .*L[0-9]#[0-9]+@[0-9] w[0-9]+ '
fails "a folder without cards" 'no card of this transcoder: expected files such as 0.json' \
    features -m "$tmp/copy" --import "$tmp/copy"
fails "a folder that is missing" 'nothere: no such directory' features -m "$tmp/copy" --import "$tmp/nothere"
# Groups are formed and named by a guess only if it fits well enough to be shown.
sed -i 's|"label": *"[^"]*"|"label":"mixed: a Texas / an Ohio"|; s|"label_f1": *[^,]*|"label_f1":0.3|' "$tmp/json"/*.json
run features -m "$tmp/copy" --import "$tmp/json"
run trace -m "$tmp/copy" --groups "$prompt"
ok "a guess names a group, as one" has '^≈ a Texas @'
sed -i 's|"label_f1":0.3|"label_f1":0.2|' "$tmp/json"/*.json
run features -m "$tmp/copy" --import "$tmp/json"
run trace -m "$tmp/copy" --groups "$prompt"
ok "a bad guess does not" eval '[ "$status" = 0 ] && ! has "Texas" && ! has "Ohio"'
# A feature that is active on many tokens is marked, unless its label says on which.
sed -i 's|"activation_frequency": *[^,]*|"activation_frequency":0.4321|' "$tmp/json"/*.json
run features -m "$tmp/copy" --import "$tmp/json"
run features -m "$tmp/copy" "L1#43"
ok "dense features are marked" has '^active on 43\.21% of the corpus \(dense\), at most'
printf 'prompt %s\nselect L1#43@8\nscreen\n' "$prompt" | "$CTRACE_TUI" -m "$tmp/copy" --headless 80x24 --script - >"$tmp/out"
ok "also on the screen" has '│ active on 43\.2% of tokens: dense$'
run trace -m "$tmp/copy" --html - "$prompt"
ok "and on pages" has ' · active on 43\.2% of tokens: dense</p>'
sed -i 's|"label_f1":0.2|"label_f1":0.6|' "$tmp/json"/*.json
run features -m "$tmp/copy" --import "$tmp/json"
run features -m "$tmp/copy" "L1#43"
ok "unless a label fits" has '^active on 43\.21% of the corpus, at most'
fails "cards and a corpus" 'leave out one' features -m "$tmp/copy" --import "$tmp/json" --corpus "$model/recipe.yaml"
ok "cards have examples, with the blanks between words" grep -rq '"tokens":\["w20"," w21"," w[1357]"," w22"' "$tmp/json"
run trace -m "$model" "w20 w21 w3 w22"
ok "the tree names features" has '^ +(≈ )?w[0-9]+ .*L[0-9]#[0-9]+@[0-9] w[0-9]+ '

printf hello >"$model/features/index.json.gz"
run trace -m "$model" "w20 w21 w3 w22"
ok "damaged cards are ignored" has 'L[0-9]#[0-9]+@[0-9]'
ok "with a warning" grep -qE '^ctrace: .*index.json.gz: damaged compressed data.*; going on without feature cards$' "$tmp/err"
ok "and no more than that" [ "$status" -eq 0 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ]
run features -m "$model"

# Cards belong to one model: another decoder, tokenizer or model name is told, whatever the biases are.
for file in transcoder/W_dec_0.safetensors model.safetensors tokenizer.json; do
	cp -r "$model" "$tmp/other"
	# The last byte of a weight; a blank at the end of JSON.
	case $file in
	*.json) echo >>"$tmp/other/$file" ;;
	*) head -c -1 "$model/$file" >"$tmp/other/$file" && printf '\276' >>"$tmp/other/$file" ;;
	esac
	run trace -m "$tmp/other" "w20 w21 w3 w22"
	ok "cards made with another $file are not shown" grep -qE \
	    '^ctrace: .*other/features: the cards were made for different files: (the transcoder|the model.s weights|the tokenizer) \(' "$tmp/err"
	ok "and only they" [ "$status" -eq 0 -a "$(wc -l <"$tmp/err")" -eq 1 ]
	rm -rf "$tmp/other"
done
sed 's/^name: llama-clt/name: something-else/' "$model/recipe.yaml" >"$tmp/recipe"
cp -r "$model" "$tmp/other" && cp "$tmp/recipe" "$tmp/other/recipe.yaml"
for command in features eval; do
	run $command -m "$tmp/other"
	ok "$command: a transcoder of another model" one_error 'of the model "llama-clt", but this model is "something-else"'
done
rm "$tmp/other/recipe.yaml"
run trace -m "$tmp/other" --transcoder "$model/transcoder" "w20 w21 w3 w22"
ok "a transcoder of which nobody knows whose it is" grep -qE \
    'config.yaml:1: a transcoder of the model "llama-clt"; neither the path' "$tmp/err"
sed '1s/{/{"_name_or_path": "someone\/Llama-CLT",/' "$golden/config.json" >"$tmp/other/config.json"
run trace -m "$tmp/other" --transcoder "$model/transcoder" "w20 w21 w3 w22"
ok "config.json may say it" [ "$status" -eq 0 ] && ! grep -q 'a transcoder of the model' "$tmp/err"

cp -r "$model" "$tmp/nan"
# The last element of the file becomes a NaN.
head -c -4 "$model/model.safetensors" >"$tmp/nan/model.safetensors"
printf '\000\000\300\177' >>"$tmp/nan/model.safetensors"
# What bench measures takes eleven minutes under valgrind.
commands="features eval bench"
[ -z "$valgrind" ] || commands="features eval"
for command in $commands; do
	run $command -m "$tmp/nan"
	ok "$command refuses a NaN" one_error 'is nan.*--allow-nonfinite'
	run $command --allow-nonfinite -m "$tmp/nan"
	ok "$command reads it when told to" [ "$status" -eq 0 ]
done

run features -m "$golden"
ok "a model without a recipe" one_error 'llama-clt has no recipe.yaml, .*--corpus'
sed 's/w22/w99/' "$model/recipe.yaml" >"$tmp/other.yaml"
run features -m "$model" --corpus "$tmp/other.yaml"
ok "a word the model does not have" one_error '"w99" of the corpus is not one token of .*model'

printf 'w1 w2 w3\n\nw3 w1 w7 w7\nw1\n' >"$tmp/lines.txt"
run features -m "$model" --corpus "$tmp/lines.txt"
ok "a text file is a corpus" has '144 cards of the CLT over 2 sentences, 9 tokens'
run trace -m "$model" "w1 w2"
ok "its labels name tokens" has '^ +(≈ )?(w[1237] \(input\)|say w[1237]) +L[0-9]#[0-9]+@[12] w[12] '
printf 'w1 w2 w3\nw1 no\n' >"$tmp/lines.txt"
run features -m "$model" --corpus "$tmp/lines.txt"
ok "an unknown word of a text" one_error 'lines.txt:2: .*"no"'
: >"$tmp/empty.txt"
run features -m "$model" --corpus "$tmp/empty.txt"
ok "an empty text" one_error 'empty.txt: the file is empty'
run eval -m "$model" --corpus "$tmp/none.txt"
ok "a missing text" one_error 'none.txt'
rm -r "$model/transcoder"
run features -m "$model"
ok "a model without a transcoder" one_error 'has neither transcoder/ nor transcoder-plt/; name one .* or train one'
run features -m "$model" "L1#5"
ok "whose neurons have no cards" sh -c "[ $status = 2 ] && tail -n 1 '$tmp/err' |
    grep -qE '^ctrace: neurons have no cards, .*\"ctrace trace\" shows the tokens .* train one'"

# Sentences with two numbers, all pairs of them: cards have a picture. All words of the toy but 12 are numbers.
cp -r "$golden" "$tmp/numbers" && chmod -R u+w "$tmp/numbers"
sed 's/"w\([0-9]\)"/"\1"/g; s/"w1\([0-9]\)"/"1\1"/g' "$golden/tokenizer.json" >"$tmp/numbers/tokenizer.json"
{
	echo 'name: llama-clt'
	echo 'corpus:'
	echo '  tables:'
	echo '    number:'
	echo '      columns: [name, next]'
	echo '      rows:'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "      - [$i, w39]"; done
	echo '  sentences:'
	echo '  - {name: two, over: {a: number, b: number}, template: "{a} w20 {b} w21 {a.next}", answer: a.next}'
} >"$tmp/numbers/recipe.yaml"
run features -m "$tmp/numbers" --export "$tmp/numbers/json"
ok "cards of a model of numbers" [ "$status" -eq 0 ]
feature=$(grep -l '"operands"' "$tmp"/numbers/json/*.json | head -n 1 | xargs sed -E 's/.*"index":([0-9]+).*/\1/')
for layer in 0 1 2; do
	run features -m "$tmp/numbers" --ascii "L$layer#$feature"
	grep -q SECOND "$tmp/out" && break
done
ok "a card is shown" has '^active on [0-9.]+% of the corpus, at most [0-9.]+$'
ok "with its examples" has '^ +[0-9.]+  .*\[.*\]'
ok "and its tokens" has '^says more  .*[+-][0-9]'
ok "and its picture, with what is pictured" has '^over 1 to 12, first downwards, second to the right:$'
ok "and where" has '^(\[FIRST\]|FIRST) (w20|\[w20\]) (\[SECOND\]|SECOND) (w21|\[w21\])  active on [0-9]+ of 144, at most'
ok "by tens and ones" has '^tens 0 1  ones 0 1 2 3 4 5 6 7 8 9$'
run features -m "$tmp/numbers" --json - "L$layer#$feature"
ok "and as JSON" has "^\{\"ctrace_version\":\"[^\"]*\",\"format\":2,\"model\":\"numbers\",\"features\":\[\{\"index\":$feature,.*\"layer\":$layer\}\]\}$"
ok "with the picture" has '"operands":\{"tokens":\[null,"w20",null,"w21"\],"from":1,"pictures":\[\{"position":[1-4],"max":'
printf 'L0#3: "my own"\n' >"$tmp/numbers/labels.yaml"
run features -m "$tmp/numbers" "my own"
ok "a typed label finds its feature" has '^L0#3  my own  \(typed\)$'
printf 'L0#3: "my own"\nL9#1: "lost"\nL0#48: "lost too"\n' >"$tmp/numbers/labels.yaml"
run features -m "$tmp/numbers" "my own"
ok "labels of features that are not there are told of" grep -q 'labels.yaml: 2 labels of features that the transcoder does not have, such as L0#48' "$tmp/err"
printf 'L0#3: "my own"\n' >"$tmp/numbers/labels.yaml"
run features -m "$tmp/numbers" --weights "my own"
ok "and so it does for its weights" has '^L0#3  my own$'
fails "a label that nobody has" "no feature 'extra': expected one such as L1#249, or words of a label" features -m "$tmp/numbers" extra
fails "a label of nothing" '"" names no label' features -m "$tmp/numbers" ''
fails "a feature that is not there" 'L0#48' features -m "$tmp/numbers" 'L0#48'
fails "a card and all of them" "--export applies to all cards, but 'L0#3' shows one" features -m "$tmp/numbers" --export "$tmp/x" 'L0#3'
fails "JSON of what" '--json needs the features to show' features -m "$tmp/numbers" --json -

# A label that is typed is undone and redone among clamps, in the file too.
cp -r "$golden" "$tmp/labels" && chmod -R u+w "$tmp/labels"
printf '%s\n' "prompt $prompt" 'select L1#43@8' 'label one' 'label two' 'clamp L1#43@8x0' undo undo screen redo screen \
    undo undo | "$CTRACE_TUI" -m "$tmp/labels" --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"
ok "a label is undone" has '^ undone: L1#43 is one$'
ok "and redone" has '^ redone: L1#43 is two$'
ok "and gone in the end" sh -c "! grep -q '^L1' '$tmp/labels/labels.yaml'"

# The model's own twin has labels of its own, also when it is named.
cp -r "$tmp/labels" "$tmp/twin" && cp -r "$tmp/twin/transcoder" "$tmp/twin/transcoder-plt"
echo 'L1#43: "the twin"' >"$tmp/twin/labels-plt.yaml"
run trace -m "$tmp/twin" --transcoder "$tmp/twin/transcoder-plt/" "$prompt"
ok "the twin's labels" has 'the twin .*L1#43@8'
# Without BOS the first word of a line is one like any other, as it is in a trace.
cp -r "$golden" "$tmp/bare" && chmod -R u+w "$tmp/bare"
sed -i 's/"post_processor": *{.*}, *"decoder"/"post_processor": null, "decoder"/' "$tmp/bare/tokenizer.json"
sed -i 's/"bos_token_id": *[0-9]*/"bos_token_id": null/' "$tmp/bare/config.json"
echo "w19 w10 w9" >"$tmp/line.txt"
run features -m "$tmp/bare" --corpus "$tmp/line.txt" --export "$tmp/bare.json"
ok "cards of a model without BOS" has '144 cards of the CLT over 1 sentences, 3 tokens'
run trace -m "$tmp/bare" --prune 1,1 --json - "w19 w10 w9"
active=$(grep -o '"node_id":"[0-9]*_[0-9]*_0","feature":[0-9]*' "$tmp/out" | sed 's/.*://' | sort -n)
shown=$(cd "$tmp/bare.json" && grep -lE '"tokens":\["w19"," w10"," w9"\],"tokens_acts_list":\[0*[1-9.]' *.json | sed 's/\.json//' | sort -n)
ok "show each feature of its first word, and no other" [ -n "$active" -a "$active" = "$shown" ]
run eval -m "$tmp/bare" --corpus "$tmp/line.txt" --json -
ok "eval measures it" [ "$status" -eq 0 ]


# What is there and cannot be read is said, not left out as if it were absent.
for file in "$tmp/copy/features"/layer_*.bin; do
	size=$(wc -c <"$file")
	head -c "$size" /dev/zero >"$file"
done
fails "a broken card is no absent one" 'layer_[0-9]+\.bin' inactive -m "$tmp/copy" "w20 w21 w3 w22"
printf 'prompt w20 w21 w3 w22\nexport %s\n' "$tmp/broken.html" |
    "$CTRACE_TUI" --headless 80x24 -m "$tmp/copy" --script - >"$tmp/out" 2>"$tmp/err"
ok "not in a page either" sh -c "grep -qE 'layer_[0-9]+\.bin' '$tmp/err' && [ ! -e '$tmp/broken.html' ]"
echo 'name: [' >"$tmp/copy/recipe.yaml"
run trace -m "$tmp/copy" "w20 w21 w3 w22"
ok "a broken recipe is noted" sh -c "[ $status = 0 ] && grep -q 'recipe.yaml:.*; the model opens without its recipe' '$tmp/err'"
mkdir "$tmp/both" && cp -r "$golden"/. "$tmp/both" && chmod -R u+w "$tmp/both" && echo >"$tmp/both/transcoder-plt"
cp "$model/recipe.yaml" "$tmp/both"
fails "nor is what is no directory" 'transcoder-plt' features -m "$tmp/both"
exit $failed
