/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_VERIFY_H
#define KUKEON_IMAGE_VERIFY_H

#include "err.h"
#include "image_record.h"
#include "imgstore.h"
#include "vec.h"

/* The result of checking one image. The texts are escaped for a terminal. */
struct image_check {
	char *name;
	struct digest digest; /* what the name points to */
	bool pulled; /* false: loaded */
	uint64_t layers, files; /* that were checked */
	struct strlist problems;
	uint64_t more; /* number of further problems */
	struct strlist broken_blobs; /* digests */
	struct strlist broken_layers; /* chain ids */
};

struct image_checks {
	struct image_check *v;
	size_t n;
};

void image_checks_clear(struct image_checks *c);
#define cleanup_image_checks cleanup_(image_checks_clear)

/*
 * Read all content of an image (ref NULL: of every image, sorted by name) and compare it
 * with its digests and lists of files. Problems are put into *ret; an error means that
 * the check itself failed. ERR_IMAGE_NOT_FOUND.
 */
int image_verify(struct image_store *s, const char *ref, struct image_checks *ret,
		 struct kerr *err);

/*
 * Remove what was found broken, so that the next load or pull stores it again. The
 * caller makes sure that none of it is mounted.
 */
int image_forget_broken(struct image_store *s, const struct image_check *c, struct kerr *err);

#endif
