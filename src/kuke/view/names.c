/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "get.h"
#include "mem.h"
#include "model.h"
#include "names.h"
#include "pages.h"
#include "str.h"

int names_read(const struct cli *c, struct strlist *ret, struct selector *ret_selector,
	       struct kerr *err)
{
	const struct strlist *terms = cli_list(c, "selector");

	for (size_t i = 0; i < c->args.n; i++) {
		cleanup_free char *name = cli_arg(c, i);

		if (*name && !strlist_has(ret, name))
			strlist_add(ret, name);
	}
	if (ret->n > 0 && terms->n > 0)
		return kerr_plain(err, -EINVAL, "names and --selector cannot be used together");
	for (size_t i = 0; i < terms->n; i++) {
		int r = selector_parse(ret_selector, terms->v[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

int names_given(struct cli *c, struct kerr *err)
{
	if (c->args.n > 0 || cli_given(c, "selector"))
		return 0;
	cmd_usage_hint(c);
	return kerr_plain(err, -EINVAL, "accepts 1 arg(s), received 0");
}

struct selected {
	enum kind kind;
	struct strlist *names;
};

static int add_selected(void *ctx, const void *doc)
{
	const struct selected *s = ctx;

	strlist_add(s->names, get_name(s->kind, doc));
	return 0;
}

int names_wanted(struct cli *c, enum kind kind, const struct scope *scope, struct strlist *ret,
		 struct kerr *err)
{
	cleanup_(selector_clear) struct selector selector = { 0 };
	cleanup_strlist struct strlist fields = { 0 };
	const struct pages matching = {
		.kind = kind, .scope = scope, .selector = &selector, .fields = &fields
	};
	struct selected s = { kind, ret };
	int r = names_read(c, ret, &selector, err);

	for (size_t i = 0; r == 0 && i < c->args.n; i++) {
		cleanup_free char *name = cli_arg(c, i);

		if (!*name)
			r = kerr_plain(err, -EINVAL, "%s name is required", kind_info(kind)->word);
	}
	if (r < 0 || ret->n > 0)
		return r;
	get_name_fields(kind, &fields);
	r = pages_each(c, &matching, add_selected, &s, err);
	if (r == 0 && ret->n == 0)
		cli_printf("No %s match.\n", kind_info(kind)->plural);
	return r;
}

int names_each(struct cli *c, const struct strlist *names, names_begin_fn *begin, names_fn *fn,
	       void *ctx, struct kerr *err)
{
	bool failed = false;
	size_t begun = 0;

	if (names->n == 1)
		return fn(c, names->v[0], ctx, err);
	for (size_t i = 0; i < names->n; i++) {
		struct kerr why = { 0 };

		for (; begin && begun < names->n && begun < i + CLI_MAX_EARLY; begun++)
			begin(c, names->v[begun], ctx);
		if (fn(c, names->v[i], ctx, &why) == 0)
			continue;
		if (!c->client) { /* no daemon: the rest would fail the same way */
			if (err)
				*err = why;
			return -EIO;
		}
		failed = true;
		cmd_print_error(c, &why);
		free_p(&c->hint);
	}
	return failed;
}
