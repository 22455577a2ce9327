/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CAS_H
#define KUKEON_CAS_H

#include "buf.h"
#include "digest.h"
#include "err.h"
#include "imgstore.h"

/*
 * The content store of a namespace: blobs/sha256/<hex>, mode 0400. A blob gets its name
 * only after its digest was checked and its data synced.
 */

/* Writes one blob: a file in staging/ and its digest so far. */
struct cas_writer;

int cas_writer_new(struct image_store *s, struct cas_writer **ret, struct kerr *err);
/* removes the file unless it was committed */
struct cas_writer *cas_writer_free(struct cas_writer *w);
int cas_writer_add(struct cas_writer *w, const void *p, size_t n, struct kerr *err);
/* The file written so far, for reading; owned by w. */
int cas_writer_fd(const struct cas_writer *w);
uint64_t cas_writer_size(const struct cas_writer *w);
/* after this, nothing may be added */
void cas_writer_digest(struct cas_writer *w, struct digest *ret);
/*
 * Sync the file, rename it to its digest and sync the directory. An existing blob of
 * that digest is replaced, as it may be damaged.
 */
int cas_writer_commit(struct cas_writer *w, struct kerr *err);

/* Store a small blob. -EBADMSG when expect is not NULL and the content has another digest. */
int cas_put(struct image_store *s, const void *p, size_t n, const struct digest *expect,
	    struct kerr *err);
/* Read a whole blob and check its digest (-EBADMSG). -ENOENT without setting err. */
int cas_get(struct image_store *s, const struct digest *d, size_t max, struct buf *ret,
	    struct kerr *err);
/* Open for reading. -ENOENT without setting err. */
int cas_open(struct image_store *s, const struct digest *d, struct kerr *err);
/*
 * Read the whole blob and check its digest. Sets no message: -EBADMSG when it is damaged
 * or unreadable, -ENOENT when it is missing.
 */
int cas_verify(struct image_store *s, const struct digest *d);
bool cas_has(struct image_store *s, const struct digest *d);

static inline void cas_writer_freep(struct cas_writer **w)
{
	*w = cas_writer_free(*w);
}

#endif
