/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VEC_H
#define KUKEON_VEC_H

#include "defs.h"

/*
 * A list of strings. v is NULL for "no list at all" (JSON null) and not NULL,
 * with n 0, for an empty one. The strings are owned by the list; v is always
 * terminated by a NULL entry, so it can be handed to exec.
 */
struct strlist {
	char **v;
	size_t n;
};

void strlist_clear(struct strlist *l);
void strlist_add(struct strlist *l, const char *s);
void strlist_addf(struct strlist *l, const char *fmt, ...) printf_like(2, 3);
void strlist_add_owned(struct strlist *l, char *owned_s);
void strlist_make_empty(struct strlist *l); /* an empty list instead of none */
void strlist_remove(struct strlist *l, size_t i);
void strlist_copy(struct strlist *to, const struct strlist *from); /* to is cleared first */
bool strlist_eq(const struct strlist *a, const struct strlist *b); /* none equals empty */
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l); /* byte-wise */
bool strlist_find(const struct strlist *l, const char *s); /* strlist_has of a sorted list */

#define cleanup_strlist cleanup_(strlist_clear)

/* A map from string to string, kept in byte-wise order of its keys. */
struct strmap_item {
	char *key;
	char *value;
};

struct strmap {
	struct strmap_item *v; /* NULL: no map at all */
	size_t n;
};

void strmap_clear(struct strmap *m);
void strmap_set(struct strmap *m, const char *key, const char *value);
bool strmap_remove(struct strmap *m, const char *key);
const char *strmap_get(const struct strmap *m, const char *key); /* NULL: no such key */
void strmap_make_empty(struct strmap *m);
void strmap_copy(struct strmap *to, const struct strmap *from);
bool strmap_eq(const struct strmap *a, const struct strmap *b);

#define cleanup_strmap cleanup_(strmap_clear)

/*
 * Grow an array that lives in a struct as a pair of pointer and count:
 * `struct x *x = vec_grow(&s->items, &s->n, sizeof(*s->items));` gives the new,
 * zeroed last element. Grows by doubling at powers of two.
 */
void *vec_grow(void *array_p, size_t *n, size_t size) __attribute__((returns_nonnull));

#endif
