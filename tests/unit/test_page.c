/*
 * page: the page of HTML says what the graph and the page's other parts have: which inputs of a node, how
 * strong, and how many are left; the shares of cards and clamps.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graphs.h"
#include "share/page.h"

/*
 * An output with 12 inputs of weights 1, -2, 3 and so on; the strongest has 10, that one's strongest 6, and
 * that one's 5. The output's inputs are of layer 3.
 */
static const int fans[] = { 12, 10, 6, 5 };
enum { LEVELS = sizeof fans / sizeof *fans };

static char *
make_graph(void)
{
	struct ct_buffer b = { 0 };

	ct_buffer_puts(&b, "{" META ",\"nodes\":[" NODE("4_4_1", "logit", "\"4\"", "1",
	    ",\"token_prob\":0.5,\"clerp\":\"Output \\\"X\\\" (p=0.500)\""));
	for (int k = 0; k < LEVELS; k++)
		for (int i = 1; i <= fans[k]; i++)
			ct_buffer_printf(&b, "," NODE("%d_%d_1", "cross layer transcoder", "\"%d\"", "1",
			    ",\"activation\":1"), 3 - k, i, 3 - k);
	ct_buffer_puts(&b, "],\"links\":[");
	for (int k = 0; k < LEVELS; k++)
		for (int i = 1; i <= fans[k]; i++)
			ct_buffer_printf(&b, "%s" LINK("%d_%d_1", "%d_%d_1", "%d"), k || i > 1 ? "," : "",
			    3 - k, i, 4 - k, k ? fans[k - 1] : 4, i % 2 ? i : -i);
	ct_buffer_puts(&b, "]}");
	return ct_buffer_take(&b, NULL);
}

static char *
page_of(const char *json, const struct ct_page *page)
{
	struct ct_graph_file *f = graphs_good(json);
	struct ct_graph_names names = ct_graph_file_names(f);
	struct ct_export x = { .graph = &f->graph, .subgraph = &f->subgraph, .names = &names, .page = page };
	struct ct_buffer b = { 0 };
	struct ct_error err = { 0 };
	char *text;

	assert_int_equal(ct_page_html(&b, &x, &err), CT_OK);
	text = ct_buffer_take(&b, NULL);
	assert_non_null(text);
	ct_graph_file_close(f);
	return text;
}

/* The tree's rows by level, as weights with the lengths of their bars; ">" and "<" begin and end a level. */
static void
read_tree(const char *page, char *out, size_t n)
{
	const char *at = strstr(page, "<section id=\"tree\">"), *bar;
	const char *end = at ? strstr(at, "</section>") : NULL;
	size_t used = 0;

	assert_non_null(end);
	for (; at < end && used + 40 < n; at++)
		if (strncmp(at, "<ul>", 4) == 0) {
			used += (size_t)snprintf(out + used, n - used, "> ");
		} else if (strncmp(at, "</ul>", 5) == 0) {
			used += (size_t)snprintf(out + used, n - used, "< ");
		} else if (strncmp(at, "<li class=\"dim\">", 16) == 0) {
			used += (size_t)snprintf(out + used, n - used, "and%ld ", strtol(at + 16, NULL, 10));
		} else if (strncmp(at, "<span class=\"row\">", 18) == 0) {
			bar = strstr(at, "--w:");
			at = strstr(at, "</span><span class=\"") + 20;
			used += (size_t)snprintf(out + used, n - used, "%s%g:%g%% ",
			    strncmp(at, "minus", 5) == 0 ? "minus" : "", strtod(strchr(at, '>') + 1, NULL),
			    strtod(bar + 4, NULL));
		}
}

static void
trees_have_the_strongest(void **state)
{
	char *json = make_graph(), *page = page_of(json, NULL), tree[2000];

	(void)state;
	read_tree(page, tree, sizeof tree);
	assert_string_equal(tree,
	    "> minus-12:100% > minus-10:100% > minus-6:100% > 5:100% minus-4:80% 3:60% and2 < "
	    "5:83.3% > < minus-4:66.7% > < and3 < 9:90% > < minus-8:80% > < 7:70% > < and6 < 11:91.7% > < "
	    "minus-10:83.3% > < 9:75% > < minus-8:66.7% > < 7:58.3% > < minus-6:50% > < 5:41.7% > < and4 < ");
	free(page);
	free(json);
}

/* Of the feature of layer 3 with this number; no other has a card. */
static int
card(void *ctx, int layer, int feature, struct ct_page_card *out, struct ct_error *err)
{
	static const char *const tokens[] = { "one", "<two>", "three" };
	static const float acts[] = { 2, 0, 4 };

	if (layer != 3 || feature != *(int *)ctx)
		return ct_fail(err, CT_ENOTFOUND, "no card");
	*out = (struct ct_page_card){
		.label = "a & b", .f1 = 0.875, .frequency = 0.0125, .n_examples = 2,
		.says = "yes", .says_less = "no"
	};
	for (int i = 0; i < out->n_examples; i++)
		out->example[i] = (struct ct_page_example){ tokens, acts, 3, 2 };
	return CT_OK;
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

static void
parts_are_said(void **state)
{
	static const char *const clamps[] = { "L3#12=0", "L3#11=2" }, *const notes[] = { "first", "second" };
	struct ct_page_box boxes[] = { { "Texas <b>", false, 1, 0.25 }, { "output X", true, 0.5, 0.125 },
		{ "error L1@8", false, NAN, NAN } };
	int feature = 12;
	struct ct_page with = {
		.model = "the model", .clamps = clamps, .n_clamps = 2, .mode = "frozen",
		.change = { { "X", 0.5, 0.25 }, { "Y", 0.125, 1 } }, .n_changes = 2,
		.box = boxes, .n_boxes = 3, .notes = notes, .n_notes = 2, .card = card, .ctx = &feature
	};
	char *json = make_graph(), *page = page_of(json, &with);

	(void)state;
	assert_int_equal(count(page, "<article"), 1);
	assert_non_null(strstr(page, "<article id=\"L3-12\"><h3>a &amp; b</h3><p class=\"dim\">L3#12 · "
	    "F1 0.88 · active on 1.25% of tokens</p><p>says <b>yes</b><br>against no</p>"));
	assert_int_equal(count(page, "<li><mark style=\"--a:50%\">one</mark>&lt;two&gt;<mark "
	    "style=\"--a:85%\">three</mark></li>"), 2);
	assert_non_null(strstr(page, "<code>L3#12=0</code> <code>L3#11=2</code> "
	    "<span class=\"dim\">frozen</span>"));
	assert_non_null(strstr(page, "<tr><td>X<td><i style=\"--w:50.0%\"></i>50.0%<td>"
	    "<i style=\"--w:25.0%\"></i>25.0%</tr>\n"
	    "<tr><td>Y<td><i style=\"--w:12.5%\"></i>12.5%<td><i style=\"--w:100.0%\"></i>"
	    "100.0%</tr>\n</table>"));
	assert_non_null(strstr(page, "<tr><td>Texas &lt;b&gt;<td>100.0%<td>25.0%<td>of its activation</tr>\n"
	    "<tr><td>output X<td>50.0%<td>12.5%<td>probability</tr>\n"
	    "<tr><td>error L1@8<td><td><td></tr>\n</table>"));
	assert_non_null(strstr(page, "<li>first</li>\n<li>second</li>\n</ul>"));
	assert_int_equal(count(page, "class=\"here\""), 1);
	assert_non_null(strstr(page, "<span class=\"here\">b</span>"));
	free(page);
	with.n_clamps = with.n_notes = 0;
	with.card = NULL;
	page = page_of(json, &with);
	assert_true(!strstr(page, "Clamps</h2>") && !strstr(page, "Notes</h2>") && !strstr(page, "<article"));
	free(page);
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_have_the_strongest),
		cmocka_unit_test(parts_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
