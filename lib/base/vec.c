/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "mem.h"
#include "vec.h"

static bool is_power_of_two(size_t n)
{
	return n > 0 && (n & (n - 1)) == 0;
}

void strlist_clear(struct strlist *l)
{
	int saved = errno;

	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){ 0 };
	errno = saved;
}

void strlist_make_empty(struct strlist *l)
{
	if (l->v == NULL)
		l->v = xcalloc(1, sizeof(*l->v));
}

/* Capacity is the next power of two that holds the strings and the final NULL. */
void strlist_add_owned(struct strlist *l, char *owned_s)
{
	if (l->v == NULL || is_power_of_two(l->n + 1))
		l->v = xreallocarray(l->v, 2 * (l->n + 1), sizeof(*l->v));
	l->v[l->n++] = owned_s;
	l->v[l->n] = NULL;
}

void strlist_add(struct strlist *l, const char *s)
{
	strlist_add_owned(l, xstrdup(s));
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	strlist_add_owned(l, n < 0 ? xstrdup("") : s);
}

void strlist_remove(struct strlist *l, size_t i)
{
	assert(i < l->n);
	free(l->v[i]);
	memmove(l->v + i, l->v + i + 1, (l->n - i) * sizeof(*l->v));
	l->n--;
}

void strlist_copy(struct strlist *to, const struct strlist *from)
{
	assert(to != from);
	strlist_clear(to);
	if (from->v != NULL)
		strlist_make_empty(to);
	for (size_t i = 0; i < from->n; i++) {
		assert(from->v != NULL);
		strlist_add(to, from->v[i]);
	}
}

bool strlist_eq(const struct strlist *a, const struct strlist *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void strlist_sort(struct strlist *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare_strings);
}

bool strlist_find(const struct strlist *l, const char *s)
{
	return l->n > 0 && bsearch(&s, l->v, l->n, sizeof(*l->v), compare_strings) != NULL;
}

void strmap_clear(struct strmap *m)
{
	int saved = errno;

	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].key);
		free(m->v[i].value);
	}
	free(m->v);
	*m = (struct strmap){ 0 };
	errno = saved;
}

void strmap_make_empty(struct strmap *m)
{
	if (m->v == NULL)
		m->v = xcalloc(1, sizeof(*m->v));
}

/* Index of key, or where it would be inserted. */
static size_t find(const struct strmap *m, const char *key, bool *ret_there)
{
	size_t lo = 0;
	size_t hi = m->n;

	*ret_there = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(m->v[mid].key, key);

		if (c == 0) {
			*ret_there = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void strmap_set(struct strmap *m, const char *key, const char *value)
{
	bool there;
	size_t i = find(m, key, &there);
	char *copy = xstrdup(value);

	if (there) {
		free(m->v[i].value);
		m->v[i].value = copy;
		return;
	}
	(void) vec_grow(&m->v, &m->n, sizeof(*m->v)); /* the element is moved into place below */
	memmove(m->v + i + 1, m->v + i, (m->n - 1 - i) * sizeof(*m->v));
	m->v[i] = (struct strmap_item){ .key = xstrdup(key), .value = copy };
}

bool strmap_remove(struct strmap *m, const char *key)
{
	bool there;
	size_t i = find(m, key, &there);

	if (!there)
		return false;
	free(m->v[i].key);
	free(m->v[i].value);
	memmove(m->v + i, m->v + i + 1, (m->n - i - 1) * sizeof(*m->v));
	m->n--;
	return true;
}

const char *strmap_get(const struct strmap *m, const char *key)
{
	bool there;
	size_t i = find(m, key, &there);

	return there ? m->v[i].value : NULL;
}

void strmap_copy(struct strmap *to, const struct strmap *from)
{
	assert(to != from);
	strmap_clear(to);
	if (from->v != NULL)
		strmap_make_empty(to);
	for (size_t i = 0; i < from->n; i++) {
		assert(from->v != NULL);
		strmap_set(to, from->v[i].key, from->v[i].value);
	}
}

bool strmap_eq(const struct strmap *a, const struct strmap *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].key, b->v[i].key) != 0 ||
		    strcmp(a->v[i].value, b->v[i].value) != 0)
			return false;
	return true;
}

void *vec_grow(void *array_p, size_t *n, size_t size)
{
	char *array;

	memcpy(&array, array_p, sizeof(array));
	if (*n == 0 || is_power_of_two(*n)) {
		array = xreallocarray(array, *n > 0 ? *n * 2 : 1, size);
		memcpy(array_p, &array, sizeof(array));
	}
	array += *n * size;
	memset(array, 0, size);
	(*n)++;
	return array;
}
