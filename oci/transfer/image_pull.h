/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_PULL_H
#define KUKEON_IMAGE_PULL_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "registry.h"

/* The phase of one layer of a pull. */
enum pull_phase {
	PULL_EXISTS = 1, /* it was in the store */
	PULL_WAITING,
	PULL_DOWNLOADING, /* unpacked while it is downloaded */
	PULL_RETRYING, /* text is the reason */
	PULL_UNPACKING, /* completely downloaded */
	PULL_DONE,
};

struct pull_progress {
	const struct digest *layer; /* digest of the blob */
	enum pull_phase phase;
	int64_t bytes, total; /* compressed */
	const char *text; /* NULL in most phases */
};

enum pull_flags {
	PULL_REFRESH = 1 << 0, /* a tag of a stored image may have moved: ask the registry */
};

struct pull_options {
	const struct registry_config *registries;
	const struct registry_login *logins;
	size_t n_logins;
	void (*progress)(void *ctx, const struct pull_progress *p); /* may be NULL */
	void *ctx;
	int cancel_fd; /* a socket, or < 0; the pull ends with -ECANCELED when its peer has gone */
	enum pull_flags flags;
};

struct pull_result {
	char *name; /* normalised */
	struct digest digest; /* what the name points to */
	bool changed; /* false: the image was complete and up to date */
};

void pull_result_clear(struct pull_result *r);
#define cleanup_pull_result cleanup_(pull_result_clear)

/*
 * Pull an image and unpack it. Content in the store is not fetched again; for a
 * reference with a digest, the registry is then not even asked. After a failure no part
 * of the image is visible; complete layers stay for the next try until the next garbage
 * collection, unless the disk is full. Takes the hold on the store and the locks of
 * layers; the caller must not hold the lock of a cell or above. Errors contain the
 * registry's message when there is one.
 */
int image_pull(struct image_store *s, const char *ref, const struct pull_options *o,
	       struct pull_result *ret, struct kerr *err);

#endif
