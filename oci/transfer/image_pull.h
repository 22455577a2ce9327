/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_PULL_H
#define KUKEON_IMAGE_PULL_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "registry.h"

/* Where one layer of a pull is. */
enum pull_phase {
	PULL_EXISTS = 1, /* it was there */
	PULL_WAITING,
	PULL_DOWNLOADING, /* and unpacking, all in one */
	PULL_RETRYING, /* text says why */
	PULL_UNPACKING, /* all of it has come */
	PULL_DONE,
};

struct pull_progress {
	const struct digest *layer; /* of the blob */
	enum pull_phase phase;
	int64_t bytes, total; /* compressed */
	const char *text; /* NULL for most phases */
};

enum pull_flags {
	PULL_REFRESH = 1 << 0, /* a tag that is there may point elsewhere by now: ask */
};

struct pull_options {
	const struct registry_config *registries;
	const struct registry_login *logins;
	size_t n_logins;
	void (*progress)(void *ctx, const struct pull_progress *p); /* may be NULL */
	void *ctx;
	int cancel_fd; /* a socket: the pull ends (-ECANCELED) when its peer is gone; < 0: none */
	enum pull_flags flags;
};

struct pull_result {
	char *name; /* normalised */
	struct digest digest; /* what it points to */
	bool changed; /* false: it was there, whole and current */
};

void pull_result_clear(struct pull_result *r);
#define cleanup_pull_result cleanup_(pull_result_clear)

/*
 * Pull an image and unpack it. What is there already is not fetched again: of a
 * reference with a digest nothing is, without a question to the registry.
 * Nothing of a pull that fails can be seen; layers that were complete stay until
 * the next collection, for the next try, unless the disk is full. Takes the
 * hold and the locks of layers itself; no lock of a cell or above may be held.
 * Errors are the registry's words where it has said something.
 */
int image_pull(struct image_store *s, const char *ref, const struct pull_options *o,
	       struct pull_result *ret, struct kerr *err);

#endif
