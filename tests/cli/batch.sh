#!/bin/sh
# ctrace trace --batch: a line for each prompt in order, parts of it, going on after an interruption, prompts that fail.
. "${srcdir:-.}/tests/cli/lib.sh"

printf '# a comment\nw19 w10 w9\n\n  \nw7 w39 w16 w31\r\nw19 nothere w9\nw10 w9 w7\nw5 w6' >"$tmp/prompts"
batch="trace -m $golden --batch $tmp/prompts"

run $batch
ok "a prompt that fails makes the exit status 1" [ "$status" = 1 ]
ok "and one message" [ "$(cat "$tmp/err")" = "ctrace: 1 of 5 prompts failed: their lines say why" ]
cp "$tmp/out" "$tmp/whole"
ok "each prompt has a line, with its number" [ "$(sed 's/^{"ctrace_version":"[^"]*","format":2,"line":\([0-9]*\),.*/\1/' "$tmp/whole" | tr '\n' ' ')" = "2 5 6 7 8 " ]
ok "a failing one says why" sh -c "sed -n 3p '$tmp/whole' | grep -q '\"prompt\":\"w19 nothere w9\",.*\"error\":\"unknown word'"
ok "the others have a graph" [ "$(grep -c '"targets":\[{"token":.*"nodes":\[{"kind":.*"edges":\[\[' "$tmp/whole")" = 4 ]
run trace -m "$golden" --batch - <"$tmp/prompts"
ok "standard input gives the same" cmp -s "$tmp/out" "$tmp/whole"
mkfifo "$tmp/in" "$tmp/lines"
cat "$tmp/prompts" >"$tmp/in" &
run trace -m "$golden" --batch "$tmp/in"
wait
ok "and so does a pipe" cmp -s "$tmp/out" "$tmp/whole"
cat "$tmp/lines" >"$tmp/through" &
run $batch --json "$tmp/lines"
wait
ok "the lines may go to a pipe, too" cmp -s "$tmp/through" "$tmp/whole"
{ printf '\357\273\277'; cat "$tmp/prompts"; } >"$tmp/marked"
run trace -m "$golden" --batch "$tmp/marked"
ok "a byte order mark is no part of the first prompt" cmp -s "$tmp/out" "$tmp/whole"
printf '\357\273\277w7 w39' | "$CTRACE" trace -m "$golden" --batch - >"$tmp/out"
ok "not of standard input's either" has '"prompt":"w7 w39"'

# The parts, put together by the numbers of their lines, are the whole.
for i in 1 2 3; do
	run $batch --shard $i/3
	cat "$tmp/out" >>"$tmp/parts"
done
sort -t : -k 2n "$tmp/parts" >"$tmp/sorted"
ok "the parts make up the whole" cmp -s "$tmp/sorted" "$tmp/whole"
run $batch --shard 3/9
ok "a part with a failing prompt does not succeed" [ "$status" = 1 ]
run $batch --shard 9/9
ok "a part may be empty" [ "$status" = 0 -a ! -s "$tmp/out" ]

# Cut off anywhere, it goes on to the same bytes.
size=$(wc -c <"$tmp/whole")
for cut in 0 1 100 $((size / 3)) $((size / 2)) $((size - 1)) "$size"; do
	head -c "$cut" "$tmp/whole" >"$tmp/resumed"
	run $batch --json "$tmp/resumed"
	ok "cut off at byte $cut" cmp -s "$tmp/resumed" "$tmp/whole"
	ok "and still counts what failed" [ "$status" = 1 ]
done
cp "$tmp/resumed" "$tmp/before"
fails "other settings" "resumed:1: has another prompt or other settings than line 2 of .*prompts" \
    $batch --prune .5 --json "$tmp/resumed"
printf 'w5 w6\n' >"$tmp/short"
fails "other prompts" "resumed:1: has another prompt" trace -m "$golden" --batch "$tmp/short" --json "$tmp/resumed"
ok "leave the file as it was" cmp -s "$tmp/resumed" "$tmp/before"
# One more byte in the last weight file makes it another training, under the same name.
cp -R "$golden" "$tmp/llama-clt"
file=$(find "$tmp/llama-clt/transcoder" -name '*.safetensors' | sort | tail -n 1)
printf '\277' | dd of="$file" bs=1 seek=$(($(wc -c <"$file") - 1)) conv=notrunc 2>/dev/null
fails "a model trained anew" "resumed:1: this line was made with another model, transcoder or tokenizer than the present one; write to another file" \
    trace -m "$tmp/llama-clt" --batch "$tmp/prompts" --json "$tmp/resumed"
ok "leaves the file as it was, too" cmp -s "$tmp/resumed" "$tmp/before"
"$CTRACE" trace -m "$tmp/llama-clt" --batch "$tmp/short" --json "$tmp/anew" 2>/dev/null
fails "both added up" "anew:1: this line was made with other weights than the first one" \
    aggregate "$tmp/resumed" "$tmp/anew"
echo 'hello' >"$tmp/text"
fails "a file of something else" "text:1: this is not a line of a batch" $batch --json "$tmp/text"
ok "is left as it was" [ "$(cat "$tmp/text")" = hello ]

fails "a directory as the output" "is a directory|Is a directory" $batch --json "$tmp"

fails "a batch and a prompt" "leave out the prompt" $batch w5
fails "a part of nothing" "name the prompts with --batch" trace -m "$golden" --shard 1/2 w5
for shard in 0/2 3/2 1/0 2 1/2x -1/2; do
	fails "--shard $shard" "expected I/N with I from 1 to N" $batch --shard=$shard
done
printf '#\n\n' >"$tmp/none"
fails "no prompt at all" "none: no prompt: expected one on each line" trace -m "$golden" --batch "$tmp/none"
fails "a file that is missing" "nothere" trace -m "$golden" --batch "$tmp/nothere"
printf 'w5\0w6\n' >"$tmp/nul"
fails "a NUL byte" "nul:1: expected text, found a NUL byte" trace -m "$golden" --batch "$tmp/nul"
exit $failed
