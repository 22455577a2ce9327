/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIELD_H
#define KUKEON_FIELD_H

#include "model.h"

struct list_view list_view(const void *list);

/* A new zeroed element at the end of the list. */
void *list_grow(void *list, size_t size);
void list_make_empty(void *list, size_t size);

/* What FIELD_OBJPTR points to; NULL. */
void *objptr_get(const void *member);

/* The same, but allocates (zeroed) if it is NULL. */
void *objptr_make(void *member, const struct model_type *t);

/*
 * The row of a wire name, looked up through embedded structs; NULL. *ret_base
 * (may be NULL) is the offset of the struct that holds the member.
 */
const struct field *model_find(const struct model_type *t, const char *name, size_t *ret_base);

/* Whether the member has the value of an absent key (empty lists and maps count as zero). */
bool field_is_zero(const struct field *f, const void *member);
bool field_eq(const struct field *f, const void *a, const void *b);
bool model_is_zero(const struct model_type *t, const void *obj);

/* Null equals empty for lists, maps and optional objects; numbers and strings by value. */
bool model_eq(const struct model_type *t, const void *a, const void *b);

#endif
