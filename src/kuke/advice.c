/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "advice.h"
#include "errkind.h"
#include "mem.h"
#include "model.h"
#include "pages.h"
#include "str.h"
#include "subject.h"

#define PLACES_MAX 8 /* of more, only the number is printed */

struct places {
	struct strlist v;
	const char *name;
};

static void add_place(struct places *p, const struct doc_head *head, const char *realm,
		      const char *space, const char *stack)
{
	cleanup_free char *text = NULL;

	if (!streq_null(head->metadata.name, p->name))
		return;
	text = xasprintf("realm \"%s\"", realm ? realm : "");
	if (space) {
		cleanup_free char *more =
			xasprintf("%s space \"%s\"%s%s%s", text, space, stack ? " stack \"" : "",
				  stack ? stack : "", stack ? "\"" : "");

		strlist_add(&p->v, more);
	} else {
		strlist_add(&p->v, text);
	}
}

static int add_space(void *ctx, const void *doc)
{
	const struct space_doc *d = doc;

	add_place(ctx, &d->head, d->spec.realm_id, NULL, NULL);
	return 0;
}

static int add_stack(void *ctx, const void *doc)
{
	const struct stack_doc *d = doc;

	add_place(ctx, &d->head, d->spec.realm_id, d->spec.space_id, NULL);
	return 0;
}

static int add_cell(void *ctx, const void *doc)
{
	const struct cell_doc *d = doc;

	add_place(ctx, &d->head, d->spec.realm_id, d->spec.space_id, d->spec.stack_id);
	return 0;
}

/* Errors are ignored: without the list there is only no hint. */
static void find_places(struct cli *c, enum kind kind, pages_fn *fn, struct places *p)
{
	struct scope anywhere = { (char[]){ "" }, (char[]){ "" }, (char[]){ "" }, (char[]){ "" } };
	const struct pages all = { .kind = kind, .scope = &anywhere };

	(void) pages_each(c, &all, fn, p, NULL);
}

static void hint_places(struct cli *c, const char *word, struct places *p)
{
	cleanup_buf struct buf text = BUF_INIT(65536);

	if (p->v.n == 0)
		return;
	strlist_sort(&p->v);
	for (size_t i = 0; i < p->v.n && i < PLACES_MAX; i++)
		buf_addf(&text, "%s%s", i ? "; " : "", p->v.v[i]);
	if (p->v.n > PLACES_MAX)
		buf_addf(&text, "; %zu more", p->v.n - PLACES_MAX);
	cli_hint(c, "%s \"%s\" exists in %s; pass %s", word, p->name, buf_str(&text),
		 streq(word, "space")	? "--realm"
		 : streq(word, "stack") ? "--realm and --space"
					: "--realm, --space and --stack");
}

/* The name in `cell "web" not found …`; NULL if there is none. */
static char *missing_name(const char *text, const char *word)
{
	cleanup_free char *begin = xasprintf("%s \"", word);
	const char *end = strstr(text, "\" not found"), *name = NULL;

	for (const char *p = text; end && (p = strstr(p, begin)) && p < end; p++)
		name = p + strlen(begin);
	return name && name < end ? xstrndup(name, (size_t) (end - name)) : NULL;
}

void advice_elsewhere(struct cli *c, const struct kerr *err)
{
	static const struct {
		int error;
		enum kind kind;
		pages_fn *add;
	} rows[] = {
		{ ERR_SPACE_NOT_FOUND, KIND_SPACE, add_space },
		{ ERR_STACK_NOT_FOUND, KIND_STACK, add_stack },
		{ ERR_CELL_NOT_FOUND, KIND_CELL, add_cell },
	};
	struct places p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *word = kind_info(rows[i].kind)->word;
		cleanup_free char *name = missing_name(err->msg, word);

		if (err->kind != rows[i].error || !name)
			continue;
		p.name = name;
		find_places(c, rows[i].kind, rows[i].add, &p);
		hint_places(c, word, &p);
		strlist_clear(&p.v);
	}
}

/* ---- hints from the error's text ---- */

void advice_text(struct cli *c, const char *text)
{
	static const struct {
		const char *part, *hint;
	} rows[] = {
		{ "unknown kind: ", "manifests have Realm, Space, Stack, Cell and Container; "
				    "`kuke explain cell` tells the fields, `kuke run -p` takes "
				    "profiles" },
		{ "spec.realmId is required",
		  "name realm, space and stack (`kuke init` makes default, "
		  "default, default), or use `kuke run -d -f`, which "
		  "fills them in" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strstr(text, rows[i].part))
			continue;
		cli_hint(c, "%s", rows[i].hint);
		return;
	}
}
