#!/bin/sh
# Sessions: what is kept comes back, byte by byte; mistakes in a file are named; two programs do not disturb each other.
. "${srcdir:-.}/tests/cli/lib.sh"
kept=$XDG_STATE_HOME/ctrace/sessions

# play COMMAND...: runs the commands as a script; $options are the program's.
options=
play() {
	# shellcheck disable=SC2086
	printf '%s\n' "$@" |
	    timeout "$limit" "$CTRACE_TUI" -m "$golden" --headless 80x24 --script - $options >"$tmp/out" 2>"$tmp/err"
	status=$?
}
# lines COMMAND...: the same in lines, as a person would type them, where work is kept as it is done.
lines() {
	# shellcheck disable=SC2086
	printf '%s\n' "$@" | timeout "$limit" "$CTRACE_TUI" --linear $options >"$tmp/out" 2>"$tmp/err"
	status=$?
}
# says NAME PATTERN: the last line of the screen, or a message on standard error, matches.
says() {
	ok "$1" sh -c "tail -n 1 '$tmp/out' | cat - '$tmp/err' | grep -qE -- '$2' || { cat '$tmp/out' '$tmp/err'; false; }"
}
# in_file NAME FILE LINE: the file has this line.
in_file() {
	ok "$1" sh -c 'grep -qxF -- "$2" "$1" || { cat "$1"; false; }' - "$2" "$3"
}

# Random keys and commands, then: saved, loaded and saved again the file is the same.
monkey() {
	awk -v seed="$1" -v n=60 -v prompt="$prompt" '
	BEGIN {
		srand(seed)
		named = split("Enter Tab Esc Up Down Left Right PageUp PageDown Home End Space Down Down Enter Enter " \
		    "+ - Tab x o O [ ] a A G w 3 4 5 6 m 1", key, " ")
		typed = split("at 3|mode free|prune .3|target w2-w9|target w2,w3|edges share|view map|expand all|" \
		    "attribute L1#3@5|clamp L1#43@8x2; off L0#3@*=1|clamp L1#43@*=4|note on here: x y|note all of it|pin|group a|keep a|unclamp all|keep b|filter L2|" \
		    "filter *|prompt w1 w2 w3 w4|branch|search w1|select L1#43@8|switch 1|recall a", text, "|")
		print "prompt " prompt
		for (i = 0; i < n; i++)
			if (rand() < .75)
				print "key " key[1 + int(rand() * named)]
			else
				print "key Esc\nkey :\ntype " text[1 + int(rand() * typed)] "\nkey Enter\nkey Esc"
		print "key Esc\nsave a\nload a\nsave b\nload b\nsave c"
	}'
}
for seed in ${SESSION_SEEDS:-1 2 3 4 5 6 7 8 9 10 11 12}; do
	rm -rf "$kept"
	play "$(monkey "$seed")"
	ok "random work $seed comes back" sh -c "[ $status = 0 ] && cmp '$kept/a.session' '$kept/b.session' &&
	    cmp '$kept/b.session' '$kept/c.session' || { cat '$tmp/err'; diff '$kept/a.session' '$kept/b.session'; false; }"
done

# Every kind of state, and its screen.
play "prompt $prompt" "prune .7" "target w2-w9" "clamp L1#43@8x2; off L0#3@5=1.5" "keep both" "mode free" \
    "edges share" "branch 3 output \"w2\" - \"w9\" > L1#43@8" "save whole" "screen"
sed '$d' "$tmp/out" >"$tmp/before"
play 'load whole' screen
sed '$d' "$tmp/out" >"$tmp/after"
ok "the screen of a session comes back" cmp "$tmp/before" "$tmp/after"
says "and it says so" '^ whole: as you left it'
"$CTRACE_TUI" -m "$golden" --headless 80x24 --script "$kept/whole.session" >"$tmp/out" 2>"$tmp/err"
ok "a session is a script" [ $? = 0 ]
play 'load whole' undo
says "there is nothing to undo after loading" 'nothing to undo'
play "prompt $prompt" 'note on Mars: x'
says "a note on nothing" 'note: expected on L1#249:.*; found "Mars"'
play "prompt $prompt" 'note on the whole' 'note on L1#43@8: a feature' 'note on input "w9"@3: a word: this' \
    'note on output "w10": its answer' 'note on error L1@8: rest' 'note on L1#43:  changed ' 'note on error L1@8:' \
    'save notes' 'load notes' 'save notes again'
in_file "notes: the session's" "$kept/notes again.session" 'note on session: on the whole'
in_file "notes: a feature's" "$kept/notes again.session" 'note on L1#43: changed'
in_file "notes: a word's" "$kept/notes again.session" 'note on input "w9"@3: a word: this'
ok "notes: none other" [ "$(grep -c ^note "$kept/notes again.session")" = 4 ]
ok "notes come back" cmp "$kept/notes.session" "$kept/notes again.session"
play 'prompt-text " w1  \x77\x32\n\tw3 "' 'save blanks' 'load blanks' 'save again'
in_file "blanks of a prompt are kept" "$kept/again.session" 'prompt-text " w1  w2\n\tw3 "'

# Views come back with what they were asked.
for ask in 'paths 3' 'heads @3 to L1#43@8' 'heads all' 'inactive @3' 'view inactive' 'weights L1#43@8' 'weights L2#7@3' 'view boxes' 'view paths' \
    "compare w19 w10 w9 w7 w39 w16 w30 w17" 'clamp L0#17@4=3\ntrace clamped' 'clamp L0#17@4=3\ncompare clamped'; do
	play "prompt $prompt" 'pin output "w10", L1#43@8' "$(printf '%b' "$ask")" 'save seen!' screen
	sed '$d' "$tmp/out" >"$tmp/before"
	play 'load seen' screen
	sed '$d' "$tmp/out" >"$tmp/after"
	ok "a session restores: $ask" sh -c "sed -i -e '23,24d' '$tmp/before' '$tmp/after'; grep -q '[a-z]' '$tmp/before' && cmp '$tmp/before' '$tmp/after' ||
	    { diff '$tmp/before' '$tmp/after'; cat '$tmp/err'; false; }"
done

# Numbers are kept as they were typed, however the screen shows them.
play "prompt $prompt" 'clamp L1#43@8=1.64875174; L2#5@8-0.1234567890123456' 'save exact' 'load exact' 'save again!'
in_file "numbers are kept" "$kept/again.session" 'clamp L1#43@8=1.64875174; L2#5@8-0.1234567890123456'
play "prompt $prompt" 'prune 1,0.98' 'save all' 'load all' 'save again!'
in_file "all nodes with fewer edges are kept so" "$kept/again.session" 'prune 1,0.98'

# A graph from a file: what is added to it is kept in a session, also what is taken out.
graph=$(cd "$top" && pwd)/tests/graphs/reference.json
options="--graph $graph"
lines 'key p' 'note on here: the answer' 'key p j p' 'prune .6' 'save of a graph' quit
in_file "a graph's session names its file" "$kept/of a graph.session" "graph $graph"
options="--resume"
lines 'view subgraph' 'read' 'save'
ok "it is resumed" sh -c "grep -q 'of a graph: as you left it' '$tmp/out' && ! grep -q 'nothing is pinned' '$tmp/out'"
in_file "with its note" "$kept/of a graph.session" 'note on output " Austin": the answer'
in_file "and its pruning" "$kept/of a graph.session" 'prune 0.6,0.98'
options="--graph $graph"
lines 'unpin all' 'save without pins' quit
options="-m $golden"
lines "prompt $prompt" 'load without pins' 'view subgraph'
ok "pins of the file stay taken out" sh -c "grep -q 'without pins: as you left it' '$tmp/out' && grep -q 'Nothing is pinned' '$tmp/out'"
options="--resume --graph $graph"
lines quit
ok "the latest session of a graph" sh -c "grep -q 'without pins: as you left it' '$tmp/out'"
# A session as an argument: the file may be anywhere, and is not a session that is kept.
printf 'model %s\nprompt w1 w2 w3\nnote session: of a friend\n' "$(cd "$golden" && pwd)" >"$tmp/sent.session"
opened() {
	(cd "$tmp" && exec timeout "$limit" "$CTRACE_TUI" --headless 80x24 "$@") >"$tmp/out" 2>"$tmp/err"
	status=$?
}
opened sent.session
says "a session opens as an argument" '^ sent.session: of a friend'
ok "with its model and prompt" has '^ w1 w2\[w3\]'
echo 'nonsense' >>"$tmp/sent.session"
opened sent.session
says "a line of it that fails is an error" '^ctrace-tui: ./sent.session:4: there is no command "nonsense"'
ok "and nothing is shown" [ "$status" = 2 -a ! -s "$tmp/out" ]
opened nothere.session
says "a session that is missing" '^ctrace-tui: cannot open ./nothere.session'
opened -m x sent.session
says "a session and a model" '^ctrace-tui: sent.session is a session, which names its own model: leave out'
opened -m x "$graph"
says "a graph and a model" '^ctrace-tui: .*reference.json is a graph, which is opened without a model: leave out'
printf 'graph %s/nothere.json\n' "$tmp" >"$kept/gone.session"
options="-m $golden"
lines 'load gone'
ok "a graph that is gone is named" grep -q 'gone.session:1: .*nothere.json' "$tmp/out"
options=
rm -f "$kept/of a graph.session" "$kept/without pins.session" "$kept/gone.session"

# Mistakes in a file: named with its line, the rest is done, the old file stays.
hand() {
	printf '# mine\nprompt w1 w2\nclamp L9#1@1=0\nfrobnicate\nclamp L1#43@2x0\n' >"$kept/hand.session"
}
hand
play 'load hand'
says "a line that fails is named" 'hand.session:3: no layer 9.*; 1 more line'
options="-m $golden"
lines 'load hand' save
in_file "the rest is done" "$kept/hand.session" 'clamp L1#43@2x0'
in_file "the old file stays" "$kept/hand.session~" '# mine'
for line in 'label x' undo redo 'save x' 'load x' 'quit' 'suspend' 'key q' 'screen'; do
	echo "$line" >"$kept/bad.session"
	play 'load bad'
	says "\"$line\" is not for sessions" 'bad.session:1: .*is not for sessions'
done
printf 'model no-such-model\nprompt w1\n' >"$kept/lost.session"
lines "prompt $prompt" 'load lost' 'save old'
options=
in_file "without its model nothing is done" "$kept/old.session" "prompt $prompt"
head -c 2000000 /dev/zero >"$kept/huge.session"
play 'load huge'
says "a file that is too large" 'huge.session has 2000000 bytes; expected at most 1048576'
mkdir "$kept/folder.session"
play 'load folder'
says "a folder" 'no session "folder"'
play 'load nothing'
says "a name that nobody gave" 'no session "nothing"'
for name in . .. .x "a/../../x"; do
	play "save $name"
	ok "\"$name\" is no name" [ "$status" = 2 ]
done

# Names that are taken.
play 'save whole'
says "a name that is taken" 'exists; add ! to the name to replace it'
play 'prompt w1 w2' 'save whole!'
in_file "is replaced when told so" "$kept/whole.session" 'prompt w1 w2'
play "prompt w1 w2" "save $tmp/copy.session" "save $tmp/copy.session"
says "the same for copies" 'copy.session exists'
ok "a copy is written" grep -q '^prune' "$tmp/copy.session"

# The start view offers the latest.
play 'prompt w1 w2' 'save mine' 'view start' 'key Home' screen
ok "the start view has sessions" has '^(›| )session mine +w1 w2 +today'
play 'view start' 'key Home Enter' screen
says "and brings one back" 'mine: as you left it'
rm -rf "$XDG_STATE_HOME"

# --readonly: nothing at all is written.
rm -rf "$XDG_STATE_HOME"
options=--readonly
play "prompt $prompt" 'select L1#43@8' 'label x'
says "--readonly: labels" 'label: nothing is written'
play 'save x'
says "--readonly: sessions" 'save: nothing is written'
options="-m $golden --readonly"
lines 'prompt w1 w2' 'clamp L1#43@2x0'
ok "--readonly: nothing is there" [ -z "$(find "$tmp/state" -type f 2>/dev/null)" ]

# Lines: kept as they are typed; --resume goes on; another program only reads.
options="-m $golden"
lines 'prompt w1 w2 w3'
in_file "what is done is kept without being asked" "$(echo "$kept"/llama-clt-*.session)" 'prompt w1 w2 w3'
options=--resume
lines quit
ok "--resume brings it back" has '^prompt: w1 w2 w3'
options="-m $golden"
lines quit
ok "a program that is only looked at keeps nothing" [ "$(find "$kept" -type f | wc -l)" = 1 ]
mkfifo "$tmp/keys"
timeout "$limit" "$CTRACE_TUI" --resume --linear <"$tmp/keys" >"$tmp/first" 2>&1 &
first=$!
exec 3>"$tmp/keys"
for wait in $(seq 200); do
	grep -q 'command or a key' "$tmp/first" && break
	sleep .1
done
options=--resume
lines 'clamp L1#43@2x0' 'save mine'
ok "the second program only reads" has "is open in another program, process [0-9]+: changes here are not kept"
ok "its changes are kept under another name" grep -q '^clamp' "$kept/mine.session"
ok "and not under the first's" sh -c "! grep -q '^clamp' '$kept'/llama-clt-*.session"
echo 'clamp L1#43@2x3' >&3
exec 3>&-
wait "$first"
in_file "the first keeps its own" "$(echo "$kept"/llama-clt-*.session)" 'clamp L1#43@2x3'
ok "locks go with their program" [ -z "$(find "$kept" -name '*.lock')" ]
"$CTRACE_TUI" --resume -m "$top/tests/golden/gpt2-plt" --headless 80x24 >"$tmp/out" 2>"$tmp/err"
says "no session of that model" 'there is no session of gpt2-plt'

# A disk that is full, folders that are not there: one warning, and the program goes on.
options="-m $golden"
warned() {
	ok "$1: one warning" [ "$(grep -c 'are not kept from now on' "$tmp/out")" = 1 ]
	ok "$1: the program goes on" has '^after'
}
rm -rf "$kept"
if [ -z "$valgrind" ]; then
	printf '%s\n' 'prompt w1 w2 w3' 'clamp L1#43@2x2' 'prompt w1 w2' 'clamp L1#43@2x3' quit |
	    (ulimit -f 0 && "$CTRACE_TUI" -m "$golden" --linear 2>&1) | cat >"$tmp/out"
	warned "a full disk"
	ok "a full disk: nothing half is left" [ -z "$(find "$kept" -type f)" ]
fi
echo >"$tmp/file"
for home in "$tmp/file" "$tmp/file/x" relative; do
	XDG_STATE_HOME=$home HOME=$home lines 'prompt w1 w2 w3' 'clamp L1#43@2x2' 'prompt w1 w2' 'clamp L1#43@2x3' quit
	warned "no folder (${home#"$tmp/"})"
done
mkdir "$tmp/locked" && chmod 500 "$tmp/locked"
if [ ! -w "$tmp/locked" ]; then
	XDG_STATE_HOME=$tmp/locked lines 'prompt w1 w2 w3' 'clamp L1#43@2x2' 'prompt w1 w2' 'clamp L1#43@2x3' quit
	warned "a folder that cannot be written"
fi
# What a session names by numbers is not applied to other features: weights, transcoder and tokenizer are known by a
# fingerprint.
play "prompt $prompt" "clamp L1#43@8x2" "pin L1#43@8" "note it went so" "save mine"
print=$(sed -n 's/^fingerprint //p' "$kept/mine.session")
ok "a session has a fingerprint" sh -c "printf '%s' '$print' | grep -qE '^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$'"
play "fingerprint $print"
ok "which is this model's" [ "$status" = 0 ]
sed "s/^fingerprint .*/fingerprint ${print%%-*}-00000000-${print##*-}/" "$kept/mine.session" >"$kept/other.session"
cp "$kept/other.session" "$tmp/other"
lines 'load other' 'sessions' quit
ok "another transcoder's is said" grep -qE \
    "other\.session:[0-9]+: made with different files: the transcoder \(.* there, .* here\); [0-9]+ lines about features are not applied" "$tmp/out" "$tmp/err"
lines 'load other' 'note more' 'save again' quit
in_file "its prompt comes back" "$kept/again.session" "prompt $prompt"
ok "and nothing about features" sh -c "! grep -E '^(clamp|pin) ' '$kept/again.session'"
lines 'load other' 'note more' quit
ok "what it held is kept beside the file" cmp -s "$tmp/other" "$kept/other.session~"
sed "s/^fingerprint .*/fingerprint nonsense/" "$kept/mine.session" >"$kept/odd.session"
play 'load odd'
says "one that is none is said" 'odd\.session:[0-9]+: "nonsense" is not a fingerprint'

# A script may come through a pipe, and begin with a byte order mark.
mkfifo "$tmp/pipe"
{ printf '\357\273\277'; printf 'prompt w1 w2\nscreen\n'; } >"$tmp/pipe" &
timeout "$limit" "$CTRACE_TUI" -m "$golden" --headless 80x24 --script "$tmp/pipe" >"$tmp/out" 2>"$tmp/err"
status=$?
wait
ok "a script from a pipe" sh -c "[ $status = 0 ] && grep -q 'w1\[w2\]' '$tmp/out' || { cat '$tmp/out' '$tmp/err'; false; }"

# Sessions that cannot be read are not the same as none.
mkdir "$kept/folder.session"
printf 'view sessions\nscreen\n' | "$CTRACE_TUI" -m "$golden" --headless 200x24 --script - >"$tmp/out" 2>"$tmp/err"
ok "a session that cannot be read is listed, and why" grep -q 'folder .*folder\.session: ' "$tmp/out"
mkdir -p "$tmp/no/ctrace" && : >"$tmp/no/ctrace/sessions"
echo screen | XDG_STATE_HOME=$tmp/no "$CTRACE_TUI" -m "$golden" --resume --headless 200x24 --script - >"$tmp/out" 2>"$tmp/err"
ok "nor is a folder that cannot be listed" grep -q 'cannot list the sessions: ' "$tmp/out"
exit $failed
