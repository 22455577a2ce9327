/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "fd.h"
#include "mem.h"
#include "poller.h"

int poller_open(struct poller *p, struct kerr *err)
{
	*p = (struct poller){ .fd = epoll_create1(EPOLL_CLOEXEC) };
	return p->fd < 0 ? kerr_set(err, -errno, "make an epoll descriptor") : 0;
}

void poller_close(struct poller *p)
{
	fd_close_p(&p->fd);
	free(p->v);
	*p = (struct poller){ .fd = -EBADF };
}

static struct poller_entry *entry_of(struct poller *p, int fd)
{
	size_t n = p->n;

	if ((size_t) fd >= n) {
		n = (size_t) fd + 16;
		p->v = xreallocarray(p->v, n, sizeof(*p->v));
		memset(p->v + p->n, 0, (n - p->n) * sizeof(*p->v));
		p->n = n;
	}
	return &p->v[fd];
}

int poller_set(struct poller *p, int fd, uint32_t events, int kind, void *what)
{
	struct poller_entry *e = entry_of(p, fd);
	struct epoll_event ev = { .events = events };
	bool known = e->kind != 0;

	if (known && e->events == events && e->what == what && e->kind == kind)
		return 0;
	if (!known)
		e->generation = ++p->generation;
	e->kind = kind;
	e->what = what;
	e->events = events;
	ev.data.u64 = (uint64_t) e->generation << 32 | (uint32_t) fd;
	if (epoll_ctl(p->fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	e->kind = 0;
	return -errno;
}

void poller_forget(struct poller *p, int fd)
{
	if (fd < 0 || (size_t) fd >= p->n || p->v[fd].kind == 0)
		return;
	p->v[fd].kind = 0;
	(void) epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, NULL);
}

int poller_wait(struct poller *p, int timeout_ms, struct epoll_event *events, int max)
{
	int n = epoll_wait(p->fd, events, max, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

bool poller_find(const struct poller *p, const struct epoll_event *event, struct poller_hit *ret)
{
	size_t fd = (uint32_t) event->data.u64;
	const struct poller_entry *e = &p->v[fd];

	if (e->kind == 0 || e->generation != event->data.u64 >> 32)
		return false;
	*ret = (struct poller_hit){ (int) fd, e->kind, e->what, event->events };
	return true;
}
