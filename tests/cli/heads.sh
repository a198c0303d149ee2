#!/bin/sh
# ctrace heads on a small random model: the parts of an edge add up to what trace prints, layer by layer.
. "${srcdir:-.}/tests/cli/lib.sh"

# The columns of each layer's row, without the last, sum up to the last.
layers_add_up() {
	awk '/^layer/ { on = 1; next } on && NF == 5 { n++; d = $2 + $3 + $4 - $5; if (d > .002 || d < -.002) bad = 1 }
	    END { exit bad || !n }' "$tmp/out"
}

run trace -m "$golden" --top 1 --depth 2 "$prompt"
# "  label  L1#43@8 token   +2.374    4%": the first feature below the output.
row=$(grep -m 1 '^  [^ ].*L[0-9]*#[0-9]*@[0-9]' "$tmp/out")
node=$(printf '%s\n' "$row" | grep -o 'L[0-9]*#[0-9]*@[0-9]*')
edge=$(printf '%s\n' "$row" | grep -o ' [+-][0-9]*\.[0-9]*' | tr -d ' ')
run heads -m "$golden" --from "$node" "$prompt"
ok "an edge is split" [ "$status" = 0 ]
ok "it is the edge that trace shows ($edge)" has "^heads  that carried $node to output .*: $(printf %s "$edge" | sed 's/[+.]/\\&/g') in all"
ok "layer by layer its parts add up" layers_add_up
ok "and how closely is said" has '^check .* within [0-9.]*e-0[6-9]$'
run heads -m "$golden" --to "$node" "$prompt"
ok "all that reaches a node is split" has "^heads  that carried everything to $node: "
ok "its parts add up, too" layers_add_up
ok "each with its share" sh -c "grep -qE '^L[0-9]H[0-9] .*%  ' '$tmp/out' && ! grep -q '–\|too small' '$tmp/out'"
# The first leads over the second by only 0.05 logits: its parts are larger.
run heads -m "$golden" --target w10-w26 --to 'output "w10" - "w26"' "$prompt"
ok "of a lead that is too small there are no shares" sh -c "grep -qE '^L[0-9]H[0-9] .* –  ' '$tmp/out' &&
    ! grep -qE '^L[0-9]H[0-9] .*%' '$tmp/out'"
ok "and that is said once" [ "$(grep -c 'this lead is below 0.1 logits: too small for shares' "$tmp/out")" = 1 ]
run heads -m "$golden" --target w10-w26 --from @3 "$prompt"
ok "an edge into it is no lead" has '^L[0-9]H[0-9] .*%  '
run heads -m "$golden" --from @3 --top 2 "$prompt"
ok "so is what was written at a place" has '^heads  that carried all that was written at w[0-9]*@3 to output'
ok "--top says how many" has '^\.\.\. [0-9]+ more$'
run heads -m "$golden" "$prompt"
ok "the heads of a whole graph" has '^heads  of the pruned graph'
# "L1H3  23.1%  w7@7  w17@8": without --top every row that is shown matters.
ok "rows that carry next to nothing are left out" \
    awk '$2 ~ /%$/ && $3 ~ /@/ { n++; if ($2 + 0 < .1) bad = 1 } END { exit bad || !n }' "$tmp/out"
run heads -m "$golden" --from @3 --to @8 "$prompt"
ok "from one place to the graph's nodes at another" \
    has "^heads  that carried all that was written at w[0-9]*@3 to the pruned graph's nodes at w17@8: parts of"
ok "the heads are named" awk '$2 ~ /%$/ && $3 ~ /@/ { n++ } END { exit !n }' "$tmp/out"
run heads -m "$golden" --to @8 --json - "$prompt"
ok "its JSON names the place" has '^ "target_position": 8,'
ok "and no node" sh -c "! grep -q '^ \"target\":' '$tmp/out'"
fails "into several places" 'expected one position' heads -m "$golden" --to @3.. "$prompt"
run heads -m "$golden" --top 1000 "$prompt"
ok "unless rows are asked for" awk '$2 ~ /%$/ && $3 ~ /@/ && $2 + 0 < .1 { n++ } END { exit !n }' "$tmp/out"
run heads -m "$golden" --from @3 --json - "$prompt"
for field in ctrace_version format prompt prompt_ids position of target total source_position layers loads n_loads \
    max_residual; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
fails "a node that is none" 'no node "L0#47@1" in this graph' heads -m "$golden" --from L0#47@1 "$prompt"
fails "into a word" 'words and errors have no edges into them' heads -m "$golden" --to 'input "w10"@2' "$prompt"
fails "several places" 'expected one position' heads -m "$golden" --from @3.. "$prompt"
exit $failed
