/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "copy.h"
#include "mem.h"
#include "model.h"
#include "overlay.h"
#include "str.h"

struct entry {
	char *names[4]; /* of the address; NULL below its level */
	const struct model_type *type; /* NULL: never put */
	void *doc; /* NULL: it is gone */
	bool cut; /* it was removed once: nothing that the disk has below it is left */
};

struct overlay {
	struct entry *v;
	size_t n;
};

struct overlay *overlay_new(void)
{
	return xcalloc(1, sizeof(struct overlay));
}

static void set_doc(struct entry *e, void *owned_doc)
{
	if (e->doc)
		model_clear(e->type, e->doc);
	free(e->doc);
	e->doc = owned_doc;
}

static void entry_clear(struct entry *e)
{
	set_doc(e, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(e->names); i++)
		free(e->names[i]);
}

struct overlay *overlay_free(struct overlay *o)
{
	if (!o)
		return NULL;
	for (size_t i = 0; i < o->n; i++)
		entry_clear(&o->v[i]);
	free(o->v);
	free(o);
	return NULL;
}

static size_t level_of(const struct entry *e)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(e->names) && e->names[n])
		n++;
	return n;
}

/* The first n names are the same. */
static bool same_names(const struct entry *e, const struct addr *a, size_t n)
{
	const char *names[] = { a->realm, a->space, a->stack, a->cell };

	for (size_t i = 0; i < n; i++)
		if (!streq_null(e->names[i], names[i]))
			return false;
	return true;
}

static struct entry *find(const struct overlay *o, const struct addr *a)
{
	size_t level = addr_level(a);

	for (size_t i = 0; i < o->n; i++)
		if (level_of(&o->v[i]) == level && same_names(&o->v[i], a, level))
			return &o->v[i];
	return NULL;
}

static struct entry *find_or_add(struct overlay *o, const struct addr *a)
{
	const char *names[] = { a->realm, a->space, a->stack, a->cell };
	struct entry *e = find(o, a);

	if (e)
		return e;
	e = vec_grow(&o->v, &o->n, sizeof(*e));
	for (size_t i = 0; i < addr_level(a); i++)
		e->names[i] = xstrdup(names[i]);
	return e;
}

void overlay_put(struct overlay *o, const struct addr *a, const struct model_type *type,
		 const void *doc)
{
	void *copy = xcalloc(1, type->size);
	struct entry *e;

	assert(addr_level(a) != ADDR_ROOT);
	model_copy(type, copy, doc);
	e = find_or_add(o, a);
	e->type = type;
	set_doc(e, copy);
}

void overlay_remove(struct overlay *o, const struct addr *a)
{
	size_t level = addr_level(a);

	assert(addr_level(a) != ADDR_ROOT);
	for (size_t i = 0; i < o->n; i++)
		if (level_of(&o->v[i]) >= level && same_names(&o->v[i], a, level))
			set_doc(&o->v[i], NULL);
	find_or_add(o, a)->cut = true;
}

int overlay_find(const struct overlay *o, const struct addr *a, const void **ret_doc)
{
	const struct entry *e = o ? find(o, a) : NULL;

	if (e && e->doc) {
		*ret_doc = e->doc;
		return 1;
	}
	if (e)
		return 0;
	for (struct addr up = addr_parent(a); o && addr_level(&up) > ADDR_ROOT;
	     up = addr_parent(&up)) {
		e = find(o, &up);
		if (e && e->cut)
			return 0;
	}
	return -ENOENT;
}

bool overlay_has(const struct overlay *o, const struct addr *a)
{
	const void *doc;

	return overlay_find(o, a, &doc) > 0;
}

bool overlay_removed_below(const struct overlay *o, const struct addr *a)
{
	size_t level = addr_level(a);

	for (size_t i = 0; o && i < o->n; i++)
		if (!o->v[i].doc && level_of(&o->v[i]) > level && same_names(&o->v[i], a, level))
			return true;
	return false;
}

void overlay_list(const struct overlay *o, const struct addr *parent, struct strlist *ret)
{
	size_t level = addr_level(parent);

	for (size_t i = 0; o && i < o->n; i++)
		if (o->v[i].doc && level_of(&o->v[i]) == level + 1 &&
		    same_names(&o->v[i], parent, level) && !strlist_has(ret, o->v[i].names[level]))
			strlist_add(ret, o->v[i].names[level]);
}
