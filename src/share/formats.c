/* formats: see formats.h. */
#include "share/formats.h"

#include <string.h>

#include "share/graph_json.h"
#include "share/page.h"
#include "share/picture.h"

static int
write_json(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err)
{
	return ct_graph_json_write(to, true, x, err);
}

static const struct format {
	const char *name;
	int (*write)(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);
} formats[] = {
	{ "dot", ct_picture_dot },
	{ "svg", ct_picture_svg },
	{ "html", ct_page_html },
	{ "json", write_json },
	{ 0 }
};

static const struct format *
find(const char *name)
{
	const struct format *f = formats;

	while (f->name && strcmp(f->name, name) != 0)
		f++;
	return f->name ? f : NULL;
}

bool
ct_format_known(const char *name)
{
	return find(name);
}

int
ct_format_write(const char *name, const struct ct_export *x, ct_drain_fn write, void *ctx,
    struct ct_error *err)
{
	const struct format *f = find(name);
	struct ct_buffer to = { .drain = write, .ctx = ctx, .err = err };
	int code;

	if (!f)
		return ct_fail(err, CT_EINVAL, "expected dot, svg, html or json, found %s",
		    *name ? name : "nothing");
	if ((code = f->write(&to, x, err)) < 0) {
		ct_buffer_free(&to);
		return code;
	}
	return ct_buffer_finish(&to);
}
