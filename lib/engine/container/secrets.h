/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECRETS_H
#define KUKEON_SECRETS_H

#include "kinds.h"
#include "spec.h"

/*
 * The secrets of a container for one start. Values are read from their sources at every
 * start. They are only in this process, in the container's bundle and in the secrets
 * directory beside it (both 0700, on a file system that is lost at reboot), never in a
 * document, record, log or message.
 */
struct secrets {
	struct spec_secret *v; /* for the spec; strings owned */
	struct buf *values; /* in the same order */
	size_t n;
};

enum {
	SECRET_MAX = 1 << 20, /* bytes of a value; the limit of a Kubernetes Secret */
};

/*
 * Read all sources. dir is the container's RTC_SECRETS, where secrets_stage will put
 * mounted secrets. An error, which names the secret, if a source is missing or too
 * large, or the value of a variable is not text. *ret is owned by the caller.
 */
int secrets_resolve(const struct container_spec *c, const char *dir, struct secrets *ret,
		    struct kerr *err);
/* Only check that the sources can be read; used by apply before it changes anything. */
int secrets_check(const struct container_spec *c, struct kerr *err);
/*
 * Write the mounted secrets to dir: mode 0400, owned by the container's user. dir is
 * not created if there are none.
 */
int secrets_stage(const struct secrets *s, const char *dir, const struct user_ids *owner,
		  struct kerr *err);
/* Overwrites the values before freeing them. */
void secrets_clear(struct secrets *s);

#define cleanup_secrets cleanup_(secrets_clear)

#endif
