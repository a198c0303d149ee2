#!/bin/sh
# Completion in bash, zsh and fish offers the commands, options, models, lessons and values that the programs have.
. "${srcdir:-.}/tests/cli/lib.sh"
PATH=$(dirname "$CTRACE"):$PATH
CTRACE_MODEL_PATH=$tmp/models
export PATH CTRACE_MODEL_PATH
mkdir "$tmp/models" "$tmp/empty"
cp -R "$golden" "$tmp/models/small"
top=$(cd "$top" && pwd)
cd "$tmp/empty" || exit 99
touch some.file

# offers_SHELL WORD...: what completing the last word gives, a line each.
offers_bash() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ctrace "$1"; printf "%s\n" "${COMPREPLY[@]}"' \
	    - "$top/packaging/ctrace.bash" "$@"
}
# What zsh's own functions would have to offer, where they are not.
offers_zsh() {
	zsh -fc '_describe() { local -a all=("${(@P)2}"); print -rl -- "${(@)${(@M)all:#$PREFIX*}%%:*}" }
	    _files() { [[ $1 == -/ ]] || print -rl -- *(N) }
	    file=$1; shift; words=("$@"); CURRENT=$#; service=$1; PREFIX=$words[CURRENT]; complete() { . $file }; complete' \
	    - "$top/packaging/_ctrace" "$@"
}
offers_fish() {
	fish --no-config -c '. $argv[1]; complete -C "$argv[2]"' -- "$top/packaging/ctrace.fish" "$*" | cut -f 1
}
# offered PATTERN WORD..., not_offered PATTERN WORD...
offered() {
	pattern=$1
	shift
	"offers_$shell" "$@" | grep -qxE -- "$pattern" || { "offers_$shell" "$@"; false; }
}
not_offered() {
	! offered "$@" >/dev/null
}

tried=
for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null 2>&1; then
		echo "$shell is missing: its completion is not tried"
		continue
	fi
	tried=$tried$shell
	ok "$shell: commands" offered steer ctrace st
	ok "$shell: options" offered --target ctrace trace --t
	ok "$shell: options of the screen program" offered --theme ctrace-tui --th
	ok "$shell: not options of other commands" not_offered --target ctrace models --t
	ok "$shell: models" offered small ctrace trace -m sm
	ok "$shell: models of the screen program" offered small ctrace-tui --model sm
	ok "$shell: themes" offered projector ctrace-tui --theme pro
	ok "$shell: forms" offered svg ctrace export --to s
	ok "$shell: modes" offered frozen ctrace steer --mode fr
	ok "$shell: what carries an effect" offered replacement ctrace steer --through re
	ok "$shell: bases" offered neurons ctrace trace --basis ne
	ok "$shell: files" offered some.file ctrace trace --batch so
	ok "$shell: files of commands that take them" offered some.file ctrace aggregate so
	ok "$shell: no files as prompts" not_offered some.file ctrace trace so
	ok "$shell: nor on the screen" not_offered some.file ctrace-tui so
done
# Values stand in the scripts: each has to be one that the programs know.
for theme in default dark light projector cvd mono; do
	ok "the theme $theme" grep -q -- "--theme NAME .*$theme" - <<H
$("$CTRACE_TUI" --help)
H
done
[ -n "$tried" ] || exit 77
exit $failed
