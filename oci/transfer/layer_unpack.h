/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_UNPACK_H
#define KUKEON_LAYER_UNPACK_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/*
 * The layers of one image on their way into snapshots/. Those that are missing
 * are unpacked side by side, each by a kukeunpack into staging/; they get their
 * names in order, lowest first, once both digests are right, what the layers
 * below decide is filled in, and all is on the disk. The use of it:
 *
 *   layer_unpack_new
 *   while some layer is missing or running:
 *       layer_unpack_start those that there is room for
 *       layer_unpack_commit
 *       layer_unpack_wait (or poll layer_unpack_fd and others, then layer_unpack_wait with 0)
 *   layer_unpack_commit
 *   layer_unpack_free
 */
struct layer_unpack;

struct layer_want {
	struct digest diff_id;
	struct digest blob; /* of the compressed bytes; unset: not known */
};

/*
 * Find out which layers are missing, and lock those: whoever wants one of them
 * too waits here, and then finds it. The caller holds the store.
 */
int layer_unpack_new(struct image_store *s, const struct layer_want *want, size_t n,
		     struct layer_unpack **ret, struct kerr *err);
/* Ends what runs and removes what has no name. */
struct layer_unpack *layer_unpack_free(struct layer_unpack *l);

/* Whether layer i has still to be started. */
bool layer_unpack_missing(const struct layer_unpack *l, size_t i);
const struct digest *layer_unpack_chain(const struct layer_unpack *l, size_t i);
/* How many should run at the same time, and do. */
size_t layer_unpack_parallel(void);
size_t layer_unpack_running(const struct layer_unpack *l);

/*
 * Unpack missing layer i from src; src->fd may be closed afterwards. Of a pipe it
 * is known to have failed when it ends early: give src->size where it is known.
 */
int layer_unpack_start(struct layer_unpack *l, size_t i, const struct layer_source *src,
		       struct kerr *err);
/* Readable when layer i is unpacked; -EBADF when it does not run. */
int layer_unpack_fd(const struct layer_unpack *l, size_t i);
/* Wait for at least one of those that run (timeout in ms, -1: none) and check it. Their number. */
int layer_unpack_wait(struct layer_unpack *l, int timeout, struct kerr *err);
/* Digest and size of the bytes that layer i was unpacked from here; false: it was there. */
bool layer_unpack_source(const struct layer_unpack *l, size_t i, struct digest *ret_blob,
			 int64_t *ret_size);

/* Give their names to the layers that are unpacked and have all below them: one syncfs for all. */
int layer_unpack_commit(struct layer_unpack *l, struct kerr *err);

static inline void layer_unpack_freep(struct layer_unpack **l)
{
	*l = layer_unpack_free(*l);
}

#endif
