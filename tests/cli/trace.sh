#!/bin/sh
# ctrace trace on a small random model whose graph is known: text, JSON, targets, and what cannot be traced.
. "${srcdir:-.}/tests/cli/lib.sh"

run trace -m "$golden" "$prompt"
ok "a trace succeeds" [ "$status" = 0 ]
ok "it writes no message" [ ! -s "$tmp/err" ]
ok "the last position is marked" has '^[^ ]+ w19 w10 w9 w7 w39 w16 w31 \[w17\]$'
ok "the likeliest token is named" has '^next  w10 30\.8%'
ok "the tree has features, with the tokens that they write for" has '^  +→ .*  L[0-9]+#[0-9]+@[0-9]+ w'
ok "words are one row" has '^  words \([0-9]\): w[0-9]+ [+-].* [+-][0-9.]+ +[0-9]+%$'
ok "and so are errors" has '^  errors \([0-9]+\) .*%$'
ok "and the tail" has '^  \.\.\. [0-9]+ more: \+[0-9.]+ -[0-9.]+$'
ok "where the target comes from is shown" has '^  comes from  words -?[0-9.]+  features -?[0-9.]+  errors -?[0-9.]+  \(by size'
# The rows of the first level and the bias are the target's value.
ok "the rows add up" sh -c "awk '/^output/ { value = \$3; sum = \$NF; on = 1; next } !on || /^  comes from/ { next } /^\$/ { exit }
    /^  \.\.\. / { sum += \$(NF - 1) + \$NF } /^  [^ .].*%/ { sub(/  \(see above\)/, \"\"); sum += \$(NF - 1) }
    END { d = value - sum; exit !(value != 0 && d < .02 && d > -.02) }' '$tmp/out'"
ok "the scores are those of the reference" has '^scores +replacement 0\.560  completeness 0\.858$'
cp "$tmp/out" "$tmp/plain"
ok "the graph is that of the reference" has '^graph +416 features,.*kept 62 nodes and 883 edges'
ok "the self-check is small" has '^self-check .*e-0[6-9].*e-0[6-9]$'

run trace -m "$golden" --at 3 "$prompt"
ok "another position can be explained" has '\[w9\] w7'
run trace -m "$golden" --target w3,w5 --depth 1 --top 2 "$prompt"
ok "named tokens can be targets" [ "$status" = 0 ]
run trace -m "$golden" --target "$(printf '%0600d' 0)-w3" "$prompt"
ok "a difference from a very long text" one_error 'is not a token of this model|expected'
run trace -m "$golden" --depth 1 --top 3 "$prompt"
ok "--top says how many" [ "$(grep -cE '^  (→|L)' "$tmp/out")" = 3 ]
run trace -m "$golden" --targets 2 "$prompt"
ok "--targets: the two likeliest, both shown" [ "$(grep -c '^output ' "$tmp/out")" = 2 ]
run trace -m "$golden" --target-prob .5 "$prompt"
ok "--target-prob: as many as reach it" has '^graph .* 2 targets,'
run trace -m "$golden" --targets 1 --target-prob 1 "$prompt"
ok "whichever comes first" has '^graph .* 1 target,'
fails "targets both named and chosen" "leave out --target" trace -m "$golden" --targets 2 --target w3 "$prompt"
run trace -m "$golden" --paths 4 "$prompt"
ok "--paths: the strongest from words" [ "$(grep -cE '^ +[0-9.]+% [+-]  w[0-9]+ > .*output "w10"$|^ +[0-9.]+% [+-]  <bos> > ' "$tmp/out")" = 4 ]
ok "and how much all of them are" has "^paths from words: all of them together are [0-9.]+% of the target's inputs$"
run trace -m "$golden" --paths 4 --json - "$prompt"
ok "as JSON: these alone" sh -c "tr -d '\n ' <'$tmp/out' | grep -q '\"prompt_ids\":.*\"all_paths\":0\.[0-9]*,\"listed\":.*\"sign\"'"
run trace -m "$golden" --groups "$prompt"
ok "--groups: what feeds what among groups and single nodes" has '^groups +[0-9]+ of [0-9]+ nodes; [0-9]+ nodes alone; together [0-9.]+% of'
ok "what is against it is counted" has '^ +left out: [0-9]+ nodes with [0-9.]+%, on balance against it$'
ok "the answer first" has '^output "w10"@8 +30.8%  probability$'
ok "below it what feeds it" [ "$(grep -cE '^  <- .* [+-][0-9.]+ +-?[0-9.]+%$' "$tmp/out")" -gt 5 ]
# Of each target the shares by size are 100 %, and so are the shares of the influence, within what rounding takes.
adds_up() {
	awk '/^groups /, /^$/ {
		n++
		if ($1 == "groups" || $1 == "left") {
			for (i = 1; i <= NF; i++) if ($i ~ /%,?$/) covered += $i
		} else if ($1 == "<-") {
			fed += $NF < 0 ? -$NF : $NF; rows++
		} else {
			if (rows && (fed > 100.5 || fed < 99.5)) bad = bad " inputs " fed
			parts += rows > 0; fed = rows = 0
			if (/probability|value/ || !NF) next
			match($0, /[0-9.]+%/); all += substr($0, RSTART, RLENGTH - 1)
		}
	} END {
		if (n && (covered < 99.8 || covered > 100.2)) bad = bad " covered " covered
		if (n && (all < 99.5 || all > 100.5)) bad = bad " influence " all
		if (bad || !n || !parts) { print "does not add up:" bad; exit 1 }
	}' "$tmp/out"
}
ok "and what is left, so that it adds up" adds_up
ok "with a row for it" has '^  <- the rest +[+-][0-9.]+ +[0-9.]+%$'
for target in w10-w19 L1#0@8; do
	run trace -m "$golden" --groups --target "$target" "$prompt"
	ok "towards $target, too" adds_up
	ok "which has a value, and no probability" has '^(output "w10" - "w19"@8|.*L1#0@8) +[+-][0-9.]+  value$'
done
run trace -m "$golden" --groups --json "$tmp/groups.json" "$prompt"
ok "as JSON: supernodes of two and more, and pins" \
    grep -qE '"pinnedIds":\["[^]]*"\],"supernodes":\[\["[^"]+"(,"[^"]+"){2,}\]' "$tmp/groups.json"
run export "$tmp/groups.json" --to dot --pinned
ok "which other programs and ctrace export read" [ "$status" = 0 ]
fails "paths and groups in one JSON" "leave out one" trace -m "$golden" --groups --paths 3 --json - "$prompt"
# The published picture of this prompt, grouped automatically: words, the state (where Dallas stands, carried to where
# the answer needs it), saying a capital, and the answer.
if [ -f "$top/models/capitals/model.safetensors" ]; then
	run trace -m "$top/models/capitals" --depth 1 "the capital of the state containing Dallas is"
	texas=$(sed -n 's/^  in Texas  \(L0#[0-9]*@7\) .*/\1/p' "$tmp/out")
	for clamp in '"Texas"@8x2' "$texas=2" '"Texas"@8x0'; do
		run trace -m "$top/models/capitals" --groups --clamp "$clamp" "the capital of the state containing Dallas is"
		ok "the clamped run $clamp adds up" adds_up
	done
	run trace -m "$top/models/capitals" --groups --clamp "$texas=2" "the capital of the state containing Dallas is"
	ok "what a clamp set is marked" has '^Texas @7 .*%  of all influence  1 of [2-9] set by hand$'
	run trace -m "$top/models/capitals" --groups --prune 0.9 --depth 1 --top 1 "the capital of the state containing Dallas is"
	boxes() {
		sed -n '/^groups /,/^$/{ s/^\([^ <].*[^ ]\)  *[0-9.]*%.*/\1/p; }' "$tmp/out" | grep -vE '^(groups|the rest)' |
		    sed -E 's/  L[0-9]+#.*//; s/ @[0-9]+$//; s/, answering//; s/^input "(.*)"@[0-9]+$/\1/' |
		    sed -E 's/^(in|bridge) //; s/ *$//' | LC_ALL=C sort | tr '\n' ';'
	}
	ok "capitals: six boxes, with the answer" \
	    [ "$(boxes)" = 'Dallas;Texas;capital;is;output "Austin"@8;say a capital;' ]
	echo "  $(boxes)"
fi

# The graph of a clamped run.
node=$(sed -n 's/^  .*\(L0#[0-9]*@[0-9]*\) .*/\1/p' "$tmp/plain" | head -n 1)
run trace -m "$golden" --clamp "$node=2.5" --depth 2 "$prompt"
ok "--clamp: the graph of that run adds up" has '^self-check .*e-0[6-9].*e-0[6-9]$'
ok "what was likely then" has '^then  w[0-9]+ [0-9.]+%'
ok "how it runs" has "^clamps  $node=2.5; frozen, through the model$"
ok "the node is set by hand, then and now" has "$node .* 2.50 .*%  set by hand$"
ok "what is gone" has '^gone  [0-9]+ features? of the graph without clamps$'
run trace -m "$golden" --clamp "$node=5" --max-feature-nodes 20 "$prompt"
ok "what the graph has no room for is active all the same" has '^  .*L1#0@8 w17 +4\.44 > 4\.61 '
run trace -m "$golden" --clamp "$node=2.5" --mode free --through replacement --json - "$prompt"
ok "as JSON: the clamps, then and now" grep -qE '"clamped":\{"mode":"free","through":"replacement","clamps":\[\{"layer":0,.*"then":\{"activation":.*"set":true' "$tmp/out"
cp "$tmp/out" "$tmp/clamped.json"
run export "$tmp/clamped.json" --to dot
ok "which ctrace export reads" [ "$status" = 0 ]
fails "no graph of a range" "a run with MLPs frozen only in layers 0-0 has no graph" trace -m "$golden" --clamp "$node=2" --mode range=0-0 "$prompt"
fails "a mode without clamps" "add --clamp SPEC" trace -m "$golden" --mode free "$prompt"
fails "clamps of a batch" "trace prompts one by one" trace -m "$golden" --clamp "$node=2" --batch "$tmp/out"

run trace -m "$golden" --prune 1,1 "$prompt"
ok "1,1 keeps every node" has 'kept 461 nodes'

run trace -m "$golden" --json - "$prompt"
ok "the graph as JSON is one line" [ "$(wc -l <"$tmp/out")" -eq 1 ]
cp "$tmp/out" "$tmp/graph.json"
ok "it says what feeds each target directly" grep -qE '"direct":\{"4_10_8":\{"net":\{"words":-?[0-9.]+,"features":-?[0-9.]+,"errors":' "$tmp/out"
run trace -m "$golden" --json "$tmp/file.json" "$prompt"
ok "the same goes to a file" cmp -s "$tmp/graph.json" "$tmp/file.json"
run export "$tmp/graph.json" --to json
ok "it is graph JSON" [ "$status" = 0 ]

# A transcoder as it is published: files in folders, listed by where they are on the hub.
plt=$top/tests/golden/gpt2-plt
mkdir -p "$tmp/published/layers"
cp "$plt"/transcoder/layer_*.safetensors "$tmp/published/layers"
listed() {
	cat "$plt/transcoder/config.yaml"
	echo transcoders:
	for l in 0 1 2; do
		echo "- \"hf://owner/name/$1/layer_$l.safetensors?revision=main\""
	done
}
listed layers >"$tmp/published/config.yaml"
run trace -m "$plt" "$prompt"
grep -v '^time' "$tmp/out" >"$tmp/plain"
run trace -m "$plt" --transcoder "$tmp/published" "$prompt"
grep -v '^time' "$tmp/out" >"$tmp/hub"
ok "a transcoder downloaded from the hub" cmp "$tmp/plain" "$tmp/hub"
listed nowhere >"$tmp/published/config.yaml"
fails "one that was not" "no nowhere/layer_0.safetensors, .*hf download owner/name nowhere/layer_0.safetensors" trace -m "$plt" --transcoder "$tmp/published" "$prompt"
# OpenBLAS would hang at its start, where nothing can run before it; sanitizers need far more than any such limit.
if [ -z "$valgrind" ] && grep -q '^#define PREINIT_ARRAY' config.h && ! nm "$CTRACE" 2>/dev/null | grep -q __asan; then
	(ulimit -v 150000 && timeout "$limit" "$CTRACE" trace -m "$golden" w1) >"$tmp/out" 2>"$tmp/err"
	status=$?
	ok "too little address space is said at once" one_error "MB of address space, and ulimit -v allows 146"
fi
fails "an empty prompt" . trace -m "$golden" ""
fails "an unknown word, with near ones" "\"w99\".*w9" trace -m "$golden" "w1 w99 w2"
fails "a prompt longer than the context" . trace -m "$golden" "$(yes w1 | head -n 5000 | tr '\n' ' ')"
fails "no such model" nothere trace -m nothere x
fails "no such position" . trace -m "$golden" --at 99 "$prompt"
fails "no such target" . trace -m "$golden" --target zzz "$prompt"
fails "a share above 1" "--prune" trace -m "$golden" --prune 3 "$prompt"
fails "a directory that cannot be written" nothere trace -m "$golden" --json "$tmp/nothere/x" "$prompt"
mkdir "$tmp/broken"
fails "an empty model directory" "config.json" trace -m "$tmp/broken" x
cp "$golden"/*.json "$golden"/*.safetensors "$tmp/broken"
head -c 1000 "$golden/model.safetensors" >"$tmp/broken/model.safetensors"
fails "a model cut short" "model.safetensors" trace -m "$tmp/broken" x
# The last weight of the file, which is the unembedding of the last token, becomes NaN.
cp "$golden/model.safetensors" "$tmp/broken/model.safetensors"
chmod u+w "$tmp/broken/model.safetensors"
size=$(($(wc -c <"$tmp/broken/model.safetensors")))
printf '\000\000\300\177' | dd of="$tmp/broken/model.safetensors" bs=1 seek=$((size - 4)) conv=notrunc 2>/dev/null
cp -R "$golden/transcoder" "$tmp/broken"
fails "weights that are NaN" "is nan.*--allow-nonfinite" trace -m "$tmp/broken" "$prompt"
run trace --allow-nonfinite -m "$tmp/broken" "$prompt"
ok "they are read when asked for" [ "$status" = 1 ]
ok "and the graph is not trusted" grep -q 'self-check failed' "$tmp/err"
fails "a difference of a token from itself" "the difference of .w10. from itself is 0" trace -m "$golden" --target w10-w10 "$prompt"
# What has no node is a row of its own, so that the rows and the bias are the value.
adds_up() {
	awk '/^output/ { if (seen++) exit; value = $3; bias = $5; next }
	    seen && /^  comes from/ { next }
	    seen && /^$/ { exit }
	    seen && /^  / { w = $NF ~ /%$/ ? $(NF - 1) : $NF; sum += w; left += /left out of the graph/ }
	    END { d = sum + bias - value; exit !(left == 1 && d < 0.005 && d > -0.005) }' "$tmp/out"
}
run trace -m "$golden" --max-feature-nodes 3 --top 100 --depth 1 "$prompt"
ok "features left out of the graph: the rows add up" adds_up
# A guess is shown if it fits a little (F1 .25); a worse one says less than the tokens that the feature writes.
f1_of() {
	"$CTRACE" features -m "$top/models/rhymes" "$1" | sed -n '1s/.*(F1 \([0-9.]*\)).*/\1/p'
}
shown_as() {
	sed -n "s/.*$1 .*  \(L[0-9]*#[0-9]*\)@.*/\1/p" "$tmp/out" | sort -u
}
guesses_fit() {
	[ -n "$(shown_as ≈)" ] && [ -n "$(shown_as →)" ] || return 1
	for feature in $(shown_as ≈); do f1_of "$feature" | awk '{ exit !($1 >= .25 && $1 < .5) }' || return 1; done
	for feature in $(shown_as →); do f1_of "$feature" | awk '{ exit !($1 < .25) }' || return 1; done
}
if [ -f "$top/models/rhymes/model.safetensors" ]; then
	run trace -m "$top/models/rhymes" --top 12 "I dreamed of home beside the moon / so shiny was the"
	ok "labels that fit badly give way to tokens" guesses_fit
fi
exit $failed
