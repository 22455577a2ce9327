/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_POLLER_H
#define KUKEON_POLLER_H

#include <sys/epoll.h>

#include "defs.h"
#include "err.h"

/*
 * epoll(7) with a table of what descriptors are for. An event of a descriptor that was
 * closed since is recognized: nothing that is gone is handed out.
 */
struct poller_entry {
	int kind; /* 0: not watched */
	uint32_t generation;
	uint32_t events;
	void *what;
};

struct poller {
	int fd;
	uint32_t generation;
	struct poller_entry *v; /* by descriptor */
	size_t n;
};

struct poller_hit {
	int fd;
	int kind;
	void *what;
	uint32_t events;
};

int poller_open(struct poller *p, struct kerr *err);
void poller_close(struct poller *p);
/* Begin to watch a descriptor (kind > 0), or change what is watched for. */
int poller_set(struct poller *p, int fd, uint32_t events, int kind, void *what);
/* Before it is closed. */
void poller_forget(struct poller *p, int fd);
/* Wait up to timeout_ms (-1: without limit). The number of events, or -errno. */
int poller_wait(struct poller *p, int timeout_ms, struct epoll_event *events, int max);
bool poller_find(const struct poller *p, const struct epoll_event *event, struct poller_hit *ret);

#endif
