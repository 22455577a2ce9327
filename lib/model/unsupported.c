/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "convert.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "rowutil.h"
#include "str.h"
#include "unsupported.h"

/*
 * Fields that are not implemented yet. A document that sets one is refused with `not
 * supported yet: <path>`. Implementing a field removes its row; when the tables are
 * empty, delete this file.
 *
 * path is relative to the type the table is for, dots between wire names. is_set: NULL:
 * use row_has_content(); else called with the whole object.
 */
struct unsupported {
	const char *path;
	bool (*is_set)(const void *obj);
};

static const struct unsupported server_rows[] = {
	{ "spec.kukeondImage", NULL },
};

static const struct {
	enum kind kind;
	const struct unsupported *rows;
	size_t n;
} tables[] = {
	{ KIND_SERVER_CONFIGURATION, server_rows, ARRAY_SIZE(server_rows) },
};

/* Whether the field at path, starting from obj, is set. */
static bool path_has_content(const struct model_type *t, const void *obj, const char *path)
{
	cleanup_free char *name = NULL;
	const char *dot = strchr(path, '.');
	const struct field *f;
	const void *p;

	name = dot == NULL ? xstrdup(path) : xstrndup(path, (size_t) (dot - path));
	f = model_find(t, name, NULL);
	if (f == NULL)
		return false; /* cannot happen: a unit test checks every path of the tables */
	if (dot == NULL)
		return row_has_content(f, obj);
	p = field_cptr(f, obj);
	if (f->type == FIELD_OBJPTR)
		p = *(void *const *) p;
	return p != NULL && path_has_content(f->obj, p, dot + 1);
}

static bool row_applies(const struct unsupported *u, const struct model_type *t, const void *obj)
{
	return u->is_set != NULL ? u->is_set(obj) : path_has_content(t, obj, u->path);
}

int validate_supported(enum kind kind, const void *doc, struct kerr *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i].kind != kind)
			continue;
		for (size_t k = 0; k < tables[i].n; k++)
			if (row_applies(&tables[i].rows[k], kind_info(kind)->type, doc))
				return kerr_plain(err, -EINVAL, "not supported yet: %s",
						  tables[i].rows[k].path);
	}
	return 0;
}

bool validate_path_unsupported(enum kind kind, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i].kind != kind)
			continue;
		for (size_t k = 0; k < tables[i].n; k++)
			if (streq(tables[i].rows[k].path, path))
				return true;
	}
	return false;
}
