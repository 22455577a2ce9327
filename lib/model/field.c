/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "field.h"
#include "model.h"

#include "mem.h"
#include "str.h"

/*
 * Lists and pointers are accessed as bytes (memcpy): C's aliasing rules do not allow to
 * access a LIST_OF(T) through another struct type.
 */

struct list_view list_view(const void *list)
{
	struct list_view view;

	memcpy(&view, list, sizeof(view));
	return view;
}

static void list_store(void *list, const struct list_view *view)
{
	memcpy(list, view, sizeof(*view));
}

void *list_grow(void *list, size_t size)
{
	struct list_view view = list_view(list);
	void *item;

	item = vec_grow(&view.v, &view.n, size);
	list_store(list, &view);
	return item;
}

void list_make_empty(void *list, size_t size)
{
	struct list_view view = list_view(list);

	if (view.v)
		return;
	view.v = xcalloc(1, size);
	list_store(list, &view);
}

void *objptr_get(const void *member)
{
	void *p;

	memcpy(&p, member, sizeof(p));
	return p;
}

void *objptr_make(void *member, const struct model_type *t)
{
	void *p = objptr_get(member);

	if (!p) {
		p = xcalloc(1, t->size);
		memcpy(member, &p, sizeof(p));
	}
	return p;
}

const struct field *model_find(const struct model_type *t, const char *name, size_t *ret_base)
{
	const struct field *f, *inner;
	size_t base = 0;

	for (f = t->fields; f < t->fields + t->n_fields; f++) {
		if (f->type == FIELD_EMBED) {
			inner = model_find(f->obj, name, &base);
			if (!inner)
				continue;
			if (ret_base)
				*ret_base = f->offset + base;
			return inner;
		}
		if (streq(f->name, name)) {
			if (ret_base)
				*ret_base = 0;
			return f;
		}
	}
	return NULL;
}

bool field_is_zero(const struct field *f, const void *m)
{
	switch (f->type) {
	case FIELD_STRING:
		return str_empty(objptr_get(m));
	case FIELD_NSTRING:
	case FIELD_OBJPTR:
		return !objptr_get(m);
	case FIELD_BOOL:
		return !*(const bool *) m;
	case FIELD_NBOOL:
		return !((const struct nbool *) m)->set;
	case FIELD_INT:
		return *(const int64_t *) m == 0;
	case FIELD_NINT:
		return !((const struct nint *) m)->set;
	case FIELD_UINT32:
		return *(const uint32_t *) m == 0;
	case FIELD_TIME:
		return !((const struct ktime *) m)->set;
	case FIELD_STATE:
		return field_state(m) == 0;
	case FIELD_STRLIST:
		return ((const struct strlist *) m)->n == 0;
	case FIELD_STRMAP:
		return ((const struct strmap *) m)->n == 0;
	case FIELD_INTLIST:
	case FIELD_OBJLIST:
		return list_view(m).n == 0;
	case FIELD_BYTES:
		return ((const struct buf *) m)->len == 0;
	case FIELD_OBJ:
	case FIELD_EMBED:
		return model_is_zero(f->obj, m);
	case _FIELD_TYPE_MAX:
		break;
	}
	return true;
}

bool model_is_zero(const struct model_type *t, const void *obj)
{
	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++)
		if (!field_is_zero(f, field_cptr(f, obj)))
			return false;
	return true;
}

static bool nstring_eq(const struct nstring *a, const struct nstring *b)
{
	return !a->v == !b->v && streq_null(a->v, b->v);
}

static bool objlist_eq(const struct model_type *t, const void *a, const void *b)
{
	struct list_view x = list_view(a), y = list_view(b);

	if (x.n != y.n)
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (!model_eq(t, x.v + i * t->size, y.v + i * t->size))
			return false;
	return true;
}

static bool intlist_eq(const void *a, const void *b)
{
	struct list_view x = list_view(a), y = list_view(b);

	return x.n == y.n && (x.n == 0 || memcmp(x.v, y.v, x.n * sizeof(int64_t)) == 0);
}

/* A missing object equals an empty one. */
static bool objptr_eq(const struct model_type *t, const void *a, const void *b)
{
	const void *x = objptr_get(a), *y = objptr_get(b);

	if (x && y)
		return model_eq(t, x, y);
	return (!x || model_is_zero(t, x)) && (!y || model_is_zero(t, y));
}

static bool nbool_eq(const struct nbool *a, const struct nbool *b)
{
	return a->set == b->set && (!a->set || a->v == b->v);
}

static bool nint_eq(const struct nint *a, const struct nint *b)
{
	return a->set == b->set && (!a->set || a->v == b->v);
}

static bool bytes_eq(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool field_eq(const struct field *f, const void *a, const void *b)
{
	switch (f->type) {
	case FIELD_STRING:
		return streq_null(objptr_get(a), objptr_get(b));
	case FIELD_NSTRING:
		return nstring_eq(a, b);
	case FIELD_BOOL:
		return *(const bool *) a == *(const bool *) b;
	case FIELD_NBOOL:
		return nbool_eq(a, b);
	case FIELD_INT:
		return *(const int64_t *) a == *(const int64_t *) b;
	case FIELD_NINT:
		return nint_eq(a, b);
	case FIELD_UINT32:
		return *(const uint32_t *) a == *(const uint32_t *) b;
	case FIELD_TIME:
		return ktime_cmp(a, b) == 0;
	case FIELD_STATE:
		return field_state(a) == field_state(b);
	case FIELD_STRLIST:
		return strlist_eq(a, b);
	case FIELD_STRMAP:
		return strmap_eq(a, b);
	case FIELD_INTLIST:
		return intlist_eq(a, b);
	case FIELD_OBJLIST:
		return objlist_eq(f->obj, a, b);
	case FIELD_OBJPTR:
		return objptr_eq(f->obj, a, b);
	case FIELD_BYTES:
		return bytes_eq(a, b);
	case FIELD_OBJ:
	case FIELD_EMBED:
		return model_eq(f->obj, a, b);
	case _FIELD_TYPE_MAX:
		break;
	}
	return false;
}

bool model_eq(const struct model_type *t, const void *a, const void *b)
{
	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++)
		if (!field_eq(f, field_cptr(f, a), field_cptr(f, b)))
			return false;
	return true;
}
