/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BLOB_TEE_H
#define KUKEON_BLOB_TEE_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"

/*
 * Bytes from one pipe into another, and on the way into the content store: a
 * layer that is kept while it is unpacked.
 */
struct blob_tee;

/* from: a reading end, to: a writing end; both become the tee's, also on failure. */
int blob_tee_new(struct image_store *s, int owned_from, int owned_to, struct blob_tee **ret,
		 struct kerr *err);
/* Removes what was not committed. */
struct blob_tee *blob_tee_free(struct blob_tee *t);

/* Readable when there is something to pass on; -EBADF at the end. */
int blob_tee_fd(const struct blob_tee *t);
/*
 * Pass on what is there. A reader that went away is no failure: it says itself what is
 * wrong.
 */
int blob_tee_pump(struct blob_tee *t, struct kerr *err);
/* All came and is what it should be: into the store. -EBADMSG for anything else. */
int blob_tee_commit(struct blob_tee *t, const struct digest *want, struct kerr *err);

static inline void blob_tee_freep(struct blob_tee **t)
{
	*t = blob_tee_free(*t);
}

#endif
