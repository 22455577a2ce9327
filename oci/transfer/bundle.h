/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BUNDLE_H
#define KUKEON_BUNDLE_H

#include "buf.h"
#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/*
 * The files of an image archive or OCI layout directory. In an archive, names and links
 * are only looked up in a table and never opened. A directory is read with openat2,
 * following no links.
 */
struct bundle;

enum {
	BUNDLE_MAX_ENTRIES = 65536,
};

/*
 * Open an archive. A regular file is only indexed; it must stay open and unchanged. A
 * stream is copied to a file in staging/. Errors: `image tarball is required` for an
 * empty input, `unrecognized image format: …` when it is not a tar.
 */
int bundle_open_fd(struct image_store *s, int fd, struct bundle **ret, struct kerr *err);
int bundle_open_dir(struct image_store *s, int dirfd, struct bundle **ret, struct kerr *err);
struct bundle *bundle_free(struct bundle *b);

bool bundle_has(struct bundle *b, const char *name);
/*
 * Find a file's bytes. The descriptor belongs to b and is valid until the next call.
 * -ENOENT without setting err.
 */
int bundle_find(struct bundle *b, const char *name, struct layer_source *ret, struct kerr *err);
/* Read a small file completely. -ENOENT without setting err. */
int bundle_read(struct bundle *b, const char *name, size_t max, struct buf *ret, struct kerr *err);

static inline void bundle_freep(struct bundle **b)
{
	*b = bundle_free(*b);
}

#endif
