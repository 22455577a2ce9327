/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DENIED_H
#define KUKEON_DENIED_H

#include "ipaddr.h"
#include "table.h"

/*
 * What was tried and not allowed, on its way to the engine: each distinct thing is told of
 * at once, then once a minute with how often it came since. Bounded, and no space takes more
 * than a quarter.
 */
enum {
	DENIED_MAX = 1024, /* distinct things; the oldest go, and what they have is told */
	DENIED_SPACE_MAX = DENIED_MAX / 4,
	DENIED_PERIOD_MS = 60000,
	DENIED_PER_SECOND = 50, /* that are told of */
};

struct denied_what {
	int64_t space;
	struct ipaddr cell;
	struct ipaddr to; /* none: a query for name */
	uint8_t proto;
	uint16_t port;
	const char *name;
};

struct denied {
	struct table table;
	size_t n_ready, n_counted; /* to be told of now, and at the end of their minute */
	int64_t last_space; /* that was told of */
	int64_t filled_ms; /* when tokens were counted */
	unsigned spent; /* of this second's DENIED_PER_SECOND */
};

struct denied_report {
	struct denied_what what; /* borrowed until the next change */
	uint64_t count;
	struct table_item *item;
};

void denied_add(struct denied *d, const struct denied_what *what, int64_t now_ms);
/* What is to be told of now; it stays until denied_told. False if there is nothing. */
bool denied_next(struct denied *d, int64_t now_ms, struct denied_report *ret);
void denied_told(struct denied *d, const struct denied_report *r, int64_t now_ms);
/* When denied_next is to be called again; -1: not before the next denied_add. */
int64_t denied_wakes(const struct denied *d);
void denied_forget(struct denied *d, int64_t space);

#endif
