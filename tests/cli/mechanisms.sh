#!/bin/sh
# Groups over many prompts: in the lines of a batch, where everything adds up, and what aggregate makes of them.
. "${srcdir:-.}/tests/cli/lib.sh"

# A hand-made batch: the group about a state has two names, is at two positions of the third line, and fails in line 4.
head='"settings":{"model":"m","transcoder":"CLT"},"nodes":[],"edges":[]'
group() { printf '{"kind":"%s","name":"%s","class":%s,"members":[],"influence":%s}' "$@"; }
out=$(group output 'output \"Austin\"' null null)
capital=$(group input capital '"capital"' 0.25)
{
	printf '{"line":1,%s,"groups":[%s,%s,%s],"group_edges":[[1,0,4,0.5],[2,0,1,0.25],[2,1,1,0.125]]}\n' "$head" \
	    "$out" "$(group group 'in Texas' '"in <state>"' 0.5)" "$capital"
	printf '{"line":2,%s,"groups":[%s,%s,%s],"group_edges":[[1,0,2,0.25],[2,0,3,0.009]]}\n' "$head" \
	    "$out" "$(group feature 'in Ohio' '"in <state>"' 0.25)" "$capital"
	printf '{"line":3,%s,"groups":[%s,%s,%s,%s,%s],"group_edges":[[1,0,1,0.25],[2,0,1,0.125],[3,1,2,0.5],[3,2,2,-0.25]]}\n' \
	    "$head" "$out" "$(group group 'bridge Iowa' '"bridge <state>"' 0.25)" \
	    "$(group group 'Iowa, answering' '"<state>, answering"' 0.125)" "$capital" "$(group feature L1#9 null 0.0625)"
	printf '{"line":4,%s,"error":"no"}\n' "$head"
} >"$tmp/small"
run aggregate --groups "$tmp/small"
cat >"$tmp/want" <<'EOT'
3 prompts of m CLT, without 1 that failed
groups in at least 2 prompts: 2 of 5
  input "capital"                                   3 100.0%  influence 25.00% ±0.00
  "in <state>"                                      2  66.7%  influence 37.50% ±17.68  absent in line 3
edges in at least 2 prompts: 1 of 7
  "in <state>"                   -> output                              2  66.7%  share +37.50% ±17.68  absent in line 3
EOT
ok "groups of one class are one; weak edges and the output do not count" cmp -s "$tmp/out" "$tmp/want"
run aggregate --about "$tmp/small"
cat >"$tmp/want" <<'EOT'
3 prompts of m CLT, without 1 that failed
groups in at least 2 prompts: 2 of 3
  "<state>"                                         3 100.0%  influence 37.50% ±12.50
  input "capital"                                   3 100.0%  influence 25.00% ±0.00
edges in at least 2 prompts: 2 of 3
  "<state>"                      -> output                              3 100.0%  share +37.50% ±12.50
  input "capital"                -> "<state>"                           2  66.7%  share +12.50% ±0.00  absent in line 2
EOT
ok "what is about a state is one: influence is summed, shares of two targets are averaged" cmp -s "$tmp/out" "$tmp/want"
run aggregate --groups --json - "$tmp/small"
ok "the same as JSON" sh -c "tr -d ' \n' <'$tmp/out' | grep -q '\"node\":\"\\\\\"in<state>\\\\\"\",\"prompts\":2,\"share\":0.666666667,\"influence\":{\"mean\":0.375,.*\"absent\":\[3\]}'"
ok "with what flows in" sh -c "tr -d ' \n' <'$tmp/out' | grep -q '\"target\":\"output\",\"prompts\":2,.*\"weight\":{\"mean\":3.0,.*\"inflow\":{\"mean\":0.375,'"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	printf '{"line":%s,%s,"groups":[%s],"group_edges":[]}\n' "$i" "$head" "$([ $((i % 2)) = 0 ] || group group x '"in <state>"' 1)"
done >"$tmp/often"
run aggregate --groups --json - "$tmp/often"
ok "all prompts without a group are named" sh -c "tr -d ' \n' <'$tmp/out' | grep -q '\"absent\":\[2,4,6,8,10,12,14,16\]'"
say=$(group feature "say Texas" '"say <state>"' 0.5)
printf '{"line":%s,'"$head"',"groups":[%s,%s],"group_edges":[]}\n' 1 "$say" "$(group group x '"first _<number> + second _<number>"' 0)" \
    2 "$say" "$(group group x '"<number> and <number"' 0)" >"$tmp/said"
run aggregate --about --min 1 "$tmp/said"
ok "what is said stays apart" has '^  "say <state>" +2 100.0%'
ok "several values are one thing" has '^  "<number> <number>" +1 '
ok "what is not closed is no value" has '^  "<number>" +1 '
fails "groups of lines and of labels" "leave out one" aggregate --groups --labels "$tmp/small"
# bad NAME PATTERN LINE
bad() {
	printf '%s\n' "$3" >"$tmp/bad"
	fails "$1" "$2" aggregate --groups "$tmp/small" "$tmp/bad"
}
bad "a line without groups" "bad:1: this line has no groups: trace its batch with --groups, or" "{$head}"
bad "groups without edges" "bad:1: .* with groups and group_edges" "{$head,\"groups\":[]}"
bad "a group of no kind" "bad:1: groups.0.: expected" "{$head,\"groups\":[{}],\"group_edges\":[]}"
bad "a group of another kind" "bad:1: groups.0.: expected" "{$head,\"groups\":[$(group box x null 1)],\"group_edges\":[]}"
bad "a class that is a number" "bad:1: groups.0.: expected" "{$head,\"groups\":[$(group group x 7 1)],\"group_edges\":[]}"
bad "a word of no class" "bad:1: groups.0.: expected" "{$head,\"groups\":[$(group input x null 1)],\"group_edges\":[]}"
bad "an edge to no group" "bad:1: group_edges.0.: expected" "{$head,\"groups\":[$capital],\"group_edges\":[[0,1,1,1]]}"
bad "an edge without a share" "bad:1: group_edges.0.: expected" "{$head,\"groups\":[$capital],\"group_edges\":[[0,0,1]]}"
bad "an edge from before the first" "bad:1: group_edges.0.: expected" "{$head,\"groups\":[$capital],\"group_edges\":[[-1,0,1,1]]}"
class=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "<a" }')
printf '{%s,"groups":[%s,%s],"group_edges":[]}\n' "$head" "$(group group x "\"$class\"" 1)" \
    "$(group group x "\"$(printf %s "$class" | sed 's/a/a>/g')\"" 1)" >"$tmp/long"
run aggregate --about --min 1 "$tmp/long"
ok "classes of any length" [ "$status" = 0 ]
printf '{%s,"groups":[%s],"group_edges":[]}\n' "$head" "$(group group x '"\u001b[2J\u202e<\u0007>"' 1)" >"$tmp/evil"
run aggregate --about --min 1 "$tmp/evil"
ok "and of any text" [ "$status" = 0 ]
ok "which no terminal sees raw" [ "$(LC_ALL=C tr -d '\040-\176\n' <"$tmp/out" | wc -c)" -eq 0 ]

# Real lines: on the random model all edges are kept, so that every sum can be done again.
printf 'w19 w10 w9\nw7 w39 w16 w31\nw19 nothere w9\nw10 w9 w7\n' >"$tmp/prompts"
run trace -m "$golden" --batch "$tmp/prompts" --groups --prune 1,1 --json "$tmp/lines"
ok "a batch with groups" [ "$status" = 1 ]
fails "and not goes on without them" "lines:1: has another prompt or other settings" \
    trace -m "$golden" --batch "$tmp/prompts" --prune 1,1 --json "$tmp/lines"
cat >"$tmp/adds.py" <<'EOF2'
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
checked = fed = 0
for g in (l for l in lines if "error" not in l):
    nodes, A = g["nodes"], {}
    for s, t, w in g["edges"]: A[t, s] = w
    inputs = [sum(abs(A.get((t, s), 0)) for s in range(len(nodes))) for t in range(len(nodes))]
    groups, found = g["groups"], {(s, t): (w, q) for s, t, w, q in g["group_edges"]}
    assert groups[0]["kind"] == "output"
    members = [x["members"] for x in groups]
    assert len(sum(members, [])) == len(set(sum(members, [])))
    least = .01 * sum(n.get("influence") or 0 for n in nodes)
    assert all(x["influence"] > least for x in groups[1:])	# no box for next to nothing
    for t, x in enumerate(groups):
        if t: assert abs(x["influence"] - sum(nodes[i]["influence"] for i in x["members"])) < 1e-7
        outside = {i: inputs[i] - sum(abs(A.get((i, j), 0)) for j in members[t]) for i in members[t]}
        total = sum(outside[i] / inputs[i] for i in members[t] if inputs[i])
        for s in range(len(groups)):
            weight = sum(A.get((i, j), 0) for i in members[t] for j in members[s]) if s != t else 0
            share = sum(A.get((i, j), 0) / inputs[i] for i in members[t] if inputs[i] for j in members[s]) / total if total else 0
            w, q = found.get((s, t), (0, 0))
            if s != t:
                assert abs(w - weight) < 1e-5 * (1 + abs(w)) and abs(q - share) < 1e-5, (w, weight, q, share)
            checked += w != 0
        if total:
            others = sum(A.get((i, j), 0) for i in members[t] for j in range(len(nodes)) if j not in sum(members, []))
            left = 1 - sum(abs(q) for (_, u), (_, q) in found.items() if u == t)
            assert abs(x["rest"] - others) < 1e-5 * (1 + abs(others)) and abs(x["rest_share"] - left) < 1e-6
            fed += 1
        else: assert x["rest"] is None and x["rest_share"] is None
assert checked > 15 and fed > 5, (checked, fed)
EOF2
if command -v python3 >/dev/null 2>&1; then
	ok "groups and edges add up, with what is left" python3 "$tmp/adds.py" "$tmp/lines"
fi
# What recurs, by an independent program, from the same lines and from those of the capitals below.
cat >"$tmp/recurs.py" <<'EOF3'
import json, re, statistics, sys
got, about = json.load(open(sys.argv[1])), sys.argv[2] == "about"
lines = [json.loads(l) for l in open(sys.argv[3])]
graphs = [l for l in lines if "error" not in l]
def name(g):
    if g["kind"] == "output": return "output"
    if g["class"] is None or g["kind"] == "error": return g["name"]
    if g["kind"] == "input": return 'input "%s"' % g["class"]
    values = re.findall("<[^>]*>", g["class"]) if about else []
    said = "say " if g["class"].startswith("say ") else ""
    return '"%s"' % (said + " ".join(values) if values else g["class"])
influence, weight, inflow, where = {}, {}, {}, {}
for l in graphs:
    names = [name(g) for g in l["groups"]]
    here, w, q = {}, {}, {}
    for n, g in zip(names, l["groups"]):
        if n != "output": here[n] = here.get(n, 0) + g["influence"]
    for s, t, x, share in l["group_edges"]:
        if abs(share) >= .01:
            key = names[s], names[t]
            w[key] = w.get(key, 0) + x
            q[key] = q.get(key, 0) + share / names.count(names[t])
    for all_, one in (influence, here), (weight, w), (inflow, q):
        for k, v in one.items(): all_.setdefault(k, []).append(v)
    for k in [*here, *w]: where.setdefault(k, []).append(l["line"])
def same(stat, values):
    sd = statistics.stdev(values) if len(values) > 1 else None
    assert abs(stat["mean"] - statistics.fmean(values)) < 1e-6 * (1 + abs(stat["mean"])), (stat, values)
    assert stat["sd"] is None if sd is None else abs(stat["sd"] - sd) < 1e-6 * (1 + sd), (stat, values)
def row(r, key, n):
    assert r["prompts"] == n and abs(r["share"] - n / len(graphs)) < 1e-8
    assert r["absent"] == [l["line"] for l in graphs if l["line"] not in where[key]]
assert got["prompts"] == len(graphs) and got["failed"] == len(lines) - len(graphs)
assert {g["node"] for g in got["groups"]} == set(influence)
assert {(e["source"], e["target"]) for e in got["edges"]} == set(weight)
for g in got["groups"]:
    row(g, g["node"], len(influence[g["node"]])); same(g["influence"], influence[g["node"]])
for e in got["edges"]:
    key = e["source"], e["target"]
    row(e, key, len(weight[key])); same(e["weight"], weight[key]); same(e["inflow"], inflow[key])
assert len(weight) > 5
EOF3
# recurs LINES: both ways of counting.
recurs() {
	for by in groups about; do
		"$CTRACE" aggregate --$by --min 1 --json "$tmp/recurs.json" "$1" && python3 "$tmp/recurs.py" "$tmp/recurs.json" $by "$1" ||
		    return 1
	done
}
if command -v python3 >/dev/null 2>&1; then
	ok "an independent program finds the same to recur" recurs "$tmp/lines"
fi
run trace -m "$golden" --batch "$tmp/prompts"
ok "without --groups a line has none" [ "$(grep -c '"group' "$tmp/out")" = 0 ]

# The capitals: every prompt about a state has a group about it, whichever state.
capitals=$top/models/capitals
if [ -f "$capitals/model.safetensors" ]; then
	for city in Dallas Miami Chicago Detroit Seattle; do echo "the capital of the state containing $city is"; done >"$tmp/cities"
	echo "the bird of the state containing Dallas is" >>"$tmp/cities"
	run trace -m "$capitals" --batch "$tmp/cities" --groups --json "$tmp/cities.jsonl"
	ok "six prompts" [ "$status" = 0 ]
	if command -v python3 >/dev/null 2>&1; then
		ok "the same recurs by an independent program" recurs "$tmp/cities.jsonl"
	fi
	ok "the name is the prompt's, the class everyone's" grep -q '"name":"Texas","class":"<state>"' "$tmp/cities.jsonl"
	ok "so it is of words" grep -q '"name":"Dallas","class":"<city>"' "$tmp/cities.jsonl"
	run aggregate --about "$tmp/cities.jsonl"
	ok "all have a group about the state" has '^  "<state>" +6 100.0%'
	ok "that feeds the answer" has '^  "<state>" +-> output +6 100.0%  share \+[2-6]'
	ok "and is fed by the city" has '^  input "<city>" +-> "<state>" +6 100.0%  share \+'
	ok "one asks for something else" has '^  input "capital" +5  83.3%  influence .* absent in line 6$'
	run aggregate --groups "$tmp/cities.jsonl"
	ok "and named by what its labels have in common" has '^  "<state>" +6 100.0%'
fi
exit $failed
