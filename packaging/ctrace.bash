# Completion of ctrace and ctrace-tui for bash. Commands and options are asked of the programs, so none is missed.
_ctrace() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} help=("$1")

	[ "$1" = ctrace-tui ] || [ "$COMP_CWORD" = 1 ] || help+=("${COMP_WORDS[1]}")
	case $before in
	-m | --model)
		COMPREPLY=($(compgen -W "$(ctrace models 2>/dev/null | cut -d ' ' -f 1)" -- "$word") $(compgen -d -- "$word"))
		return
		;;
	--transcoder | -o | --output | --json | --corpus | --import | --export | --batch | --script | --lesson | --graph | --config)
		COMPREPLY=($(compgen -f -- "$word"))
		return
		;;
	esac
	if [ "$1" = ctrace ] && [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W "$(ctrace --help | sed -n 's/^  \([a-z]*\) .*/\1/p')" -- "$word"))
	elif [ "${word#-}" != "$word" ]; then
		COMPREPLY=($(compgen -W "$("${help[@]}" --help 2>/dev/null |
		    sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -F _ctrace ctrace ctrace-tui
