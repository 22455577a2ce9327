/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CACHE_H
#define KUKEON_CACHE_H

#include "buf.h"
#include "table.h"

/* Replies (dns_msg.h) that are still good, by space, name and type. */
enum {
	CACHE_MAX = 4096, /* entries; the oldest go */
	CACHE_BYTES = 2 << 20, /* of all of them */
	CACHE_REPLY_MAX = 4096, /* bytes of one; a larger one is not kept */
};

struct cache {
	struct table table;
	size_t bytes;
};

void cache_put(struct cache *c, int64_t space, const char *name, unsigned type,
	       const struct buf *reply, uint32_t ttl);
/* Append the reply to ret, with the whole seconds that it is still good for. False: none. */
bool cache_get(struct cache *c, int64_t space, const char *name, unsigned type, struct buf *ret,
	       uint32_t *ret_ttl);
void cache_forget(struct cache *c, int64_t space);

#endif
