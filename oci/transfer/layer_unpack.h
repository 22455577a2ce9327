/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_UNPACK_H
#define KUKEON_LAYER_UNPACK_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/*
 * Unpacks the missing layers of one image, several at once, each by a kukeunpack into
 * staging/. A layer is moved to snapshots/ when its digests are right, what depends on
 * the layers below is done, and its data is synced; lower layers come first. How to use
 * it:
 *
 *   layer_unpack_new
 *   while some layer is missing or running:
 *       layer_unpack_start as many as may run
 *       layer_unpack_commit
 *       layer_unpack_wait (or poll layer_unpack_fd and others, then wait with timeout 0)
 *   layer_unpack_commit
 *   layer_unpack_free
 */
struct layer_unpack;

struct layer_want {
	struct digest diff_id;
	struct digest blob; /* of the compressed bytes; unset: unknown */
};

/*
 * Find out which layers are missing, and lock them. When another process is unpacking
 * one of them, this waits for it and then finds the layer. The caller holds the store.
 */
int layer_unpack_new(struct image_store *s, const struct layer_want *want, size_t n,
		     struct layer_unpack **ret, struct kerr *err);
/* Kill what is running and remove what was not committed. */
struct layer_unpack *layer_unpack_free(struct layer_unpack *l);

/* Whether layer i still has to be started. */
bool layer_unpack_missing(const struct layer_unpack *l, size_t i);
const struct digest *layer_unpack_chain(const struct layer_unpack *l, size_t i);
/* How many layers should be unpacked at once, and how many are. */
size_t layer_unpack_parallel(void);
size_t layer_unpack_running(const struct layer_unpack *l);

/*
 * Start unpacking missing layer i from src; src->fd may be closed afterwards. Set
 * src->size when it is known: for a pipe, it is the only way to notice an early end.
 */
int layer_unpack_start(struct layer_unpack *l, size_t i, const struct layer_source *src,
		       struct kerr *err);
/* Readable when layer i has been unpacked; -EBADF when it is not running. */
int layer_unpack_fd(const struct layer_unpack *l, size_t i);
/*
 * Wait for at least one running layer and check it. timeout is in ms, -1: no limit.
 * Returns how many are still running.
 */
int layer_unpack_wait(struct layer_unpack *l, int timeout, struct kerr *err);
/*
 * Get digest and size of the bytes that layer i was unpacked from; false when it was not
 * unpacked here.
 */
bool layer_unpack_source(const struct layer_unpack *l, size_t i, struct digest *ret_blob,
			 int64_t *ret_size);

/* Publish the unpacked layers whose lower layers are all published, with one syncfs for all. */
int layer_unpack_commit(struct layer_unpack *l, struct kerr *err);

static inline void layer_unpack_freep(struct layer_unpack **l)
{
	*l = layer_unpack_free(*l);
}

#endif
