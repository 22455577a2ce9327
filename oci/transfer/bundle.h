/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BUNDLE_H
#define KUKEON_BUNDLE_H

#include "buf.h"
#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/*
 * The files of an image archive or layout directory, by the names they have in
 * it. Names are looked up in a map; links inside an archive are names as well
 * and are never opened. A directory is read through openat2 without following
 * any link.
 */
struct bundle;

enum {
	BUNDLE_MAX_ENTRIES = 65536,
};

/*
 * An archive: a regular file is only indexed (and must stay open and unchanged),
 * a stream is spooled to staging/. `image tarball is required` without a byte,
 * `unrecognized image format: …` for what is no tar.
 */
int bundle_open_fd(struct image_store *s, int fd, struct bundle **ret, struct kerr *err);
int bundle_open_dir(struct image_store *s, int dirfd, struct bundle **ret, struct kerr *err);
struct bundle *bundle_free(struct bundle *b);

bool bundle_has(struct bundle *b, const char *name);
/*
 * The bytes of a file; the descriptor is b's, valid until the next call.
 * -ENOENT without touching err.
 */
int bundle_find(struct bundle *b, const char *name, struct layer_source *ret, struct kerr *err);
/* A whole small file. -ENOENT without touching err. */
int bundle_read(struct bundle *b, const char *name, size_t max, struct buf *ret, struct kerr *err);

static inline void bundle_freep(struct bundle **b)
{
	*b = bundle_free(*b);
}

#endif
