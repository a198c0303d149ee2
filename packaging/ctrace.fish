# Completion of ctrace and ctrace-tui for fish. Commands and options are asked of the programs.
function __ctrace_options
	set -l words (commandline -opc)
	set -l help $words[1]
	test $words[1] = ctrace; and set help ctrace $words[2]
	$help --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\)[^ ]*\( [^ ]*\)\{0,1\}  *\(.*\)/\2\t\4/p'
end
complete -c ctrace -n 'test (count (commandline -opc)) = 1' -f \
	-a "(ctrace --help | sed -n 's/^  \([a-z]*\)  *\(.*\)/\1\t\2/p')"
complete -c ctrace -n 'test (count (commandline -opc)) -gt 1; and string match -q -- "-*" (commandline -ct)' -f \
	-a '(__ctrace_options)'
complete -c ctrace -s m -l model -x -a "(ctrace models 2>/dev/null | cut -d ' ' -f 1)"
complete -c ctrace-tui -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__ctrace_options)'
complete -c ctrace-tui -s m -l model -x -a "(ctrace models 2>/dev/null | cut -d ' ' -f 1)"
