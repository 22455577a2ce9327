/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PICK_H
#define KUKEON_PICK_H

#include "model.h"

/*
 * Some members of a type, picked by their paths ("metadata.name", "status.containers"):
 * each with all that is below it. In a list of objects a path goes on in every element.
 */
struct pick;

/* Names that the type does not have are passed over: a newer client may ask for more. */
struct pick *pick_new(const struct model_type *t, const struct strlist *paths)
	__attribute__((returns_nonnull));
struct pick *pick_free(struct pick *p);

static inline void pick_freep(struct pick **p)
{
	*p = pick_free(*p);
}

/*
 * Whether row i of the picked type is wanted, and what of it: *ret is NULL for all.
 * p NULL: everything is.
 */
bool pick_has(const struct pick *p, size_t i, const struct pick **ret);

/* Whether the member of that path, or a part of it, is wanted. p NULL: true. */
bool pick_wants(const struct pick *p, const char *path);

#endif
