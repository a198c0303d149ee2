#!/bin/sh
# config.yaml: what it sets is so; what is wrong in it is named with its line, and all else holds.
. "${srcdir:-.}/tests/cli/lib.sh"
mkdir -p "$XDG_CONFIG_HOME/ctrace"

# play COMMAND...: with the settings on standard input.
play() {
	cat >"$tmp/config.yaml"
	printf '%s\n' "$@" | timeout "$limit" "$CTRACE_TUI" -m "$golden" --headless 80x24 --config "$tmp/config.yaml" \
	    --script - >"$tmp/out" 2>"$tmp/err"
	status=$?
}
# wrong MESSAGE: the settings on standard input lead to exactly this, after the file's name, and the program goes on.
wrong() {
	play "prompt $prompt" 'screen'
	ok "$1" sh -c '[ "$2" = 0 ] && grep -q "w10" "$3/out" && printf "%s\n" "ctrace-tui: $3/config.yaml$1" |
	    cmp - "$3/err" || { cat "$3/err"; false; }' - "$1" "$status" "$tmp"
}

play "prompt $prompt" 'key F5' 'key X' 'screen' <<'Y'
theme: projector
ascii: true
edges: share
prune: 0.5,0.9
mode: free
through: replacement
keys:
  F5: view map
  X: view logits
  c: null
  tree: {o: enter}
Y
ok "no word when all is right" [ ! -s "$tmp/err" ]
ok "ASCII" has '^-* *next tokens|^- '
ok "what clamps begin with" has 'nothing frozen, through the replacement'
play "prompt $prompt" 'key F5' 'key Esc' 'key o' 'screen' 'save all' <<'Y'
edges: share
prune: 0.5,0.9
keys: {F5: view map, c: null, tree: {o: enter}}
Y
ok "pruning" grep -qx 'prune 0.5,0.9' "$tmp/state/ctrace/sessions/all.session"
ok "edges" grep -qx 'edges share' "$tmp/state/ctrace/sessions/all.session"
ok "a key of a place" has '^›▸ w10 '
play "prompt $prompt" 'screen' 'key c' 'screen' 'help' 'search F5' 'screen' <<'Y'
keys: {c: null, F5: prune more, x: mode, u: "", q: null, Z: quit}
Y
ok "a key without a meaning says so" has 'c does nothing here; \? lists the keys'
ok "hints have the keys as they are" has '\? help  Z quit$'
ok "help has them too" has '^›  F5 \] +prune more: show less'
play "prompt $prompt" 'set' 'screen' <<'Y'
theme: projector
edges: share
keys: {F5: view map, x: null}
Y
ok "set shows what the file says" has '^ theme +projector +colours +config.yaml$'
ok "and what it does not" has '^ mode +frozen +what clamps leave frozen$'
ok "and that it binds keys" has 'config.yaml  binds 2 keys$'
echo 'prune: 0.5,0.9' | play 'set prune' 'screen'
ok "what is pruned is known before a prompt" has '^ prune: 0.5,0.9$'
play 'set prune' 'screen' </dev/null
ok "and without a file" has '^ prune: 0.8,0.98$'
printf 'set mouse\nscreen\n' | STY=1.tty TERM=screen.xterm-256color "$CTRACE_TUI" -m "$golden" --headless 80x24 --script - >"$tmp/out"
ok "within GNU screen the mouse is the terminal's" has '^ mouse: false \(false, true\)$'
printf 'set mouse\nscreen\n' | STY=1.tty TERM=tmux-256color "$CTRACE_TUI" -m "$golden" --headless 80x24 --script - >"$tmp/out"
ok "elsewhere it is ours" has '^ mouse: true \(false, true\)$'

echo 'theme: sepia' | wrong ':1: theme: expected one of default, dark, light, projector, cvd, mono; found "sepia"'
printf '# mine\nascii: maybe\n' | wrong ':2: ascii: expected one of false, true; found "maybe"'
echo 'mouse: [a]' | wrong ':1: mouse: expected one of false, true; found "a list or map"'
echo 'prune: 1.5' |
    wrong ':1: prune: expected NODE or NODE,EDGE above 0 and up to 1, such as 0.8,0.98; found "1.5"'
echo 'mode: range=1-2' | wrong ':1: mode: expected one of frozen, free, direct; found "range=1-2"'
echo 'colour: red' | wrong ':1: there is no setting "colour"; expected one of model, theme, ascii, mouse, readonly, edges, prune, mode, through, keys'
echo 'model: ""' | wrong ':1: model: expected the name or directory of a model'
echo 'keys: x' | wrong ':1: keys: expected a map of keys to commands'
printf 'keys:\n  Ctl-x: quit\n' |
    wrong ':2: keys: there is no key "Ctl-x"; expected one such as x, F5, Ctrl-r, Alt-b or PageDown, or a view'
printf 'keys: {tree: {F99: quit}}\n' |
    wrong ':1: keys: there is no key "F99"; expected one such as x, F5, Ctrl-r, Alt-b or PageDown'
printf 'keys:\n  x: frobnicate all\n' | wrong ':2: keys: x: there is no command "frobnicate all"'
printf 'keys:\n  x: screen\n' | wrong ':2: keys: x: "screen" is for scripts only'
printf 'keys:\n  x: [quit]\n' | wrong ':2: keys: x: expected a command, or null'
printf 'theme: a\nascii: b\nmode: c\n' |
    wrong ':1: theme: expected one of default, dark, light, projector, cvd, mono; found "a" (and 2 more)'
echo '- theme' | wrong ':1: expected a map of settings, such as theme: dark'
printf 'theme: dark\ntheme: light\n' | wrong ':2: the key "theme" occurs twice (first in line 1)'
printf 'theme: &a dark\n' | play 'screen'
ok "anchors are refused" grep -q 'config.yaml:1: .*anchor' "$tmp/err"
printf 'theme: sepia\nmode: free\n' | play "prompt $prompt" screen
ok "what is right beside it holds" has 'nothing frozen'

# Where it is looked for, and what wins over it.
echo 'mode: free' >"$XDG_CONFIG_HOME/ctrace/config.yaml"
echo quit | "$CTRACE_TUI" -m "$golden" --linear $prompt >"$tmp/out" 2>&1
ok "the file of a person" has 'nothing frozen'
"$CTRACE_TUI" -m "$golden" --headless 80x24 $prompt >"$tmp/out" 2>&1
ok "without a person it is not read" has 'frozen attention'
printf 'readonly: true\nmodel: %s\n' "$(cd "$golden" && pwd)" >"$XDG_CONFIG_HOME/ctrace/config.yaml"
printf 'save x\nquit\n' | "$CTRACE_TUI" --linear $prompt >"$tmp/out" 2>&1
ok "readonly and model" has 'save: nothing is written'
rm -r "$XDG_CONFIG_HOME"
echo quit | "$CTRACE_TUI" -m "$golden" --linear $prompt >"$tmp/out" 2>"$tmp/err"
ok "no file is fine" [ ! -s "$tmp/err" ]
"$CTRACE_TUI" -m "$golden" --headless 80x24 --config "$tmp/none.yaml" $prompt >"$tmp/out" 2>"$tmp/err"
ok "but one that is named should be there" grep -q 'cannot open .*none.yaml: No such file' "$tmp/err"
exit $failed
