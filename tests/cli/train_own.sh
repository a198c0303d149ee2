#!/bin/sh
# A transcoder for a model that exists, from text: trained, measured, traced with; interrupted; and every bad recipe.
. "${srcdir:-.}/tests/cli/lib.sh"
golden=$(cd "$golden" && pwd)

# words N SEED: a text of N words that the model has.
words() {
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed); for (i = 1; i <= n; i++) printf "w%d%s", 4 + int(36 * rand() * rand()), i % 11 ? " " : "\n" }'
}
words 3000 1 >"$tmp/one.txt"
words 1500 2 >"$tmp/two.txt"
cat >"$tmp/recipe.yaml" <<END
name: words
model: {from: $golden}
corpus: {text: [one.txt, two.txt], window: 16, block: 4, held out: 0.1, sample: 40}
transcoder-plt: {features: 64, l0: 5, steps: 150, batch: 64, buffer: 1024, rate: 0.005}
END

run train -o "$tmp/out.d" "$tmp/recipe.yaml"
ok "a recipe with model: {from: DIR} is trained" [ "$status" = 0 ]
ok "what it will take is said first" grep -qE '^ctrace: transcoder-plt: about [0-9]+ s on [0-9]+ threads?, [0-9]+ MB of memory in addition to the model, [0-9]+ MB on disk$' "$tmp/err"
ok "and that is all that is said" [ "$(wc -l <"$tmp/err")" -eq 1 ]
ok "the report has the text" has '^text  [0-9]+ windows of [0-9]+ tokens, [1-9][0-9]* of them held out$'
ok "held-out figures over all layers" has '^  held out, [0-9]+ positions: explained variance 0\.[0-9]+  L0 [0-9.]+  dead [0-9.]+%$'
ok "the replacement model" has '^  replacement model: KL [0-9.]+  likeliest token the model.s in [0-9.]+%$'
for layer in 0 1 2; do
	ok "layer $layer" has "^  layer $layer +explained variance +0\.[0-9]+  L0 +[3-7]\.[0-9]  dead +[0-9.]+%  KL +[0-9.]+  top-1 +[0-9.]+%$"
done
ok "its cards are built" has '^.*out.d/transcoder-plt/features: 192 cards of the PLT'
ok "nothing of the training is left" [ "$(ls "$tmp/out.d")" = transcoder-plt ]
run trace -m "$golden" --transcoder "$tmp/out.d/transcoder-plt" "$prompt"
ok "it traces, and adds up" [ "$status" = 0 ]
ok "as a transcoder of this model, whatever the recipe is called" [ ! -s "$tmp/err" ]
ok "with features" has '^graph +[1-9][0-9]* features'
ok "at the hooks of the recipe" grep -qx 'feature_input_hook: "mlp.hook_in"' "$tmp/out.d/transcoder-plt/config.yaml"
run features -m "$golden" --transcoder "$tmp/out.d/transcoder-plt" L1#3
ok "a card shows the text" has 'w[0-9]+ .*w[0-9]+'

run train --estimate -o "$tmp/none" "$tmp/recipe.yaml"
ok "--estimate trains nothing" [ "$status" = 0 -a ! -e "$tmp/none/transcoder-plt" ]
ok "and leaves nothing" [ -z "$(ls -A "$tmp/none")" ]

# The recipe of models/README.md, with another model and text, and fewer steps.
mkdir "$tmp/my"
awk '/^## A transcoder for your own model/ { on = 1 } on && /^```/ { n++; next } on && n == 1' "$top/models/README.md" |
    sed "s|{from: [^}]*}|{from: $golden}|; s/features: 4096, l0: 32, steps: 4000/features: 64, l0: 5, steps: 20, batch: 64/; s/^name: .*/name: llama-clt/" \
    >"$tmp/my/recipe.yaml"
cp "$tmp/one.txt" "$tmp/my/text.txt"
sed -i.old 's/{text: text.txt}/{text: text.txt, window: 16}/' "$tmp/my/recipe.yaml"
run train "$tmp/my/recipe.yaml"
ok "the recipe of models/README.md" [ "$status" = 0 -a -e "$tmp/my/transcoder-plt/config.yaml" ]

# Beside its model, what is trained is the model's own, and so are its cards.
mkdir "$tmp/beside" && cp "$golden"/*.json "$golden/model.safetensors" "$tmp/one.txt" "$tmp/beside"
sed 's|{from: [^}]*}|{from: .}|; s/, two.txt//; s/steps: 150/steps: 20/' "$tmp/recipe.yaml" >"$tmp/beside/recipe.yaml"
run train "$tmp/beside/recipe.yaml"
run trace -m "$tmp/beside" "$prompt"
ok "a recipe in the model's directory" [ "$status" = 0 ]
ok "its cards are the model's" [ -s "$tmp/beside/features-plt/index.json.gz" -a ! -e "$tmp/beside/transcoder-plt/features" ]

# Both kinds, both activations, every hook; and JSON.
sed -e 's/^transcoder-plt:.*/transcoder-plt: {features: 32, l0: 4, activation: jumprelu, read: ln2.hook_normalized, write: mlp.hook_out, steps: 40, batch: 64, buffer: 256}/' \
    "$tmp/recipe.yaml" >"$tmp/both.yaml"
echo 'transcoder: {features: 32, l0: 4, read: hook_resid_mid, steps: 40, batch: 64, buffer: 512}' >>"$tmp/both.yaml"
run train --estimate -o "$tmp/none" "$tmp/both.yaml"
ok "--estimate: of each transcoder" [ "$(grep -c 'about [0-9]' "$tmp/err")" = 2 ]
run train -o "$tmp/both" --json - "$tmp/both.yaml"
ok "a cross-layer and a per-layer transcoder" [ "$status" = 0 ]
for field in format windows held_out transcoder transcoder-plt explained_variance top1 kl_alone measured; do
	ok "the JSON has '$field'" has "\"$field\":"
done
for kind in transcoder transcoder-plt; do
	run trace -m "$golden" --transcoder "$tmp/both/$kind" "$prompt"
	ok "$kind traces, and adds up" [ "$status" = 0 ]
done

# Killed at any moment, it goes on to the same bytes.
"$CTRACE" train -o "$tmp/whole" "$tmp/both.yaml" >/dev/null 2>&1
kills=0
until [ "$kills" -eq 40 ]; do
	"$CTRACE" train --save-every 0 -o "$tmp/killed" "$tmp/both.yaml" >"$tmp/out" 2>"$tmp/err" &
	sleep "$(printf '%d.%02d' $((kills * 5 / 100)) $((kills * 5 % 100)))"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null && break
	kills=$((kills + 1))
done
# Where a start alone takes longer than that, the last one may still end.
[ "$kills" -lt 40 ] || "$CTRACE" train -o "$tmp/killed" "$tmp/both.yaml" >/dev/null 2>&1
ok "it was killed at least once" [ "$kills" -gt 0 ]
find "$tmp/killed" -name '*.tmp' -exec rm {} +
ok "a killed training ends with the same bytes" diff -r "$tmp/whole" "$tmp/killed"
echo "# killed $kills times"

# bad NAME PATTERN SED: the recipe with a change is refused in one line.
bad() {
	name=$1 pattern=$2
	sed -e "$3" "$tmp/recipe.yaml" >"$tmp/bad.yaml"
	run train -o "$tmp/bad.d" "$tmp/bad.yaml"
	ok "refused: $name" one_error "$pattern"
}
bad "text without a model" 'bad.yaml:2: a corpus of text is for a model that exists; name its directory' 's/^model: .*/model: {layers: 2}/'
bad "a model without text" 'bad.yaml:3: a model that exists learns its transcoder from text; expected `corpus: {text' 's/^corpus: .*/corpus: {generator: sums}/'
bad "sizes of a model that exists" 'bad.yaml:2: unknown key "layers"' 's/^model: {/model: {layers: 2, /'
bad "train: of a model that exists" 'bad.yaml:5: train: is only for recipes that train a model' '$a train: {steps: 3}'
bad "nothing to train" 'nothing to train: expected a section `transcoder-plt:`' '/^transcoder/d'
bad "keys of worlds" 'bad.yaml:4: unknown key "lookups"' 's/features: 64/features: 64, lookups: 1/'
bad "thresholds of a BatchTopK" 'bad.yaml:4: bandwidth is for `activation: jumprelu`' 's/features: 64/features: 64, bandwidth: 0.1/'
bad "an unknown activation" 'activation is "relu"; expected one of: batchtopk, jumprelu' 's/features: 64/features: 64, activation: relu/'
bad "an unknown hook" 'read is "hook_attn_out"; expected one of: hook_resid_mid, mlp.hook_in, ln2.hook_normalized' 's/features: 64/features: 64, read: hook_attn_out/'
bad "more active features than there are" 'is to have 5 of 5 features active' 's/features: 64/features: 5/'
bad "a buffer below a batch" 'a buffer of 32 positions holds no batch of 64' 's/buffer: 1024/buffer: 32/'
bad "a buffer below a batch and a window" 'a buffer of 70 positions holds no batch of 64 and a window of 16' 's/buffer: 1024/buffer: 70/'
bad "a window beyond the context" 'bad.yaml:3: a window of 25 tokens is longer than the context of .*llama-clt, which is 24' 's/window: 16/window: 25/'
bad "a window of nothing" 'window.*expected .*4.*3' 's/window: 16/window: 3/'
bad "a text that is not there" 'three.txt' 's/two.txt/three.txt/'
bad "a batch above the text" 'the text is too short: [0-9]+ positions to learn from, but a batch has 9000' 's/batch: 64, buffer: 1024/batch: 9000, buffer: 90000/'
bad "nothing held out" 'the text is too short: of its [0-9]+ windows .* 0 held out' 's/held out: 0.1/held out: 0/'
bad "a model that is not there" 'nowhere' 's/from: .*}/from: nowhere}/'
sed 's/features: 64/features: 262144/; s/^transcoder-plt/transcoder/' "$tmp/recipe.yaml" >"$tmp/bad.yaml"
( ulimit -v 1000000 && "$CTRACE" train --threads 1 -o "$tmp/bad.d" "$tmp/bad.yaml" >"$tmp/out" 2>"$tmp/err" )
status=$?
ok "refused: more memory than there is" one_error 'training takes [0-9.]+ GB of memory in addition to the model, but [0-9.]+ [GM]B are available; what would fit: .features: [0-9]+. \(now 262144\)'

: >"$tmp/empty.txt"
bad "an empty text" 'empty.txt is empty' 's/two.txt/empty.txt/'
printf 'w4 w5 w\377 w6\n' >"$tmp/latin.txt"
bad "a text that is not UTF-8" 'latin.txt is not UTF-8: invalid byte 0xff at 7; convert it' 's/two.txt/latin.txt/'
printf 'w4 w5\0w6\n' >"$tmp/nul.txt"
bad "a text with NUL" 'nul.txt has a NUL byte at 5' 's/two.txt/nul.txt/'
echo "w4 w5" >"$tmp/short.txt"
bad "a text of two words" 'short.txt is too short: 2 tokens, a window has 4 at least' 's/two.txt/short.txt/'
echo "w4 w5 nonsense w6 w7" >"$tmp/word.txt"
bad "a word that the model does not have" 'word.txt, after byte 0.*nonsense' 's/two.txt/word.txt/'
mkdir "$tmp/moe" && cp "$golden"/*.json "$golden/model.safetensors" "$tmp/moe"
chmod u+w "$tmp/moe/config.json"
sed -i.old 's/"model_type": *"llama"/"model_type": "mixtral"/' "$tmp/moe/config.json"
bad "a model with parts that are not supported" 'mixtral' "s|from: .*}|from: $tmp/moe}|"

# A limit on the size of files stands for a full disk: the stream does not fit.
( trap '' XFSZ; ulimit -f 8; "$CTRACE" train -o "$tmp/full" "$tmp/recipe.yaml" >"$tmp/out" 2>"$tmp/err" )
status=$?
ok "refused: a full disk" one_error 'full/training.stream'
exit $failed
