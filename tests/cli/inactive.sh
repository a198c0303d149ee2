#!/bin/sh
# ctrace inactive on a small random model: what is listed is not in the graph, and a trace of it adds up to its h.
. "${srcdir:-.}/tests/cli/lib.sh"

run inactive -m "$golden" "$prompt"
ok "inactive features are found" [ "$status" = 0 ]
ok "how many of how many is said" has '^not active at all positions: the 256 nearest of [0-9]+, by what they would add to output "w10"$'
ok "and how closely the sums hold" has '^check  edges \+ bias = h within [0-9.]*e-0[6-9]$'
node=$(sed -n 's/^.*\(L[0-9]*#[0-9]*@[0-9]*\)  .*/\1/p' "$tmp/out" | head -n 1)
h=$(sed -n "s/^.*$node *\([+-][0-9.]*\) .*/\1/p" "$tmp/out" | head -n 1)
run trace -m "$golden" --target "$node" "$prompt"
ok "traced as a target it has the same value ($h)" sh -c "awk -v h='$h' '\$1 == \"$node\" { d = \$0; sub(/^.* ([+-])/, \"\", d) }
    / bias [-+]/ && !done { done = 1; for (i = 1; i <= NF; i++) if (\$i == \"bias\") { d = \$(i - 1) - h; exit d > .006 || d < -.006 } }
    END { exit !done }' '$tmp/out'"
run inactive -m "$golden" --pos 3 --top 2 "$prompt"
ok "at one position" has '^not active at w[0-9]+@3: '
ok "--top says how many" has '^\.\.\. [0-9]+ more$'
run inactive -m "$golden" --json - "$prompt"
for field in ctrace_version format prompt prompt_ids target position total looked_at features max_residual; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
run inactive -m "$golden" --top 3 --json - "$prompt"
cp "$tmp/out" "$tmp/alone"
run trace -m "$golden" --inactive 3 --json - "$prompt"
ok "trace --inactive writes the same" cmp -s "$tmp/alone" "$tmp/out"
run inactive -m "$golden" --top 3 "$prompt"
sed '1,2d' "$tmp/out" >"$tmp/alone"
run trace -m "$golden" --inactive 3 "$prompt"
ok "and shows them below the tree" sh -c "grep -q '^self-check' '$tmp/out' && sed -n '/^not active/,\$p' '$tmp/out' | cmp -s - '$tmp/alone'"
fails "with a graph in one JSON" "leave out one" trace -m "$golden" --inactive 3 --qk --json - "$prompt"
fails "BOS has no features" 'position 0: expected one from 1' inactive -m "$golden" --pos 0 "$prompt"
fails "into a word" 'words and errors have no edges into them' inactive -m "$golden" --to 'input "w10"@2' "$prompt"
exit $failed
