/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "field.h"
#include "mem.h"
#include "model.h"
#include "rowutil.h"
#include "str.h"

size_t row_count(const struct model_type *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->n_fields; i++)
		n += t->fields[i].type == FIELD_EMBED ? row_count(t->fields[i].obj) : 1;
	return n;
}

const struct field *row_get(const struct model_type *t, size_t i)
{
	size_t n;

	for (size_t k = 0; k < t->n_fields; k++) {
		if (t->fields[k].type != FIELD_EMBED) {
			if (i == 0)
				return &t->fields[k];
			i--;
			continue;
		}
		/*
		 * doc_head is the first member of every document, so the offsets of its
		 * rows are valid.
		 */
		assert(t->fields[k].offset == 0);
		n = row_count(t->fields[k].obj);
		if (i < n)
			return row_get(t->fields[k].obj, i);
		i -= n;
	}
	return NULL;
}

bool row_has_content(const struct field *f, const void *obj)
{
	const void *p = field_cptr(f, obj);

	if (f->type == FIELD_OBJPTR) {
		p = *(void *const *) p;
		return p != NULL && !model_is_zero(f->obj, p);
	}
	if (f->type == FIELD_OBJ)
		return !model_is_zero(f->obj, p);
	return !field_is_zero(f, p);
}

const char *nearest_name(const char *s, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t i, d, best_d = SIZE_MAX, len = strlen(s);

	if (len > KUKE_MAX_NAME)
		return NULL;
	for (i = 0; i < n; i++) {
		d = str_case_eq(s, names[i]) ? 0 : str_distance(s, names[i]);
		if (d < best_d) {
			best_d = d;
			best = names[i];
		}
	}
	/* Up to a third of the letters may differ; beyond that it is taken for another word. */
	return best != NULL && best_d <= len / 3 + (len < 3) ? best : NULL;
}

const char *row_nearest(const struct model_type *t, const char *s)
{
	cleanup_free const char **names = NULL;
	size_t i, n = row_count(t);

	names = xcalloc(n + 1, sizeof(*names));
	for (i = 0; i < n; i++)
		names[i] = row_get(t, i)->name;
	return nearest_name(s, names, n);
}
