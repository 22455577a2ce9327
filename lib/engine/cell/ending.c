/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "ending.h"
#include "fd.h"
#include "mem.h"
#include "server.h"
#include "vec.h"

void ending_clear(struct ending *w)
{
	for (size_t i = 0; i < w->n; i++)
		fd_close_p(&w->pidfds[i]);
	free(w->pidfds);
	*w = (struct ending){ 0 };
}

void ending_add(struct ending *w, int owned_pidfd)
{
	*(int *) vec_grow(&w->pidfds, &w->n, sizeof(*w->pidfds)) = owned_pidfd;
}

/* When the daemon is stopping, it still waits this long for processes to end. */
#define LAST_WAIT_MS 5000

/* indexes before those of the processes */
enum {
	POLL_CALLER = 0,
	POLL_STOP,
	POLL_PROCESSES,
};

/* 1: all ended or time is over. 0: continue. -ECANCELED. */
static int turn(struct ending *w, struct pollfd *p, struct kerr *err)
{
	size_t live = 0;

	if (poll(p, POLL_PROCESSES + w->n, clock_left(w->due_ms)) < 0)
		return errno == EINTR ? 0 : kerr_set(err, -errno, "wait for processes to end");
	if (p[POLL_STOP].revents && clock_left(w->due_ms) > LAST_WAIT_MS)
		return kerr_plain(
			err, -ECANCELED,
			"kukeond is stopping; the workloads that were asked to end go on ending");
	if (p[POLL_STOP].revents)
		p[POLL_STOP].fd = -1;
	for (size_t i = 0; i < w->n; i++) {
		if (p[POLL_PROCESSES + i].revents)
			p[POLL_PROCESSES + i].fd = -1;
		live += p[POLL_PROCESSES + i].fd >= 0;
	}
	if (live == 0 || clock_left(w->due_ms) == 0)
		return 1;
	if (p[POLL_CALLER].revents)
		return kerr_plain(err, -ECANCELED, "the caller disconnected");
	return 0;
}

int ending_wait(struct engine *e, struct ending *w, enum ending_flags flags, struct kerr *err)
{
	const struct rpc_link *link = flags & ENDING_STAY ? NULL : e->link;
	cleanup_free struct pollfd *p = xcalloc(POLL_PROCESSES + w->n, sizeof(*p));
	int r = 0;

	p[POLL_CALLER] = (struct pollfd){ .fd = link ? link->fd : -1, .events = POLLRDHUP };
	p[POLL_STOP] = (struct pollfd){ .fd = link ? link->stop_fd : -1, .events = POLLIN };
	for (size_t i = 0; i < w->n; i++)
		p[POLL_PROCESSES + i] = (struct pollfd){ .fd = w->pidfds[i], .events = POLLIN };
	while (r == 0)
		r = turn(w, p, err);
	ending_clear(w);
	return r < 0 ? r : 0;
}
