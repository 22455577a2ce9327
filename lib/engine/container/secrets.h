/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECRETS_H
#define KUKEON_SECRETS_H

#include "kinds.h"
#include "spec.h"

/*
 * The secrets of a container for one start. Values are read from their sources
 * at every start and live in this process, in the container's bundle and in the
 * secrets directory beside it (both 0700, on a file system that does not outlive
 * a reboot); no document, record, log or message has them.
 */
struct secrets {
	struct spec_secret *v; /* for the spec; strings owned */
	struct buf *values; /* the same order */
	size_t n;
};

enum {
	SECRET_MAX = 1 << 20, /* bytes of one value, as of a Kubernetes Secret */
};

/*
 * Read all sources. dir is the container's RTC_SECRETS: where secrets_stage will
 * put those that are mounted. A source that is missing, too large or, for a
 * variable, no text is refused by name. *ret is owned by the caller.
 */
int secrets_resolve(const struct container_spec *c, const char *dir, struct secrets *ret,
		    struct kerr *err);
/* The same without the values: what an apply asks before it changes anything. */
int secrets_check(const struct container_spec *c, struct kerr *err);
/* Write the mounted ones to dir: 0400, the container's user's. Nothing to write: no dir. */
int secrets_stage(const struct secrets *s, const char *dir, const struct user_ids *owner,
		  struct kerr *err);
/* Values are overwritten before their memory is given back. */
void secrets_clear(struct secrets *s);

#define cleanup_secrets cleanup_(secrets_clear)

#endif
