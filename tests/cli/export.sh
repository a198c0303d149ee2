#!/bin/sh
# ctrace export: a graph in each form, what hostile text becomes in it, and graphs that are none.
. "${srcdir:-.}/tests/cli/lib.sh"

"$CTRACE" trace -m "$golden" --json "$tmp/graph.json" "$prompt"
run export "$tmp/graph.json" --to json
ok "a graph is written as JSON" [ "$status" = 0 ]
if command -v python3 >/dev/null 2>&1; then
	ok "reading it loses nothing" python3 -c '
import json, sys
sys.exit(json.load(open(sys.argv[1])) != json.load(open(sys.argv[2])))' "$tmp/graph.json" "$tmp/out"
fi
cp "$tmp/out" "$tmp/again.json"
run export "$tmp/again.json" --to json
ok "reading and writing it changes nothing more" cmp -s "$tmp/out" "$tmp/again.json"
# What other programs write: nothing is lost, and once it has our white space nothing changes.
for graph in reference llamascopium neuronpedia-supernode-prefix ours; do
	"$CTRACE" export "$top/tests/graphs/$graph.json" --to json -o "$tmp/first.json"
	run export "$tmp/first.json" --to json
	ok "$graph.json, written twice, is the same" cmp -s "$tmp/out" "$tmp/first.json"
done
ok "numbers stay as they are written" grep -q '"weight": 0.6000000238418579' "$("$CTRACE" export \
    "$top/tests/graphs/llamascopium.json" --to json -o "$tmp/first.json"; echo "$tmp/first.json")"
ok "and so does what nobody here knows" grep -q '"qk_only_nodes": {' "$tmp/first.json"
run export "$top/tests/graphs/llamascopium.json" --to svg
ok "kinds of other programs are drawn as what they are" has 'L1 lorsa 9'
run export "$tmp/first.json" --to json --scan ./data/cards
ok "viewers can be told where the cards are" has '"scan": "./data/cards"'
ok "in one place" [ "$(grep -c '"scan"' "$tmp/out")" = 1 ]
run export "$tmp/graph.json" --to dot
ok "DOT has each edge" [ "$(grep -c ' -> ' "$tmp/out")" = 883 ]
ok "DOT has each node" [ "$(grep -c 'shape=' "$tmp/out")" = 62 ]
if command -v dot >/dev/null 2>&1; then
	ok "Graphviz reads it" dot -Tsvg -o /dev/null "$tmp/out"
fi
if command -v python3 >/dev/null 2>&1; then
	run export "$tmp/graph.json" --to svg
	ok "a picture has the probabilities of what may come next" python3 -c '
import json, re, sys
probs = [n["token_prob"] for n in json.load(open(sys.argv[1]))["nodes"] if n["feature_type"] == "logit"]
drawn = re.findall(r">([0-9.]+)%<", open(sys.argv[2]).read())
sys.exit(not drawn or any(all(abs(float(d) - 100 * p) > .06 for p in probs) for d in drawn))' "$tmp/graph.json" "$tmp/out"
fi
for form in svg html; do
	run export "$tmp/graph.json" --to $form
	ok "$form has the strongest nodes" [ "$(grep -c '<rect x=' "$tmp/out")" = 60 ]
	ok "and says so" has 'the strongest 60 of 62 nodes'
	run export "$tmp/graph.json" --to $form --all -o "$tmp/picture"
	ok "$form has each edge" [ "$(grep -cE '<path class="(plus|minus)" ' "$tmp/picture")" = 883 ]
	ok "$form has each node" [ "$(grep -c '<rect x=' "$tmp/picture")" = 62 ]
done

ok "the page may load nothing" grep -q "content=.default-src 'none';" "$tmp/picture"
ok "and names no other" sh -c "! grep -vF 'xmlns=\"http://www.w3.org/2000/svg\"' '$tmp/picture' | grep -qE 'https?:|src=|href='"
# Boxes do not lie on each other.
ok "no two boxes overlap" awk -F'"' '/<rect x=/ {
	sub(/.*<rect x=/, "<rect x="); n++; x[n] = $2; y[n] = $4; w[n] = $6; h[n] = $8
	for (i = 1; i < n; i++)
		if (x[n] < x[i] + w[i] && x[i] < x[n] + w[n] && y[n] < y[i] + h[i] && y[i] < y[n] + h[n]) exit bad = 1
} END { exit bad || n != 62 }' "$tmp/picture"

for form in dot svg html; do
	run export "$top/tests/graphs/hostile.json" --to $form
	ok "hostile text as $form" [ "$status" = 0 ]
	ok "no escape reaches $form" sh -c "! LC_ALL=C grep -q '$(printf '[\033\342]\200\256')' '$tmp/out' &&
	    ! LC_ALL=C grep -q '$(printf '\033')' '$tmp/out'"
	[ $form = dot ] || ok "no script reaches $form" [ "$(grep -c '<script' "$tmp/out")" = $([ $form = html ]; echo $((1 - $?))) ]
done
ok "quotes and backslashes are escaped in DOT" sh -c "'$CTRACE' export '$top/tests/graphs/hostile.json' --to dot |
    grep -qF 'label=\"\\\"];}\\\\'"

# Two supernodes and a pin by itself; sums over their members.
"$CTRACE" trace -m "$golden" --prune 1,1 --json "$tmp/whole.json" "$prompt"
sed 's/"pinnedIds":\[\],"supernodes":\[\]/"pinnedIds":["2_5_8","2_10_8","1_43_8","0_17_7","4_10_8"],"supernodes":[["late <one>","2_5_8","2_10_8"],["early","1_43_8","0_17_7","9_9_9"]]/' \
    "$tmp/whole.json" >"$tmp/pinned.json"
run export "$tmp/pinned.json" --pinned --to json
ok "the pinned part is a graph" [ "$status" = 0 ]
cp "$tmp/out" "$tmp/part.json"
ok "of one node for each supernode and pin" [ "$(grep -c '"node_id"' "$tmp/part.json")" = 3 ]
ok "with the edges between them" [ "$(grep -c '"weight"' "$tmp/part.json")" = 3 ]
if command -v jq >/dev/null 2>&1; then
	sum=$(jq '[.links[] | select((.source == "1_43_8" or .source == "0_17_7") and (.target == "2_5_8" or .target == "2_10_8")) | .weight] | add' "$tmp/pinned.json")
	ok "which are sums" sh -c "jq -e '[.links[] | select(.source == \"supernode-1\" and .target == \"supernode-0\") | .weight] | .[0] - ($sum) | fabs < 1e-4' '$tmp/part.json'"
fi
run export "$tmp/pinned.json" --pinned --to dot
ok "as DOT" has 'label="late <one>"'
run export "$tmp/pinned.json" --pinned --to html
ok "as HTML" has 'late &lt;one&gt;'
run export "$tmp/part.json" --to svg
ok "the pinned part is a graph like any other" [ "$(grep -c '<rect x=' "$tmp/out")" = 3 ]
# An output is there though none is pinned, or only within a supernode: the part opens again.
for pins in '"pinnedIds":["1_43_8"],"supernodes":[]' \
    '"pinnedIds":["1_43_8","4_10_8"],"supernodes":[["both","1_43_8","4_10_8"]]'; do
	sed "s/\"pinnedIds\":\[\],\"supernodes\":\[\]/$pins/" "$tmp/whole.json" >"$tmp/pinned.json"
	"$CTRACE" export "$tmp/pinned.json" --pinned --to json -o "$tmp/again.json"
	run export "$tmp/again.json" --to svg
	ok "an output comes along with $pins" [ "$status" = 0 -a "$(grep -c '<rect x=' "$tmp/out")" = 2 ]
done
fails "a graph without pins" "nothing is pinned in this graph" export "$tmp/graph.json" --pinned --to svg

# The same from the screen, which says what a file is for by its end.
tui() {
	printf 'prompt %s\npin output "w10", L1#43@8\ngroup "late" L2#5@8, L2#10@8\n%s\n' "$prompt" "$1" |
	    "$CTRACE_TUI" --headless 80x24 -m "$golden" --script - >"$tmp/out" 2>"$tmp/err"
}
tui "export $tmp/screen.svg pinned"
ok "the screen writes what is pinned" [ "$(grep -c '<rect x=' "$tmp/screen.svg")" = 3 ]
tui "export $tmp/screen.json"
ok "and the graph, with pins and supernodes" grep -q '"late",' "$tmp/screen.json"
cp "$tmp/screen.json" "$tmp/before.json"
tui "export $tmp/screen.json pinned"
ok "not over a file that is there" grep -q 'add ! to its name' "$tmp/err"
ok "which stays" cmp -s "$tmp/screen.json" "$tmp/before.json"
tui "export $tmp/screen.json! pinned"
ok "unless it is told to" [ "$(grep -c '"node_id"' "$tmp/screen.json")" = 3 ]
tui "export $tmp/screen.png"
ok "a form that does not exist is refused" grep -q 'expected dot, svg, html or json, found png' "$tmp/err"
tui "export $tmp/screen"
ok "and a file without one" grep -q 'expected a file that ends in' "$tmp/err"

# A page to take away: all that the screen knows, and nothing that acts.
printf 'prompt %s\npin output "w10", L1#43@8\ngroup "late" L2#5@8, L2#10@8\nnote <b>bold</b> words\nnote on L1#43@8: a bridge\nclamp L1#43@8=0\nexport %s\n' \
    "$prompt" "$tmp/page.html" | "$CTRACE_TUI" --headless 80x24 -m "$golden" --script - >"$tmp/out" 2>"$tmp/err"
cp "$tmp/page.html" "$tmp/out"
ok "a page has the graph and what is pinned" [ "$(grep -c '<svg ' "$tmp/page.html")" = 2 ]
ok "the tree" has '<section id="tree">'
ok "the clamps" has '<code>L1#43@8=0'
ok "with next tokens before and after" has '<td>w10<td><i style="--w:30.8%"></i>30.8%<td>'
ok "notes, which are text" has '<li>&lt;b&gt;bold&lt;/b&gt; words</li>'
ok "on nodes too" has '<li>L1#43: a bridge</li>'
if command -v python3 >/dev/null 2>&1; then
	ok "its pictures are XML, and its elements end" python3 - "$tmp/page.html" <<'PYTHON'
import html.parser, re, sys, xml.dom.minidom
text = open(sys.argv[1]).read()
for svg in re.findall(r'<svg .*?</svg>', text, re.S):
    xml.dom.minidom.parseString(svg)
class Check(html.parser.HTMLParser):
    void, may = {'meta', 'br', 'rect', 'path'}, {'td', 'th', 'html'}
    stack = []
    def handle_starttag(self, tag, attrs):
        if tag not in self.void | self.may: self.stack.append(tag)
    def handle_endtag(self, tag):
        if tag in self.void | self.may: return
        if self.stack.pop() != tag: sys.exit('</%s> at %s' % (tag, self.getpos()))
check = Check()
check.feed(text)
sys.exit(bool(check.stack))
PYTHON
fi

# A folder of graphs: each keeps its name, and the list has the metadata of all.
mkdir "$tmp/other"
cp "$tmp/graph.json" "$tmp/one.json"
cp "$top/tests/graphs/reference.json" "$tmp/two.json"
run export "$tmp/one.json" "$tmp/two.json" --to json -o "$tmp/dir/"
ok "graphs go to a folder" [ "$status" = 0 ]
if command -v jq >/dev/null 2>&1; then
	ok "which lists them under their names" [ "$(jq -c '[.graphs[].slug]' "$tmp/dir/graph-metadata.json")" = '["one","two"]' ]
	ok "with the metadata that they have themselves" sh -c "cd '$tmp/dir' && [ \"\$(jq -cS .graphs[1] graph-metadata.json)\" = \"\$(jq -cS .metadata two.json)\" ]"
	cp "$tmp/one.json" "$tmp/other/three.json"
	run export "$tmp/other/three.json" --to json -o "$tmp/dir"
	ok "what was listed stays" [ "$(jq -c '[.graphs[].slug]' "$tmp/dir/graph-metadata.json")" = '["one","two","three"]' ]
	sed 's/"node_threshold": *0.8/"node_threshold":0.5/g' "$tmp/other/three.json" >"$tmp/two.json"
	run export "$tmp/two.json" --to json -o "$tmp/dir/"
	ok "and is replaced in its place" [ "$(jq -c '[.graphs[] | [.slug, .prompt]][1]' "$tmp/dir/graph-metadata.json")" = "[\"two\",\"$prompt\"]" ]
fi
cp "$tmp/dir/graph-metadata.json" "$tmp/list"
run export "$tmp/dir"/*.json --to json -o "$tmp/dir/"
ok "a folder goes into itself" [ "$status" = 0 ]
ok "and stays as it was" cmp -s "$tmp/dir/graph-metadata.json" "$tmp/list"
run export "$tmp/one.json" "$tmp/two.json" --to svg -o "$tmp/pictures/"
ok "pictures go to a folder too" [ -s "$tmp/pictures/one.svg" -a -s "$tmp/pictures/two.svg" ]
ok "without a list" [ ! -e "$tmp/pictures/graph-metadata.json" ]
cp "$tmp/one.json" "$tmp/other/one.json"
fails "two graphs of one name" "would get the same name" export "$tmp/one.json" "$tmp/other/one.json" --to json -o "$tmp/new/"
ok "of which none is written" [ ! -e "$tmp/new" ]
fails "two graphs and no folder" "2 graphs go to a folder" export "$tmp/one.json" "$tmp/two.json" --to json
echo '[]' >"$tmp/dir/graph-metadata.json"
fails "a list that is none" "graph-metadata.json: expected" export "$tmp/one.json" --to json -o "$tmp/dir/"
rm "$tmp/dir/graph-metadata.json"
echo '{"nodes": []}' >"$tmp/bad.json"
fails "a graph that is none, among others" "bad.json.*missing" export "$tmp/one.json" "$tmp/bad.json" "$tmp/two.json" --to json -o "$tmp/dir/"
ok "of which the list has what was written" [ "$(grep -c '"slug"' "$tmp/dir/graph-metadata.json")" = 1 ]

# What a file does not say, and what makes no sense, stays what it is on the screen, too.
cat >"$tmp/unknown.json" <<'JSON'
{"metadata": {"slug": "odd", "scan": "m", "prompt": "a b", "prompt_tokens": ["a", " b"]},
 "qParams": {"pinnedIds": ["gone", "1_2_1"], "supernodes": [["x", "1_2_1", "gone"], ["y", "1_2_1"]]},
 "nodes": [
 {"node_id": "3_4_1", "jsNodeId": "a", "feature": 4, "feature_type": "logit", "layer": "3", "ctx_idx": 1,
  "clerp": "Output \"X\" (p=1.700)", "token_prob": 1.7, "is_target_logit": true},
 {"node_id": "3_5_1", "jsNodeId": "b", "feature": 5, "feature_type": "logit", "layer": "3", "ctx_idx": 1,
  "clerp": "Output \"Y\" (p=-0.300)", "token_prob": -0.3},
 {"node_id": "1_2_1", "jsNodeId": "c", "feature": null, "feature_type": "cross layer transcoder", "layer": "1",
  "ctx_idx": 1, "clerp": "", "activation": 2},
 {"node_id": "f", "jsNodeId": "d", "feature": null, "feature_type": "cross layer transcoder", "layer": "1",
  "ctx_idx": 1, "clerp": "", "activation": null}],
 "links": [{"source": "1_2_1", "target": "3_4_1", "weight": 1.5}, {"source": "f", "target": "3_4_1", "weight": 0.5}]}
JSON
look() { printf "$1" | "$CTRACE_TUI" --graph "$tmp/unknown.json" --headless 80x24 --script - >"$tmp/out" 2>"$tmp/err"; }
look 'screen\n'
ok "a probability stands as it is" has 'X +170%'
ok "be it below 0" has 'Y +−30\.0%'
ok "a feature without a number has none" has 'L1#\? @b'
look 'view subgraph\nkey Enter\nscreen\n'
ok "a node may be in two supernodes" has 'y  1 node '
ok "and a member may be absent" has 'x  2 nodes, 1 in this graph'
ok "as which it is named" has 'absent "gone"'
look "unpin L1#2@1\nexport $tmp/unpinned.json\n"
ok "unpinned, it is in neither" grep -q '"gone"' "$tmp/unpinned.json"
ok "which is written" sh -c "! grep -A9 pinnedIds '$tmp/unpinned.json' | grep -q '\"1_2_1\"'"
run export "$tmp/unknown.json" --to json
ok "numbers, too" has '"token_prob": 1.7,'

# A page straight from the model: with boxes, clamps and what they changed.
run trace -m "$golden" --html - "$prompt"
ok "a trace is written as a page" sh -c "[ '$status' = 0 ] && head -1 '$tmp/out' | grep -q '^<!DOCTYPE html>'"
ok "it has the tree" has '<section id="tree">'
ok "but no clamps and no boxes" sh -c "! grep -qE '<h2>(Clamps|What is pinned)' '$tmp/out'"
run trace -m "$golden" --groups --clamp L1#43@8=0 --html "$tmp/page.html" "$prompt"
ok "with clamps it is written to a file" [ "$status" = 0 -a ! -s "$tmp/out" ]
ok "and names them" grep -q '<h2>Clamps</h2>' "$tmp/page.html"
ok "each as it was typed" grep -q '<code>L1#43@8=0 *</code> <span class="dim">frozen</span>' "$tmp/page.html"
ok "before and after" grep -q '<th>before<th>after' "$tmp/page.html"
ok "groups are boxes" grep -q '<h2>What is pinned' "$tmp/page.html"
fails "a page and JSON" "leave out --json" trace -m "$golden" --html "$tmp/x" --json - "$prompt"
fails "a page of paths" "leave out --json, --qk, --paths" trace -m "$golden" --html "$tmp/x" --paths 3 "$prompt"
fails "a page where there is no folder" nothere trace -m "$golden" --html "$tmp/nothere/x" "$prompt"
printf '%s\n' "$prompt" >"$tmp/batch"
fails "pages of a batch" "--html: the lines of a batch" trace -m "$golden" --html "$tmp/x" --batch "$tmp/batch"

fails "no form" "--to: expected dot, svg, html or json, found nothing" export "$tmp/graph.json"
fails "a form that does not exist" "found png" export "$tmp/graph.json" --to png
sed '3s/"ctx_idx": 1/"ctx_idx": -5/' "$top/tests/graphs/hostile.json" >"$tmp/bad.json"
run export "$tmp/bad.json" --to svg
ok "a node that makes no sense costs that node alone" [ "$status" = 0 ]
ok "which is said" grep -q 'ctx_idx.: expected an integer from 0 to 1, found -5 (in nodes.0.); left out' "$tmp/err"
echo '{"nodes": []}' >"$tmp/bad.json"
fails "a graph that is none" "bad.json.*missing" export "$tmp/bad.json" --to json
fails "a graph that is missing" "nothere" export "$tmp/nothere" --to json
exit $failed
