/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>

#include "copy.h"
#include "field.h"
#include "model.h"

#include "mem.h"
#include "str.h"

static void objlist_clear(const struct model_type *t, void *list)
{
	struct list_view view = list_view(list);

	for (size_t i = 0; i < view.n; i++)
		model_clear(t, view.v + i * t->size);
	free(view.v);
	memset(list, 0, sizeof(view));
}

static void objptr_clear(const struct model_type *t, void *member)
{
	void *p = objptr_get(member);

	if (!p)
		return;
	model_clear(t, p);
	free(p);
	memset(member, 0, sizeof(p));
}

void field_clear(const struct field *f, void *m)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_NSTRING:
		free(objptr_get(m));
		memset(m, 0, sizeof(char *));
		break;
	case FIELD_INTLIST:
		free(list_view(m).v);
		memset(m, 0, sizeof(struct list_view));
		break;
	case FIELD_STRLIST:
		strlist_clear(m);
		break;
	case FIELD_STRMAP:
		strmap_clear(m);
		break;
	case FIELD_OBJ:
	case FIELD_EMBED:
		model_clear(f->obj, m);
		break;
	case FIELD_OBJPTR:
		objptr_clear(f->obj, m);
		break;
	case FIELD_OBJLIST:
		objlist_clear(f->obj, m);
		break;
	case FIELD_BYTES:
		buf_clear(m);
		break;
	case FIELD_BOOL:
		*(bool *) m = false;
		break;
	case FIELD_NBOOL:
		*(struct nbool *) m = (struct nbool){ 0 };
		break;
	case FIELD_INT:
		*(int64_t *) m = 0;
		break;
	case FIELD_NINT:
		*(struct nint *) m = (struct nint){ 0 };
		break;
	case FIELD_UINT32:
		*(uint32_t *) m = 0;
		break;
	case FIELD_TIME:
		*(struct ktime *) m = (struct ktime){ 0 };
		break;
	case FIELD_STATE:
		memset(m, 0, sizeof(unsigned));
		break;
	case _FIELD_TYPE_MAX:
		break;
	}
}

void model_clear(const struct model_type *t, void *obj)
{
	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++)
		field_clear(f, field_ptr(f, obj));
	memset(obj, 0, t->size);
}

static void objlist_copy(const struct model_type *t, void *to, const void *from)
{
	struct list_view view = list_view(from);

	if (view.v)
		list_make_empty(to, t->size);
	assert(view.v || view.n == 0);
	for (size_t i = 0; i < view.n; i++)
		model_copy(t, list_grow(to, t->size), view.v + i * t->size);
}

static void intlist_copy(void *to, const void *from)
{
	struct list_view view = list_view(from);

	if (view.v)
		list_make_empty(to, sizeof(int64_t));
	assert(view.v || view.n == 0);
	for (size_t i = 0; i < view.n; i++)
		memcpy(list_grow(to, sizeof(int64_t)), view.v + i * sizeof(int64_t),
		       sizeof(int64_t));
}

static void bytes_copy(struct buf *to, const struct buf *from)
{
	buf_init(to, from->max);
	buf_add(to, from->data, from->len);
}

/* *to is zeroed. */
static void field_copy(const struct field *f, void *to, const void *from)
{
	char *s;

	switch (f->type) {
	case FIELD_STRING:
	case FIELD_NSTRING:
		s = xstrdup_null(objptr_get(from));
		memcpy(to, &s, sizeof(s));
		break;
	case FIELD_STRLIST:
		strlist_copy(to, from);
		break;
	case FIELD_STRMAP:
		strmap_copy(to, from);
		break;
	case FIELD_INTLIST:
		intlist_copy(to, from);
		break;
	case FIELD_OBJLIST:
		objlist_copy(f->obj, to, from);
		break;
	case FIELD_OBJPTR:
		if (objptr_get(from))
			model_copy(f->obj, objptr_make(to, f->obj), objptr_get(from));
		break;
	case FIELD_OBJ:
	case FIELD_EMBED:
		model_copy(f->obj, to, from);
		break;
	case FIELD_BYTES:
		bytes_copy(to, from);
		break;
	case FIELD_BOOL:
		*(bool *) to = *(const bool *) from;
		break;
	case FIELD_NBOOL:
		*(struct nbool *) to = *(const struct nbool *) from;
		break;
	case FIELD_INT:
		*(int64_t *) to = *(const int64_t *) from;
		break;
	case FIELD_NINT:
		*(struct nint *) to = *(const struct nint *) from;
		break;
	case FIELD_UINT32:
		*(uint32_t *) to = *(const uint32_t *) from;
		break;
	case FIELD_TIME:
		*(struct ktime *) to = *(const struct ktime *) from;
		break;
	case FIELD_STATE:
		memcpy(to, from, sizeof(unsigned));
		break;
	case _FIELD_TYPE_MAX:
		break;
	}
}

void model_copy(const struct model_type *t, void *to, const void *from)
{
	assert(to != from);
	model_clear(t, to);
	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++)
		field_copy(f, field_ptr(f, to), field_cptr(f, from));
}
