#!/bin/sh
# ctrace steer on a small random model: what the clamp does, its JSON, and clamps that make no sense.
. "${srcdir:-.}/tests/cli/lib.sh"

run steer -m "$golden" --clamp L1#43@8=0 "$prompt"
ok "a clamp succeeds" [ "$status" = 0 ]
ok "the clamp is named" has '^clamp  L1#43@8=0'
ok "the mode is named" has '^mode   frozen, through the model$'
ok "before and after are shown" has '^w10 +30\.8%  w'
ok "the agreement is shown" has '^agreement .*(n [0-9]+)'

run steer -m "$golden" --clamp L2#44@8x0 "$prompt"
ok "of a last layer, which has no knock-on effects, no agreement is given" has '^agreement .* all alike \(n [0-9]+\)$'
few="-m $golden --basis neurons --k 6 --target w27 --clamp L0#16@3=0"
# shellcheck disable=SC2086
run steer $few "w19 w10 w9"
ok "nor of so few that they could agree by chance" has '^agreement .* too few to rank \(n 4\)$'
# shellcheck disable=SC2086
run steer $few --json - "w19 w10 w9"
ok "which JSON has" has '^  "spearman": -?[01]\.[0-9]+,$'

run steer -m "$golden" --clamp L1#43@8=0 --json - "$prompt"
for field in before after mode through clamps effects agreement; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
run steer -m "$golden" --clamp L1#43@8x1 "$prompt"
ok "a clamp to the original value changes no probability" sh -c "sed -n '/^before/,/^\$/p' '$tmp/out' |
    awk 'NR > 1 && NF && (\$1 != \$3 || \$2 != \$4) { exit 1 }'"

run steer -m "$golden" --clamp L1#43@8x0 "$prompt"
ok "unit and scope are named" has '^clamp  L1#43@8x0  0 times the activation at position 8, where it was 13\.17$'
ok "frozen stands beside free" has '^output "w10" +-2\.553 +-?[0-9.+-]+ +[+-][0-9.]+$'
ok "the share of attention patterns is shown" has '^[0-9]+% of the effect on targets goes through attention'
run steer -m "$golden" --clamp L1#43@8x0 --clamp L1#43@*=2 "$prompt"
ok "of contradictory clamps the last one counts, and it is said" has \
    '^clamp  L1#43@8x0 .*; replaced at 1 position by a later clamp$'
run steer -m "$golden" --clamp L1#43,L0#3@8..+1.5 "$prompt"
ok "members of a group have one strength" has '^clamp  L1#43@8\.\.\+1\.5  activation \+1\.5 from position 8 on$'
ok "each of them" has '^clamp  L0#3@8\.\.\+1\.5'
run steer -m "$golden" --clamp L1#43@8x0 --mode direct "$prompt"
ok "direct mode is checked against the edges" has '^self-check  .* within [0-9.]+e-0[6-9]$'
run steer -m "$golden" --clamp L1#43@8x0 --mode range=0-2 "$prompt"
ok "a range over all layers, too" has '^self-check  .* within [0-9.]+e-0[6-9]$'
run steer -m "$golden" --clamp L1#43@8x0 --through replacement "$prompt"
ok "what carries the effect is named" has '^mode   frozen, through the replacement$'

run steer -m "$golden" --group 'late one=L2#5@8, L2#10@8' --group 'early=L0#17@4,input "w9"@3' --clamp '"late one"x0' "$prompt"
ok "a supernode is clamped, each of its features" [ "$(grep -cE '^clamp  L2#(5|10)@8x0' "$tmp/out")" = 2 ]
ok "what is left of it is shown" has '^late one  2 nodes +14\.3[67][0-9] +0%$'
ok "and of the others" has '^early  2 nodes +4\.38[0-9] +100%$'
run steer -m "$golden" --group 'late one=L2#5@8,L2#10@8' --clamp '"late one"x0' --sweep -2:2:9 --json - "$prompt"
ok "its JSON has the supernodes" has '^ "supernodes": \['
ok "with what is left" has '"level": 0'
ok "and of each clamp the one it belongs to" [ "$(grep -c '"supernode": "late one"' "$tmp/out")" = 2 ]
run steer -m "$golden" --clamp L1#43@8x0 --at 5 --target w9 "$prompt"
ok "effects may be on another target, at another position" has '^output "w9" '
ok "which is marked in the prompt" has ' \[w39\] '

run steer -m "$golden" --clamp L1#43@8x0 --json "$tmp/with" "$prompt"
run steer -m "$golden" --clamp L1#43@8x0 --no-predict --json "$tmp/without" "$prompt"
ok "--no-predict succeeds" [ "$status" = 0 ]
observed() {
	grep -E '"(node|before|after|observed|logit|prob)":' "$1"
}
ok "and observes the same" [ -n "$(observed "$tmp/with")" ] && [ "$(observed "$tmp/with")" = "$(observed "$tmp/without")" ]
ok "without predictions" sh -c "! grep -qE '\"predicted_(direct|total)\": [^n]|\"contrast\"' '$tmp/without'"
run steer -m "$golden" --clamp L1#43@8x0 --no-predict "$prompt"
ok "and shows none" sh -c "! grep -qE 'direct|total|agreement' '$tmp/out'"

LC_ALL=C; export LC_ALL
run steer -m "$golden" --clamp L1#43@8x0 --sweep -2:2:9 "$prompt"
ok "a sweep succeeds" [ "$status" = 0 ]
ok "its unit is that of the clamp" has '^sweep  x-2 to x2 in 9 steps; probabilities of the next token, in tenths$'
ok "one digit for each strength" has '^  w10 +[0-9]{9} +[0-9.]+% to +[0-9.]+%$'
ok "rows for the mode and each end layer" sh -c "[ \$(grep -cE '^mode frozen$|^MLPs frozen up to layer [12]$' '$tmp/out') = 3 ]"
ok "where the answer flips" has '^  from x[0-9.-]+ on the answer is w[0-9]+, no longer w[0-9]+$'
run steer -m "$golden" --clamp L1#43@8x0 --sweep -2:2:9 --json - "$prompt"
for field in sweep contrast clamp_details max_direct_error; do
	ok "the JSON has '$field'" has "^ \"$field\":"
done
LC_ALL=C.UTF-8
run steer -m "$golden" --clamp L1#43@8x0 --sweep 0:1:4 "$prompt"
ok "blocks where they can be shown" has '^  w10 +[▁▂▃▄▅▆▇█]+ '

generated() {
	sed -n "s/^$1 clamps *//p" "$tmp/out"
}
run steer -m "$golden" --clamp L1#43@8..=9 --generate 5 "$prompt"
greedy=$(generated with)
ok "generated text with and without clamps" [ "$(generated without | wc -w)" = 5 ]
run steer -m "$golden" --clamp L1#43@8..=9 --generate 99 "$prompt"
ok "what the context has no room for is said" grep -q \
    '^ctrace: --generate 99: wrote 16 tokens: the prompt has 9 and the model.s context holds 24$' "$tmp/err"
ok "it is less than was asked for" [ "$status" = 1 ]
ok "but it is shown" [ "$(generated with | wc -w)" = 16 ]
run steer -m "$golden" --clamp L1#43@8=0 --generate 2 --json - "$prompt"
ok "generated text has its ids beside it" sh -c "tr -d '\n ' <'$tmp/out' |
    grep -q '\"generated\":{\"asked\":2,\"before\":\"w[0-9]*w[0-9]*\",\"before_ids\":\[[0-9]*,[0-9]*\],'"
ok "and so has the prompt" sh -c "tr -d '\n ' <'$tmp/out' | grep -q '\"prompt_ids\":\[0,19,10,9,7,39,16,31,17\]'"
fails "a temperature without tokens to draw" "--temperature .*--generate N" \
    steer -m "$golden" --clamp L1#43@8=0 --temperature .5 "$prompt"
fails "a seed without tokens to draw" "--seed .*--generate N" steer -m "$golden" --clamp L1#43@8=0 --seed 1 "$prompt"
fails "a seed where nothing is drawn" "--seed: nothing is drawn at temperature 0" \
    steer -m "$golden" --clamp L1#43@8=0 --generate 2 --seed 1 "$prompt"
run steer -m "$golden" --clamp L1#43@8..=9 --generate 5 --temperature 3 --seed 1 "$prompt"
one=$(generated with)
run steer -m "$golden" --clamp L1#43@8..=9 --generate 5 --temperature 3 --seed 1 "$prompt"
ok "the same seed draws the same text" [ "$(generated with)" = "$one" ]
ok "not the likeliest one" [ "$one" != "$greedy" ]
run steer -m "$golden" --clamp L1#43@8..=9 --generate 5 --temperature 3 --seed 2 "$prompt"
ok "another seed draws another" [ "$(generated with)" != "$one" ]

fails "a clamp on an error" "only features can be clamped" steer -m "$golden" --clamp "error L1@8=0" "$prompt"
fails "a clamp on an input" "only features can be clamped" steer -m "$golden" --clamp 'input "w9"@3x0' "$prompt"
fails "a range of places" 'unexpected text after the place' steer -m "$golden" --clamp L1#43@8..9=0 "$prompt"
run steer -m "$golden" --clamp L1#43@8=0 --clamp L1#43@8=2 "$prompt"
ok "one feature, clamped twice, is one" grep -q '^reach  1 feature at 1 place' "$tmp/out"
fails "a strength that is no number" "strength is missing or not a number" steer -m "$golden" --clamp L1#43@8=1e "$prompt"
fails "a range outside the model" "no layer range 1-7.*0 to 2" steer -m "$golden" --clamp L1#43@8=0 --mode range=1-7 "$prompt"
fails "a strength that is too much" "L1#43@8=1e\+39 is more than a float holds" steer -m "$golden" --clamp L1#43@8=1e39 "$prompt"
run steer -m "$golden" --clamp L1#43@w17x0 --clamp L2#0,L2#1@20..=3 "$prompt"
ok "a clamp that reaches nothing is said" grep -q '^ctrace: --clamp L2#0,L2#1@20\.\.=3: reaches nothing in this prompt' "$tmp/err"
ok "and is less than was asked for" [ "$status" = 1 ]
ok "how far the others reach is shown" has '^reach  3 features at 1 place, 1 of 1 active$'
fails "a place that is no token of the prompt" '@w18: the prompt has no such token' \
    steer -m "$golden" --clamp L1#43@w18x0 "$prompt"
fails "a label that nobody has" 'no feature has a label that fits "Texas"' steer -m "$golden" --clamp '"Texas"*@8x0' "$prompt"
fails "a supernode that is none" '--group: expected NAME=NODE' steer -m "$golden" --group Texas --clamp L1#43@8=0 "$prompt"
fails "a supernode without a name" '--group: a supernode needs a name' steer -m "$golden" --group =L1#43@8 --clamp L1#43@8=0 "$prompt"
fails "a member that is no node" '--group: no layer 9' steer -m "$golden" --group a=L9#1@8 --clamp '"a"x0' "$prompt"
fails "a supernode without features" 'has no feature: only features' steer -m "$golden" --group 'a=error L1@8' --clamp '"a"x0' "$prompt"
fails "a sweep that is none" "--sweep: expected FROM:TO:STEPS" steer -m "$golden" --clamp L1#43@8=0 --sweep 1:2 "$prompt"
fails "a sweep of one step" "--sweep STEPS" steer -m "$golden" --clamp L1#43@8=0 --sweep 1:2:1 "$prompt"
fails "a sweep of different units" "one unit" steer -m "$golden" --clamp L1#43@8=0 --clamp L0#3@8x2 \
    --sweep 1:2:3 "$prompt"
fails "a clamp that is none" "--clamp" steer -m "$golden" --clamp nonsense "$prompt"
fails "a layer that does not exist" "no layer 99" steer -m "$golden" --clamp L99#1@8=0 "$prompt"
fails "a feature that does not exist" "99999" steer -m "$golden" --clamp L1#99999@8=0 "$prompt"
fails "a position that does not exist" "no position 99" steer -m "$golden" --clamp L1#43@99=0 "$prompt"
fails "a mode that does not exist" "--mode" steer -m "$golden" --clamp L1#43@8=0 --mode loud "$prompt"
exit $failed
