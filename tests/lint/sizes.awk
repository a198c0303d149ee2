# What is too large in the files on the command line, C or for make and configure: "KIND FILE NAME SIZE" for each
# function above 60 lines or eight parameters and each file above 600 lines, "wide FILE - N" for N lines above 110
# columns, "banner FILE - N" for N comments that only divide a file. Relies on the style: names of functions begin a
# line, bodies end with a brace that does.
function flush(  lines) {
	if (file == "") return
	if (total > 600) print "file", file, "-", total
	if (wide) print "wide", file, "-", wide
	if (banners) print "banner", file, "-", banners
}
function count(text,  i, c, depth, n) {
	n = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(") { if (++depth == 1) n = 1 }
		else if (c == ")") { if (--depth == 0) return n }
		else if (c == "," && depth == 1) n++
	}
	return n
}
FNR == 1 {
	flush()
	file = FILENAME; total = wide = banners = 0; name = ""; head = 0
}
{
	total++
	columns = $0
	gsub(/[\200-\277]/, "", columns)
	at = 0
	for (i = 1; i <= length(columns); i++) at = substr(columns, i, 1) == "\t" ? at - at % 8 + 8 : at + 1
	if (at > 110) wide++
	if ($0 ~ /^[ \t]*\/\*[ \t]*(--|==|\*\*\*|\/\/\/)/) banners++
}
FILENAME !~ /\.[ch]$/ { next }
# A definition, or a declaration over one line or several.
/^[A-Za-z_][A-Za-z0-9_ *]*\(/ && !head && name == "" && !/^(if|for|while|switch|return|typedef|enum|struct [a-z_]+ \{)/ {
	called = $0
	sub(/\(.*/, "", called)
	sub(/.*[ *]/, "", called)
	signature = ""; began = FNR; head = 1
}
head {
	signature = signature $0
	if ($0 ~ /^\{/) {
		head = 0; name = called
		if ((n = count(signature)) > 8) print "parameters", file, name, n
	} else if ($0 ~ /;[ \t]*(\/\*.*)?$/) {
		head = 0
		if ((n = count(signature)) > 8) print "parameters", file, called, n
	}
}
name != "" && /^\}/ {
	if ((n = FNR - began + 1) > 60) print "function", file, name, n
	name = ""
}
END { flush() }
