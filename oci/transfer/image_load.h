/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_LOAD_H
#define KUKEON_IMAGE_LOAD_H

#include "image.h"

/* The result of loading an archive, in the archive's order. */
struct image_loaded {
	/* names of the loaded images; the digest for an image without a name */
	struct strlist names;
	struct image_left {
		char *name; /* or digest */
		char *why;
		bool failed; /* an error; false: not for this host, or not an image */
	} * left; /* what was not loaded */
	size_t n_left;
};

void image_loaded_clear(struct image_loaded *l);
#define cleanup_image_loaded cleanup_(image_loaded_clear)

/*
 * Load all images of an archive (docker or OCI; plain, gzip or zstd) or of an OCI layout
 * directory, and unpack their layers. fd is a file, pipe or socket, read from its
 * current position.
 * An image that cannot be loaded is listed in ret->left and leaves nothing behind. The
 * call fails when no image was loaded, or when this host cannot go on (disk full, for
 * example); images loaded before that stay. Errors: `image tarball is required` (no
 * bytes), `unrecognized image format: …`.
 */
int image_load_fd(struct image_store *s, int fd, struct image_loaded *ret, struct kerr *err);
int image_load_bytes(struct image_store *s, const void *p, size_t n, struct image_loaded *ret,
		     struct kerr *err);
int image_load_dir(struct image_store *s, int dirfd, struct image_loaded *ret, struct kerr *err);

#endif
