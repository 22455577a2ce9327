/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BLOB_TEE_H
#define KUKEON_BLOB_TEE_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"

/*
 * Copies bytes from one pipe to another and into the content store, for a layer that is
 * unpacked and kept.
 */
struct blob_tee;

/*
 * owned_from is the reading end of a pipe, owned_to the writing end of another; both
 * belong to the tee, also on failure.
 */
int blob_tee_new(struct image_store *s, int owned_from, int owned_to, struct blob_tee **ret,
		 struct kerr *err);
/* Free it; removes the blob unless it was committed. */
struct blob_tee *blob_tee_free(struct blob_tee *t);

/* Poll this for reading before calling blob_tee_pump; -EBADF at the end. */
int blob_tee_fd(const struct blob_tee *t);
/*
 * Copy the bytes that can be read now. When the reader of the second pipe has gone, that
 * is not an error here: kukeunpack reports its own.
 */
int blob_tee_pump(struct blob_tee *t, struct kerr *err);
/* At the end: check the digest and put the blob into the store. -EBADMSG when it differs. */
int blob_tee_commit(struct blob_tee *t, const struct digest *want, struct kerr *err);

static inline void blob_tee_freep(struct blob_tee **t)
{
	*t = blob_tee_free(*t);
}

#endif
