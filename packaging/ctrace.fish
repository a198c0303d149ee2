# Completion of ctrace and ctrace-tui for fish. Commands and options are asked of the programs.
function __ctrace_options
	set -l words (commandline -opc)
	set -l help $words[1]
	test $words[1] = ctrace; and set help ctrace $words[2]
	$help --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\)[^ ]*\( [^ ]*\)\{0,1\}  *\(.*\)/\2\t\4/p'
end
# Is the word before the one being typed one of these?
function __ctrace_after
	contains -- (commandline -opc)[-1] $argv
end
for program in ctrace ctrace-tui
	complete -c $program -f
	complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__ctrace_options)'
	complete -c $program -n '__ctrace_after -m --model' -a "(ctrace models 2>/dev/null | cut -d ' ' -f 1) (__fish_complete_directories)"
	complete -c $program -n '__ctrace_after --basis' -a 'transcoder neurons'
	complete -c $program -n '__ctrace_after --transcoder --import' -a '(__fish_complete_directories)'
	complete -c $program -n '__ctrace_after -o --output --json --corpus --export --batch --script --graph --config --lesson' -F
end
complete -c ctrace -n 'test (count (commandline -opc)) = 1' \
	-a "(ctrace --help | sed -n 's/^  \([a-z]*\)  *\(.*\)/\1\t\2/p')"
complete -c ctrace -n 'contains -- (commandline -opc)[2] aggregate export train' -F
complete -c ctrace -n '__ctrace_after --to' -a 'dot svg html json'
complete -c ctrace -n '__ctrace_after --mode' -a 'frozen free direct range='
complete -c ctrace -n '__ctrace_after --through' -a 'model replacement'
complete -c ctrace-tui -n '__ctrace_after --theme' -a 'default dark light projector cvd mono'
complete -c ctrace-tui -n '__ctrace_after --lesson' \
	-a "(ctrace-tui --lesson 2>/dev/null | sed 's/^\([^ ]*\)  *[^ ]* steps  /\1\t/')"
