/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REVMAP_H
#define KUKEON_REVMAP_H

#include "ipaddr.h"
#include "table.h"

/* By which name an address was last given in a space, in an answer of any kind. Bounded. */
enum {
	REVMAP_MAX = 2048, /* the oldest go */
};

struct revmap {
	struct table table;
};

void revmap_set(struct revmap *m, int64_t space, const struct ipaddr *addr, const char *name);
/* "" if there is none; borrowed until the next change. */
const char *revmap_get(const struct revmap *m, int64_t space, const struct ipaddr *addr);
void revmap_forget(struct revmap *m, int64_t space);

#endif
