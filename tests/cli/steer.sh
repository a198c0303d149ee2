#!/bin/sh
# ctrace steer on a small random model: what the clamp does, its JSON, and clamps that make no sense.
. "${srcdir:-.}/tests/cli/lib.sh"

run steer -m "$golden" --clamp L1#43@8=0 "$prompt"
ok "a clamp succeeds" [ "$status" = 0 ]
ok "the clamp is named" has '^clamp  L1#43@8=0'
ok "the mode is named" has '^mode   frozen, through the model$'
ok "before and after are shown" has '^w10 +30\.8%  w'
ok "the agreement is shown" has '^agreement .*(n [0-9]+)'

run steer -m "$golden" --clamp L1#43@8=0 --json - "$prompt"
for field in before after mode through clamps effects agreement; do
	ok "its JSON has '$field'" has "^ \"$field\":"
done
run steer -m "$golden" --clamp L1#43@8x1 "$prompt"
ok "a clamp to the original value changes no probability" sh -c "sed -n '/^before/,/^\$/p' '$tmp/out' |
    awk 'NR > 1 && NF && (\$1 != \$3 || \$2 != \$4) { exit 1 }'"

fails "a clamp that is none" "--clamp" steer -m "$golden" --clamp nonsense "$prompt"
fails "a layer that does not exist" "no layer 99" steer -m "$golden" --clamp L99#1@8=0 "$prompt"
fails "a feature that does not exist" "99999" steer -m "$golden" --clamp L1#99999@8=0 "$prompt"
fails "a position that does not exist" "no position 99" steer -m "$golden" --clamp L1#43@99=0 "$prompt"
fails "a mode that does not exist" "--mode" steer -m "$golden" --clamp L1#43@8=0 --mode loud "$prompt"
exit $failed
