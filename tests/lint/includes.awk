# Includes that are out of order in the sources on the command line: first a file's own header, or the one that declares
# what it defines; then config.h, the system's headers, the project's, each group in the order of the alphabet. Those
# within #if are not looked at, nor the order of the system's in tests, where cmocka.h needs others before it.
function fault(what) { print FILENAME ":" FNR ": " what }
FNR == 1 {
	depth = FILENAME ~ /\.h$/ ? -1 : 0	# the guard of a header is none
	n = seen_project = 0
	last_system = last_project = ""
	own = FILENAME
	sub(/^src\//, "", own)
	sub(/\.[ch]$/, ".h", own)
}
/^#[ \t]*if/ { depth++ }
/^#[ \t]*endif/ { depth-- }
/^#[ \t]*include/ && depth == 0 {
	name = $0
	sub(/^#[ \t]*include[ \t]*/, "", name)
	system_header = name ~ /^</
	name = substr(name, 2)
	sub(/[>"].*/, "", name)
	if (++n == 1 && FILENAME ~ /\.c$/ && !system_header && name != "config.h") next
	if (!system_header && name == own) fault("a file's own header comes first")
	else if (name == "config.h") {
		if (seen_project || last_system != "") fault("config.h comes before other headers")
	} else if (system_header) {
		if (seen_project) fault("<" name "> comes before the project's headers")
		else if (FILENAME !~ /^tests\// && name < last_system) fault("<" name "> comes before <" last_system ">")
		last_system = name
	} else {
		if (name < last_project) fault("\"" name "\" comes before \"" last_project "\"")
		last_project = name
		seen_project = 1
	}
}
