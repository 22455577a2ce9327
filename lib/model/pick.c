/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "pick.h"

#include "mem.h"
#include "str.h"

struct pick {
	const struct model_type *type;
	bool all; /* of this member; rows do not matter */
	struct pick **rows; /* of the type's rows; NULL: not wanted */
};

static struct pick *new_pick(const struct model_type *t)
{
	struct pick *p = xcalloc(1, sizeof(*p));

	p->type = t;
	p->rows = t ? xcalloc(t->n_fields + 1, sizeof(struct pick *)) : NULL;
	return p;
}

struct pick *pick_free(struct pick *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; p->type && i < p->type->n_fields; i++)
		(void) pick_free(p->rows[i]);
	free(p->rows);
	free(p);
	return NULL;
}

/* The row of a name of n bytes; embedded rows stand for those of their struct. */
static const struct field *row_of(const struct model_type *t, const char *name, size_t n)
{
	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++) {
		if (f->type == FIELD_EMBED ? row_of(f->obj, name, n) != NULL
					   : strlen(f->name) == n && memcmp(f->name, name, n) == 0)
			return f;
	}
	return NULL;
}

static void add(struct pick *p, const char *path)
{
	size_t n = strcspn(path, ".");
	const struct field *f = p->type ? row_of(p->type, path, n) : NULL;
	struct pick **row;

	if (!f)
		return;
	row = &p->rows[f - p->type->fields];
	if (!*row)
		*row = new_pick(f->obj);
	if (f->type == FIELD_EMBED)
		add(*row, path);
	else if (path[n] == '\0' || !f->obj)
		(*row)->all = true;
	else
		add(*row, path + n + 1);
}

struct pick *pick_new(const struct model_type *t, const struct strlist *paths)
{
	struct pick *p = new_pick(t);

	for (size_t i = 0; i < paths->n; i++)
		add(p, paths->v[i]);
	return p;
}

bool pick_has(const struct pick *p, size_t i, const struct pick **ret)
{
	*ret = NULL;
	if (!p)
		return true;
	if (!p->rows[i])
		return false;
	*ret = p->rows[i]->all ? NULL : p->rows[i];
	return true;
}

bool pick_wants(const struct pick *p, const char *path)
{
	size_t n = strcspn(path, ".");
	const struct field *f;

	if (!p || p->all || n == 0)
		return true;
	f = p->type ? row_of(p->type, path, n) : NULL;
	if (!f)
		return false;
	p = p->rows[f - p->type->fields];
	if (!p)
		return false;
	return pick_wants(p, f->type == FIELD_EMBED ? path : path[n] ? path + n + 1 : "");
}
