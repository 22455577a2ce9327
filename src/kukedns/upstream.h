/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UPSTREAM_H
#define KUKEON_UPSTREAM_H

#include "buf.h"
#include "defs.h"
#include "err.h"
#include "poller.h"

/*
 * Asking the host's resolvers, by c-ares: retries, the next server, TCP. Its descriptors are
 * watched by a poller, as kind, with what upstream_ready takes.
 */
struct upstream;
struct upstream_ask;
struct upstream_lane;

/* Before the process is confined, as c-ares reads files. */
int upstream_new(struct poller *poller, int kind, struct upstream **ret, struct kerr *err);
struct upstream *upstream_free(struct upstream *u);

/* "ADDR[:PORT],…", in the order in which they are asked. */
void upstream_servers(struct upstream *u, const char *list);

/* Ask for a plain name. NULL if there is no server. */
struct upstream_ask *upstream_ask(struct upstream *u, const char *name, unsigned type, void *owner);
/* The owner does not wait for the answer any more. */
void upstream_forget(struct upstream_ask *ask);

/* The next question that has come to an end. */
struct upstream_done {
	void *owner;
	struct buf answer; /* owned by the caller; empty if there was none */
};
bool upstream_next(struct upstream *u, struct upstream_done *ret);

void upstream_ready(struct upstream_lane *lane, int fd, uint32_t events);
/* When upstream_wake is to be called, as clock_ms() counts; -1: never. */
int64_t upstream_wakes(const struct upstream *u);
void upstream_wake(struct upstream *u);

#endif
