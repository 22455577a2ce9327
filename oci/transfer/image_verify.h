/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_VERIFY_H
#define KUKEON_IMAGE_VERIFY_H

#include "err.h"
#include "image_record.h"
#include "imgstore.h"
#include "vec.h"

/* What a look at one image found. Texts are fit for a terminal. */
struct image_check {
	char *name;
	struct digest digest; /* what the name points to */
	bool pulled; /* not loaded */
	uint64_t layers, files; /* that were looked at */
	struct strlist problems;
	uint64_t more; /* problems that are not named */
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
 * Read all that an image (ref; NULL: every one, sorted by name) is made of, and
 * hold it against digests and lists of files. What is wrong is in ret; an error is
 * what keeps from finding out. ERR_IMAGE_NOT_FOUND.
 */
int image_verify(struct image_store *s, const char *ref, struct image_checks *ret,
		 struct kerr *err);

/*
 * Make what was found broken be missing, so that a load or pull brings it again.
 * The caller has made sure that nothing is mounted of it.
 */
int image_forget_broken(struct image_store *s, const struct image_check *c, struct kerr *err);

#endif
