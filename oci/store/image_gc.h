/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_GC_H
#define KUKEON_IMAGE_GC_H

#include "err.h"
#include "imgstore.h"

/*
 * Garbage collection: remove blobs, snapshots and staging leftovers that no image name
 * and no container needs. Files that kukeon did not create stay. While any record cannot
 * be read, all blobs and snapshots stay. *ret_bytes (may be NULL) is roughly the space
 * freed. When other processes hold the store, return 0: the last of them to release it
 * collects.
 */
int image_gc(struct image_store *s, uint64_t *ret_bytes, struct kerr *err);

enum image_gc_flags {
	/*
	 * The user asked for it: also remove layers whose record is lost, and fail with
	 * a message when an unreadable record prevents the removal of anything.
	 */
	IMAGE_GC_ASKED = 1 << 0,
};
int image_gc_with(struct image_store *s, enum image_gc_flags flags, uint64_t *ret_bytes,
		  struct kerr *err);

/* For start-up: empty staging/ and trash/ and collect garbage, unless the store is in use. */
int image_store_repair(struct image_store *s, struct kerr *err);

#endif
