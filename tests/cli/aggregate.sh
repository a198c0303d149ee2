#!/bin/sh
# ctrace aggregate: a case small enough to see, the same sums by an independent program, and lines that are none.
. "${srcdir:-.}/tests/cli/lib.sh"

# A feature at two positions counts once, its influence and its edges summed up, its activation the larger one.
head='"settings":{"model":"m","transcoder":"CLT"}'
node() { printf '{"kind":"feature","pos":%s,"layer":%s,"feature":%s,"label":"%s","activation":%s,"influence":%s}' "$@"; }
input='{"kind":"input","pos":1,"token":"a","influence":0.5}'
output='{"kind":"output","pos":2,"token":"b","weight":1}'
{
	printf '{"line":1,%s,"nodes":[%s,%s,%s,%s],"edges":[[2,0,1],[2,1,2],[0,3,-4]]}\n' "$head" \
	    "$(node 1 0 7 Texas 1.5 0.25)" "$(node 2 0 7 Texas 2.5 0.125)" "$input" "$output"
	printf '{"line":2,%s,"error":"no"}\n' "$head"
	printf '{"line":3,%s,"nodes":[%s,%s,%s,%s],"edges":[[1,0,5],[0,2,-8]]}\n' "$head" \
	    "$(node 2 0 7 Texas 0.5 0.125)" "$input" "$output" "$(node 2 1 9 once 1 0.5)"
} >"$tmp/small"
run aggregate "$tmp/small"
cat >"$tmp/want" <<'EOF'
2 prompts of m CLT, without 1 that failed
features in at least 2 prompts: 1 of 2
  L0#7      Texas                                   2 100.0%  influence 25.00% ±17.68
edges in at least 2 prompts: 2 of 2
  L0#7 Texas           -> output "b"                2 100.0%  -6.000 ±2.828
  input "a"            -> L0#7 Texas                2 100.0%  +4.000 ±1.414
EOF
ok "sums and spreads" cmp -s "$tmp/out" "$tmp/want"
fails "a file given twice" "small: this file is given twice, also as .*small" aggregate "$tmp/small" "$tmp/small"
ln -s small "$tmp/link"
fails "by another name" "link: this file is given twice, also as .*small" aggregate "$tmp/small" "$tmp/link"
cp "$tmp/small" "$tmp/copy"
fails "a copy of it" "copy: this file is given twice, also as .*small" aggregate "$tmp/small" "$tmp/copy"
sed 's/"a"/"c"/' "$tmp/small" >"$tmp/like"
run aggregate "$tmp/small" "$tmp/like"
ok "another of the same size" [ "$status" -eq 0 ]
fails "standard input twice" "-: this file is given twice" aggregate - - <"$tmp/small"
run aggregate --min 1 --top 1 - <"$tmp/small"
ok "standard input; more that occurs, and fewer rows" has "^features in at least 1 prompt: 2 of 2$"
ok "what is left out is said" has "^  ... 1 more$"
run aggregate --json - "$tmp/small"
ok "the same as JSON" has '"activation": *\{ *$|"sd": 1.41421'

# An independent program over real lines in parts.
printf 'w19 w10 w9\nw7 w39 w16 w31\nw19 nothere w9\nw10 w9 w7\nw5 w6\nw10 w9 w19\nw19 w9 w9 w10\n' >"$tmp/prompts"
for i in 1 2 3; do
	"$CTRACE" trace -m "$golden" --batch "$tmp/prompts" --shard $i/3 --json "$tmp/part$i" 2>/dev/null
done
run aggregate --json - --min 1 "$tmp/part1" "$tmp/part2" "$tmp/part3"
ok "parts are put together" [ "$status" = 0 ]
if command -v python3 >/dev/null 2>&1; then
	cat >"$tmp/oracle.py" <<'EOF'
import json, statistics, sys
got = json.load(open(sys.argv[1]))
lines = [json.loads(l) for path in sys.argv[2:] for l in open(path)]
graphs = [l for l in lines if "error" not in l]
def name(n):
    if n["kind"] == "feature": return "L%d#%d" % (n["layer"], n["feature"])
    if n["kind"] == "error": return "error L%d" % n["layer"]
    return '%s "%s"' % (n["kind"], n["token"])
influence, activation, weight = {}, {}, {}
for g in graphs:
    here, most, edges = {}, {}, {}
    for n in g["nodes"]:
        if n["kind"] == "feature":
            here.setdefault(name(n), []).extend([n["influence"]] if "influence" in n else [])
            most.setdefault(name(n), []).extend([n["activation"]] if "activation" in n else [])
    for s, t, w in g["edges"]:
        key = name(g["nodes"][s]), name(g["nodes"][t])
        edges[key] = edges.get(key, 0) + w
    for k, v in here.items(): influence.setdefault(k, []).append(sum(v) if v else None)
    for k, v in most.items(): activation.setdefault(k, []).append(max(v) if v else None)
    for k, v in edges.items(): weight.setdefault(k, []).append(v)
def same(stat, values):
    values = [v for v in values if v is not None]
    if not values:
        assert stat == {"mean": None, "sd": None}, stat
        return
    sd = statistics.stdev(values) if len(values) > 1 else None
    assert abs(stat["mean"] - statistics.fmean(values)) < 1e-7 * (1 + abs(stat["mean"])), (stat, values)
    assert stat["sd"] is None if sd is None else abs(stat["sd"] - sd) < 1e-7 * (1 + sd), (stat, values)
assert got["prompts"] == len(graphs) and got["failed"] == len(lines) - len(graphs)
assert {f["node"] for f in got["features"]} == set(influence)
assert {(e["source"], e["target"]) for e in got["edges"]} == set(weight)
for f in got["features"]:
    assert f["prompts"] == len(influence[f["node"]])
    same(f["influence"], influence[f["node"]]); same(f["activation"], activation[f["node"]])
for e in got["edges"]:
    values = weight[e["source"], e["target"]]
    assert e["prompts"] == len(values)
    same(e["weight"], values)
for rows, size in (got["features"], lambda f: f["influence"]["mean"] or 0), (got["edges"], lambda e: abs(e["weight"]["mean"])):
    order = [(-r["prompts"], -size(r)) for r in rows]
    assert order == sorted(order)
assert len(weight) > 1000 and max(map(len, weight.values())) > 3
EOF
	ok "an independent program finds the same" python3 "$tmp/oracle.py" "$tmp/out" "$tmp/part1" "$tmp/part2" "$tmp/part3"
	# A feature that is the target has no influence and no activation there, and those of neurons may be negative.
	"$CTRACE" trace -m "$golden" --batch "$tmp/prompts" --target L1#6@2 --json "$tmp/target" 2>/dev/null
	run aggregate --json - --min 1 "$tmp/target" "$tmp/part1"
	ok "of a feature as target, too" python3 "$tmp/oracle.py" "$tmp/out" "$tmp/target" "$tmp/part1"
	"$CTRACE" trace -m "$golden" --basis neurons --batch "$tmp/prompts" --json "$tmp/neurons" 2>/dev/null
	run aggregate --json - --min 1 "$tmp/neurons"
	ok "of neurons, too" python3 "$tmp/oracle.py" "$tmp/out" "$tmp/neurons"
fi
# A target alone: 0 would be a measurement that nobody made.
printf '{"line":1,%s,"nodes":[%s,%s],"edges":[[0,1,2]]}\n' "$head" "$input" \
    '{"kind":"feature","pos":2,"layer":1,"feature":6,"label":"","weight":1}' >"$tmp/alone"
run aggregate --min 1 "$tmp/alone"
ok "a target's influence is not known" has '^  L1#6 .* 1  *100(\.0)?%  influence –$'

fails "no file" "expected files of ctrace trace --batch" aggregate
fails "a file that is missing" "cannot open .*nothere: No such file" aggregate "$tmp/nothere"
fails "a directory" "is a directory" aggregate "$tmp"
# bad NAME PATTERN LINE
bad() {
	printf '%s\n' "$3" >"$tmp/bad"
	fails "$1" "$2" aggregate "$tmp/small" "$tmp/bad"
}
bad "another model" "bad:1: this line is of another model than the first one: other PLT" \
    '{"settings":{"model":"other","transcoder":"PLT"},"nodes":[],"edges":[]}'
bad "text" "bad:1: expected a line of ctrace trace --batch$" "hello"
bad "other JSON" "bad:1: .* with settings" '{"a":1}'
bad "no transcoder" "bad:1: .* with settings" '{"settings":{"model":"m"},"nodes":[],"edges":[]}'
bad "no nodes" "bad:1: .* with nodes and edges" "{$head}"
bad "a node of no kind" "bad:1: nodes.0.: expected" "{$head,\"nodes\":[{}],\"edges\":[]}"
bad "a feature without a layer" "bad:1: nodes.0.: expected" \
    "{$head,\"nodes\":[{\"kind\":\"feature\",\"feature\":1}],\"edges\":[]}"
bad "an influence that is no number" "bad:1: nodes.0.: expected" \
    "{$head,\"nodes\":[{\"kind\":\"input\",\"token\":\"a\",\"influence\":\"x\"}],\"edges\":[]}"
bad "an edge to nowhere" "bad:1: edges.0.: expected" "{$head,\"nodes\":[$input],\"edges\":[[0,1,2]]}"
bad "an edge from nowhere" "bad:1: edges.0.: expected" "{$head,\"nodes\":[$input],\"edges\":[[1,0,2]]}"
bad "an edge without a weight" "bad:1: edges.0.: expected" "{$head,\"nodes\":[$input],\"edges\":[[0,0,null]]}"
head -c 300 "$tmp/small" >"$tmp/cut"
fails "a line that is cut off" "cut:1: the line is cut off: run its batch again" aggregate "$tmp/cut"
printf '{%s,"error":"x"}\n' "$head" >"$tmp/failed"
fails "nothing but failures" "no graph in these files: 1 prompts failed" aggregate "$tmp/failed"
head -n 1 "$tmp/small" >"$tmp/one"
run aggregate "$tmp/one"
ok "of one prompt nothing recurs" [ "$status" = 1 ]
# --labels: features of one label, here in three prompts and the second of them without one.
line() {
	printf '{"line":%s,"prompt":"x","settings":{"model":"m","transcoder":"CLT"},"nodes":[' "$1"
	printf '{"kind":"output","pos":2,"token":"y","weight":1},{"kind":"feature","pos":1,"layer":0,"feature":%s,' "$2"
	printf '"label":"%s","activation":1,"influence":0.25},{"kind":"feature","pos":2,"layer":1,"feature":9,' "$3"
	printf '"label":"mixed: a / b","activation":1,"influence":0.5}],"edges":[[1,0,%s],[1,2,0.5]]}\n' "$4"
}
{ line 3 1 "in Texas" 1; line 4 2 "in Ohio" 1; line 7 5 "in Texas" 3; line 8 6 "in Texas" 2; } >"$tmp/labels.jsonl"
run aggregate --labels "$tmp/labels.jsonl"
ok "features of one label are one group" has '^  "in Texas" +3  75\.0%  influence 25\.00% ±0\.00  absent in line 4$'
ok "with edges of their own" has '^  "in Texas" +-> output "y" +3  75\.0%  \+2\.000 ±1\.000  absent in line 4$'
ok "a mixed label is no group" has 'groups in at least 2 prompts: 1 of 2$'
run aggregate --labels --json - "$tmp/labels.jsonl"
ok "the same as JSON" sh -c "tr -d ' \n' <'$tmp/out' | grep -q '\"node\":\"\\\\\"inTexas\\\\\"\".*\"prompts\":3.*\"absent\":\[4\]'"
run aggregate "$tmp/labels.jsonl"
ok "without --labels each feature is its own" has '^features in at least 2 prompts: 1 of 5$'
ok "and what is in all prompts is absent in none" has '^  L1#9 .* 4  *100(\.0)?%  influence 50\.00% ±0\.00$'
exit $failed
