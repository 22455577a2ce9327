/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INTENT_H
#define KUKEON_INTENT_H

#include "err.h"
#include "locks.h"
#include "vec.h"

/*
 * A record of a multi-step operation: written before its first step, removed after its
 * last. There is at most one per lock, and only the holder of the lock accesses it. A
 * process that takes the lock and finds one completes or undoes the operation.
 */
struct intent {
	char *op; /* "cell-delete" */
	char *step; /* the last step that was begun; "" */
	struct strmap data; /* data needed to complete or undo it */
};

void intent_clear(struct intent *i);

enum intent_flags {
	INTENT_RUNTIME =
		1 << 0, /* in the runtime dir, not synced: a reboot undoes these steps by itself */
};

/* Write or replace the intent of a lock that t holds. */
int intent_write(const struct layout *l, const struct locks *t, const struct lock_id *id,
		 const struct intent *i, enum intent_flags flags, struct kerr *err);
/*
 * Load the intent of a lock. -ENOENT without a message if there is none; -EINVAL, with
 * a message that names the file, if it is not a valid intent.
 */
int intent_load(const struct layout *l, const struct lock_id *id, struct intent *ret,
		struct kerr *err);
/* The same where it is known that the runtime dir has none. */
int intent_load_durable(const struct layout *l, const struct lock_id *id, struct intent *ret,
			struct kerr *err);
/* Remove it (both places). Missing is success. */
int intent_remove(const struct layout *l, const struct locks *t, const struct lock_id *id,
		  struct kerr *err);

/*
 * Call fn for every object address (realm to cell) that has an intent, in
 * byte-wise order. A snapshot: take the lock and load again. A negative result
 * of fn ends the walk and is returned.
 */
typedef int intent_list_fn(void *ctx, const struct addr *a);
int intent_list(const struct layout *l, intent_list_fn *fn, void *ctx, struct kerr *err);

#endif
