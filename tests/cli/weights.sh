#!/bin/sh
# ctrace features --weights on a small random model, with a corpus and without one.
. "${srcdir:-.}/tests/cli/lib.sh"

run features -m "$golden" --weights L1#43
ok "a feature's weights are shown" [ "$status" = 0 ]
ok "words that it reads, in standard deviations" has '^reads   w?[^ ]+ [0-9.]+  '
ok "tokens that it writes" has '^writes  w?[^ ]+ [0-9.]+  '
ok "weights from lower features" has '^ +[+-][0-9.]+ +L0#[0-9]+$'
ok "and to higher ones" has '^ +[+-][0-9.]+ +L2#[0-9]+$'
has_no_share() {
	! grep -q '%' "$tmp/out"
}
ok "there is no corpus, so nothing is said of being active together" has_no_share
ok "what is left out is said" has '^at one token, through the residual stream; left out: attention'
run features -m "$golden" --weights L0#0 L2#1 --json -
for field in ctrace_version format model features; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
for field in feature label active_tokens reads writes from to mean norm_scales; do
	ok "each feature has '$field'" has "^   \"$field\":"
done
ok "without a corpus nobody knows on how many tokens" has '^   "active_tokens": null,$'
ok "nothing lies below layer 0" has '^   "from": \[\],?$'
ok "and nothing above the last" has '^   "to": \[\],?$'
fails "a feature that is none" 'no feature L9#0' features -m "$golden" --weights L9#0
fails "words of no label" "no feature 'Texas'" features -m "$golden" --weights Texas
fails "pictures" '--ascii draws the pictures of cards, and --weights shows none' features -m "$golden" --weights --ascii L1#43
fails "no feature" '--weights needs the features to show' features -m "$golden" --weights
cp -R "$golden" "$tmp/broken"
echo 'corpus: {generator: nonsense}' >"$tmp/broken/recipe.yaml"
fails "a corpus that cannot be read" 'recipe.yaml:1: no generator is called "nonsense"' \
    features -m "$tmp/broken" --weights L1#43
# With a corpus: where no norm lies between features, the mean adds up. (Under valgrind the corpus takes too long.)
if [ -z "$valgrind" ] && [ -f "$top/models/capitals/model.safetensors" ]; then
	run features -m "$top/models/capitals" --weights L1#0 L1#1 L1#2 L1#3
	ok "the corpus says where features are active together" has '^ +[+-][0-9.]+ +[+-][0-9.]+ +[0-9.]+%  '
	ok "the mean adds up" awk '/^where it is active/ { gsub(/,/, ""); n++
	    d = $5 - $9 - $12 - $14 - $17; if (d > .003 || d < -.003) bad = 1 } END { exit bad || !n }' "$tmp/out"
fi
exit $failed
