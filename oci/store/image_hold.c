/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "image_gc.h"
#include "image_hold.h"
#include "imgstore.h"

int image_store_hold(struct image_store *s, struct kerr *err)
{
	struct lock_id id = lock_id_image(s->ns, "");
	int r;

	if (locks_held(s->locks, &id))
		return 0;
	r = locks_take(s->locks, &id, LOCKS_SHARED, err);
	return r < 0 ? r : 1;
}

void image_store_release(struct image_store *s)
{
	struct lock_id id = lock_id_image(s->ns, "");

	locks_drop(s->locks, &id);
	/*
	 * A garbage collection was skipped while the store was in use: do it now. It is
	 * skipped again if others still use the store.
	 */
	if (image_store_gc_owed(s))
		(void) image_gc(s, NULL, NULL);
}
