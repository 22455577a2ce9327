/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CAS_H
#define KUKEON_CAS_H

#include "buf.h"
#include "digest.h"
#include "err.h"
#include "imgstore.h"

/*
 * The content store of a namespace: blobs/sha256/<hex>, mode 0400, each durable
 * and verified before it has its name.
 */

/* A blob on its way in: a file in staging/ and its running digest. */
struct cas_writer;

int cas_writer_new(struct image_store *s, struct cas_writer **ret, struct kerr *err);
struct cas_writer *cas_writer_free(struct cas_writer *w); /* removes what was not committed */
int cas_writer_add(struct cas_writer *w, const void *p, size_t n, struct kerr *err);
/* The file so far, for reading; owned by w. */
int cas_writer_fd(const struct cas_writer *w);
uint64_t cas_writer_size(const struct cas_writer *w);
void cas_writer_digest(struct cas_writer *w, struct digest *ret); /* no more adds after this */
/*
 * fsync, rename, fsync of the directory. A blob that is there already is
 * replaced: it may be damaged.
 */
int cas_writer_commit(struct cas_writer *w, struct kerr *err);

/*
 * Small blobs in one go. expect (may be NULL) and the content must agree
 * (-EBADMSG), size likewise when it is not negative.
 */
int cas_put(struct image_store *s, const void *p, size_t n, const struct digest *expect,
	    struct kerr *err);
/* The whole blob, checked against its digest (-EBADMSG). -ENOENT without touching err. */
int cas_get(struct image_store *s, const struct digest *d, size_t max, struct buf *ret,
	    struct kerr *err);
/* -ENOENT without touching err. */
int cas_open(struct image_store *s, const struct digest *d, struct kerr *err);
/* Read all of it. -EBADMSG (without a message) when it is not what its digest says, -ENOENT. */
int cas_verify(struct image_store *s, const struct digest *d);
bool cas_has(struct image_store *s, const struct digest *d);

static inline void cas_writer_freep(struct cas_writer **w)
{
	*w = cas_writer_free(*w);
}

#endif
