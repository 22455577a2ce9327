/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INTENT_H
#define KUKEON_INTENT_H

#include "err.h"
#include "locks.h"
#include "vec.h"

/*
 * A record of a multi-step operation that is under way: written before its
 * first step, removed after its last. There is at most one per lock, and only
 * the holder of that lock touches it; whoever takes the lock next and finds one
 * finishes the operation or undoes it.
 */
struct intent {
	char *op; /* "cell-delete" */
	char *step; /* the last step that was begun; "" */
	struct strmap data; /* what is needed to finish or undo */
};

void intent_clear(struct intent *i);

enum intent_flags {
	INTENT_RUNTIME =
		1 << 0, /* in the runtime dir, not synced: a reboot undoes the steps itself */
};

/* Write or replace the intent of a lock that t holds. */
int intent_write(const struct layout *l, const struct locks *t, const struct lock_id *id,
		 const struct intent *i, enum intent_flags flags, struct kerr *err);
/*
 * The intent left at a lock. -ENOENT without a message when there is none. A
 * file that cannot be read as one is -EINVAL and names it.
 */
int intent_load(const struct layout *l, const struct lock_id *id, struct intent *ret,
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
