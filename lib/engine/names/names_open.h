/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_OPEN_H
#define KUKEON_NAMES_OPEN_H

#include "names_space.h"

/* One answer that a cell waits for. */
struct names_ask {
	int64_t id; /* of kukedns */
	int64_t space;
	char *name;
	int64_t ttl;
	struct ipnet addrs[DNS_ADDRS_MAX]; /* those that may be opened */
	size_t n;
};

/* Opens what kukedns asks for: many by one change of the packet filter. */
struct names_opener {
	struct engine *e;
	struct names_ask *v;
	size_t n;
	struct names_space **changed; /* whose rules have to be written */
	size_t n_changed;
	struct net_opener opener;
	int64_t due_ms; /* before which rules are not written again */
	int64_t aged_ms;
};

void names_opener_clear(struct names_opener *o);

/* Take a message; s: its space, NULL: one that is gone. Malformed ones are dropped. */
void names_opener_ask(struct names_opener *o, struct names_space *s, const struct proto_msg *m);

/* Forget a space that goes. */
void names_opener_forget(struct names_opener *o, const struct names_space *s);

/* Write rules if that is due, and answer. */
void names_opener_run(struct names_opener *o, struct names_helper *h);
/* clock_ms() at which it is; -1: nothing waits. */
int64_t names_opener_due(const struct names_opener *o);

/* Now and then: what is used stays open, what is over goes. */
void names_opener_age(struct names_opener *o, struct names_space **v, size_t n);

#endif
