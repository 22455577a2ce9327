/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OVERLAY_H
#define KUKEON_OVERLAY_H

#include "layout.h"
#include "model.h"
#include "vec.h"

/*
 * Documents as they would be: what a dry run has stored and deleted so far, in memory.
 * While a layout has one, store_load, store_exists, store_list and store_unmask see the
 * objects through it. Nothing of it ever reaches the disk: only store_save, store_begin
 * and store_delete write, and they do not know of it.
 */
struct overlay;

struct overlay *overlay_new(void) __attribute__((returns_nonnull));
struct overlay *overlay_free(struct overlay *o);

static inline void overlay_freep(struct overlay **o)
{
	*o = overlay_free(*o);
}

/* As if it were stored; copied. doc is of the address' level, a realm's with its passwords. */
void overlay_put(struct overlay *o, const struct addr *a, const struct model_type *type,
		 const void *doc);

/* As if it were deleted, with all that is below it. */
void overlay_remove(struct overlay *o, const struct addr *a);

/*
 * What the overlay says of an object: 1 and its document (borrowed), 0 that it is gone,
 * -ENOENT that it says nothing. o may be NULL, which says nothing.
 */
int overlay_find(const struct overlay *o, const struct addr *a, const void **ret_doc);

/* Whether it has a document of the object. o may be NULL. */
bool overlay_has(const struct overlay *o, const struct addr *a);

/* Whether it says of anything below the object that it is gone. o may be NULL. */
bool overlay_removed_below(const struct overlay *o, const struct addr *a);

/* Names of the objects below the parent that it has documents of, added to ret. */
void overlay_list(const struct overlay *o, const struct addr *parent, struct strlist *ret);

#endif
