# Completion of ctrace and ctrace-tui for bash. Commands and options are asked of the programs, so none is missed.
_ctrace() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} help=("$1") words= files=

	[ "$1" = ctrace-tui ] || [ "$COMP_CWORD" = 1 ] || help+=("${COMP_WORDS[1]}")
	case $before in
	-m | --model) words=$(ctrace models 2>/dev/null | cut -d ' ' -f 1) files=-d ;;
	--lesson) words=$(ctrace-tui --lesson 2>/dev/null | cut -d ' ' -f 1) files=-f ;;
	--theme) words='default dark light projector cvd mono' ;;
	--to) words='dot svg html json' ;;
	--mode) words='frozen free direct range=' ;;
	--through) words='model replacement' ;;
	--basis) words='transcoder neurons' ;;
	--transcoder | --import) files=-d ;;
	-o | --output | --json | --corpus | --export | --batch | --script | --graph | --config) files=-f ;;
	*)
		if [ "$1" = ctrace ] && [ "$COMP_CWORD" = 1 ]; then
			words=$(ctrace --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
		elif [ "${word#-}" != "$word" ]; then
			words=$("${help[@]}" --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')
		else
			case ${COMP_WORDS[1]} in aggregate | export | train) files=-f ;; esac
		fi
		;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$word") $([ -z "$files" ] || compgen $files -- "$word"))
}
complete -o filenames -F _ctrace ctrace ctrace-tui
