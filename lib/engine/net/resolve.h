/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RESOLVE_H
#define KUKEON_RESOLVE_H

#include "err.h"
#include "ipnet.h"

/*
 * Host names to addresses. Who asks (egress.c) knows nothing of how: another source of
 * answers, such as a resolver that cells use too, takes the place of resolve_start and
 * resolve_finish.
 *
 * Here it is the system's (getaddrinfo(3)), which blocks, and reads what comes from the
 * network: it runs in an unprivileged process per name, a few at a time, and is killed at the
 * deadline. The caller holds no lock of a cell or above, because it waits.
 */
#define RESOLVE_ADDRS_MAX 64 /* of one name; more are left out */

struct resolve_name {
	char *name;
	struct ipnet *addrs; /* sorted; each is one address */
	size_t n;
	char *error; /* NULL: it has addresses; else why not, in the resolver's words */
	bool asked;
	pid_t pid; /* 0: no process */
	int fd;
};

struct resolve {
	struct resolve_name *v;
	size_t n;
};

void resolve_clear(struct resolve *r); /* ends what still runs */

/* Want the addresses of a name; once for each. */
void resolve_add(struct resolve *r, const char *name);
const struct resolve_name *resolve_find(const struct resolve *r, const char *name);

/* Begin; returns at once. */
void resolve_start(struct resolve *r);

/*
 * Wait until all are answered, timeout_ms at most; what has no answer then has an error.
 * Begins first, if that was not done.
 */
void resolve_finish(struct resolve *r, int timeout_ms);

/* Whether a cell can be let out to an address by a name; see resolve.c. */
bool resolve_is_usable(const struct ipnet *addr);

#endif
