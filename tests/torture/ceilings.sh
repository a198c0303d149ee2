#!/bin/sh
# What a file says of its size is not believed before it is checked: while anything is read, no allocation is larger than
# the file and 64 MB, and trees of JSON have at most 40 times the file's size. shim.c counts.
set -u
. "${srcdir:-.}/tests/cli/lib.sh"
shim=$(pwd)/tests/torture/shim.so
if nm "$CTRACE" 2>/dev/null | grep -qE "__asan|__gcov" || [ ! -f "$shim" ]; then
	echo "not here: builds with sanitizers or coverage allocate for themselves"
	exit 77
fi
CTRACE_TUI=${CTRACE_TUI:-./ctrace-tui}
OPENBLAS_NUM_THREADS=1
TORTURE_REPORT=$tmp/report
export OPENBLAS_NUM_THREADS TORTURE_REPORT
unset CTRACE_MODEL_PATH
model=$tmp/model big=$tmp/big
mb64=$((64 << 20))
cp -r "$golden" "$model" && chmod -R u+w "$model"

# fresh: $big is the model as it was.
fresh() {
	rm -rf "$big" && cp -r "$model" "$big"
}

# ceiling NAME STATUS MESSAGE FILE COMMAND...: of the bytes of FILE, all of them and 64 MB at once, 40 times them and 64 MB
# in all; a command that fails says MESSAGE.
ceiling() {
	name=$1 expected=$2 message=$3 size=$(wc -c <"$4")
	shift 4
	rm -f "$TORTURE_REPORT"
	TORTURE_KIND=alloc TORTURE_AT=0 LD_PRELOAD=$shim "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$? largest= peak=
	read -r calls leaks largest peak <"$TORTURE_REPORT"
	if [ "$status" -ne "$expected" ] || { [ "$status" -eq 2 ] && ! one_error "$message"; } ||
	    [ "$largest" -gt $((size + mb64)) ] || [ "$peak" -gt $((40 * size + 2 * mb64)) ]; then
		echo "not ok - $name: status $status, $largest bytes at once, $peak in all, for $size"
		head -n 3 "$tmp/err"
		failed=1
	else
		echo "ok - $name: $largest bytes at once, $peak in all, for $size"
	fi
}

# claims NAME STATUS MESSAGE OLD NEW FILE: the model with NEW in place of OLD in FILE.
claims() {
	fresh
	sed -i.old "s/$4/$5/" "$big/$6"
	ok "$1: the file says so" grep -q "$5" "$big/$6"
	ceiling "$1" "$2" "$3" "$big/$6" "$CTRACE" trace -m "$big" w1 w2
}
claims "a vocabulary of a million" 2 'expected shape' '"vocab_size": 40' '"vocab_size": 1000000' config.json
claims "a width of a million" 2 . '"hidden_size": 16' '"hidden_size": 1048576' config.json
claims "16 million positions" 0 . '"max_position_embeddings": [0-9]*' '"max_position_embeddings": 16777216' config.json
claims "1024 layers" 2 'missing' '"num_hidden_layers": 3' '"num_hidden_layers": 1024' config.json
claims "a token's large id" 2 'too large' '"w39": *[0-9]*' '"w39": 16777216' tokenizer.json
fresh
printf '\377\377\377\000\000\000\000\000{"a":' >"$big/model.safetensors"
ceiling "a header that says 16 MB" 2 "within its header" "$big/model.safetensors" "$CTRACE" trace -m "$big" w1 w2

awk 'BEGIN { printf "{\"nodes\":["; for (i = 0; i < 200000; i++) printf "%s{}", i ? "," : ""; print "]}" }' >"$tmp/many.json"
ceiling "JSON of many small objects" 2 . "$tmp/many.json" "$CTRACE" export "$tmp/many.json" --to dot
awk 'BEGIN { printf "{\"nodes\":["; for (i = 0; i < 200000; i++) printf "%s{\"node_id\":\"%d\",\"layer\":\"1\"}", i ? "," : "", i; print "]}" }' >"$tmp/many.json"
ceiling "JSON of many objects" 2 . "$tmp/many.json" "$CTRACE" export "$tmp/many.json" --to dot
printf '{"a":"%s"}' "$(head -c 20000 /dev/zero | tr '\0' '[')" >"$tmp/many.json"
ceiling "JSON of brackets in a text" 2 . "$tmp/many.json" "$CTRACE" export "$tmp/many.json" --to dot
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "["; print "" }' >"$tmp/many.json"
ceiling "JSON that is deep" 2 . "$tmp/many.json" "$CTRACE" export "$tmp/many.json" --to dot
awk 'BEGIN { printf "{\"line\":1,\"settings\":{\"model\":\"m\",\"transcoder\":\"t\"},\"nodes\":[{\"kind\":\"error\",\"layer\":0,\"pos\":0}],\"edges\":["
	for (i = 0; i < 60000; i++) printf "%s[0,0,1]", i ? "," : ""; print "]}" }' >"$tmp/many.json"
ceiling "a line of many edges" 0 . "$tmp/many.json" "$CTRACE" aggregate --min 1 "$tmp/many.json"

# Files with a hole of 8 GB: most are too large to begin with, the others are not read before they are needed.
hole() {
	fresh
	rm -f "$big/$2" && mkdir -p "$(dirname "$big/$2")" && truncate -s 8G "$big/$2"
	printf 'x' >"$tmp/small"
	name=$1 message=$3
	shift 3
	ceiling "8 GB of $name" 2 "$message" "$tmp/small" "$@"
}
if truncate -s 8G "$tmp/hole" 2>/dev/null; then
	for file in config.json tokenizer.json transcoder/config.yaml labels.yaml; do
		hole "$file" "$file" 'expected at most' "$CTRACE" trace -m "$big" w1 w2
	done
	hole "recipe" recipe.yaml 'expected at most' "$CTRACE" eval -m "$big"
	hole "recipe to train" recipe.yaml 'expected at most' "$CTRACE" train "$big/recipe.yaml" -o "$tmp/trained"
	hole "graph" graph.json 'expected at most' "$CTRACE" export "$big/graph.json" --to dot
	hole "prompts" prompts 'expected at most' "$CTRACE" trace -m "$big" --batch "$big/prompts"
	hole "corpus" corpus.txt 'expected at most' "$CTRACE" eval -m "$big" --corpus "$big/corpus.txt"
	hole "weights" model.safetensors 'nothing but zeros' "$CTRACE" trace -m "$big" w1 w2
	rm "$model/model.safetensors"
	hole "index of shards" model.safetensors.index.json 'expected at most' "$CTRACE" trace -m "$big" w1 w2
	cp "$golden/model.safetensors" "$model/model.safetensors"
fi

# What does not fit into the memory that there is, is refused with the numbers, before it is taken.
cat >"$tmp/recipe.yaml" <<'RECIPE'
name: huge
corpus:
  tables:
    pair: {columns: [name, next], rows: [[w1, w2], [w3, w4]]}
  sentences:
  - {name: s, over: pair, template: "w5 {pair} w6 {pair.next}", answer: pair.next}
model: {layers: 64, width: 4096, heads: 8, mlp: 16384}
train: {seed: 1, steps: 2, batch: 2, rate: 0.003}
transcoder: {features: 8, seed: 1, steps: 2, batch: 4, rate: 0.003, sparsity: 1}
RECIPE
ceiling "a model larger than the memory" 2 'needs [0-9]+ bytes, [0-9]+ are available' "$tmp/recipe.yaml" \
    "$CTRACE" train "$tmp/recipe.yaml" -o "$tmp/trained"
sed -i.old 's/layers: 64/layers: 4/' "$tmp/recipe.yaml"
if (ulimit -v 2000000) 2>/dev/null; then
	(
		ulimit -v 2000000
		run train "$tmp/recipe.yaml" -o "$tmp/trained"
		ok "a limit of the address space counts" one_error 'needs [0-9]+ bytes, 1?[0-9]{9} are available'
		exit $failed
	) || failed=1
fi

# Small files that unpack to 256 MB.
if command -v gzip >/dev/null 2>&1; then
	fresh
	mkdir -p "$big/features"
	head -c 268000000 /dev/zero | gzip -9 >"$big/features/index.json.gz"
	ceiling "cards that unpack to 256 MB" 0 . "$big/features/index.json.gz" "$CTRACE" trace -m "$big" w1 w2
	ok "and it is said" grep -q 'more than .* bytes when uncompressed' "$tmp/err"
fi

# words N: a prompt of so many.
words() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "w%d ", 1 + i % 30 }'
}

# A long prompt keeps no attention patterns, which would take 768 MB of this one.
fresh
sed -i 's/"max_position_embeddings": [0-9]*/"max_position_embeddings": 16777216/' "$big/config.json"
(ulimit -v 700000 && exec "$CTRACE" trace -m "$big" --max-feature-nodes 4 $(words 4000)) >"$tmp/out" 2>"$tmp/err" \
    </dev/null
ok "4000 tokens in 700 MB are traced" [ $? -eq 0 ]
ok "and add up" grep -q '^self-check' "$tmp/out"

# What cannot fit in any way is refused before anything is computed, with how many tokens would.
rm -rf "$big" && cp -r "$top/models/capitals" "$big" && chmod -R u+w "$big"
sed -i 's/"max_position_embeddings": [0-9]*/"max_position_embeddings": 16777216/' "$big/config.json"
(ulimit -v 700000 && exec "$CTRACE" trace -m "$big" $(words 90000 | sed 's/w[0-9]*/the/g')) >"$tmp/out" 2>"$tmp/err" \
    </dev/null
ok "90000 tokens in 700 MB are refused" [ $? -eq 2 ]
ok "with how many fit" grep -qE 'the prompt has 90001 tokens, which need .* enough for [0-9]+ tokens' "$tmp/err"
exit $failed
