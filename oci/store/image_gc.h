/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_GC_H
#define KUKEON_IMAGE_GC_H

#include "err.h"
#include "imgstore.h"

/*
 * Remove blobs, snapshots and staging leftovers that no name and no container
 * needs. What is not known to be ours stays; while a record cannot be read, all blobs
 * and snapshots stay. *ret_bytes (may be NULL) is what was freed, roughly. When the store is
 * held by others it is left to the last of them, and 0 is returned.
 */
int image_gc(struct image_store *s, uint64_t *ret_bytes, struct kerr *err);

enum image_gc_flags {
	/*
	 * Somebody asked for it: layers that lost their record go too, and what keeps the
	 * rest from going (a record that cannot be read) is an error that names it.
	 */
	IMAGE_GC_ASKED = 1 << 0,
};
int image_gc_with(struct image_store *s, enum image_gc_flags flags, uint64_t *ret_bytes,
		  struct kerr *err);

/*
 * For start-up: remove what is left in staging/ and trash/ and collect, unless
 * others use it now.
 */
int image_store_repair(struct image_store *s, struct kerr *err);

#endif
