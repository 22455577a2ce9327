/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <poll.h>

#include "clock.h"
#include "kuketty.h"

enum {
	FIXED = 3, /* descriptors that are always waited for */
	POLLS_MAX = FIXED + ATTACHED_MAX + CALLERS_MAX,
	LAST_MS = 2000, /* for clients to take the last output */
	LAST_READS_MAX = 64, /* turns of reading after the workload's end */
};

struct polls {
	struct pollfd v[POLLS_MAX]; /* signals, listener, terminal, clients, callers */
};

static void prepare(const struct tty *t, struct polls *p)
{
	bool room = pty_room(t) > 0;

	p->v[0] = (struct pollfd){ .fd = t->signals, .events = POLLIN };
	p->v[1] = (struct pollfd){ .fd = t->listener, .events = POLLIN };
	p->v[2] = (struct pollfd){ .fd = t->master, .events = POLLIN };
	if (t->in_from < t->in_to)
		p->v[2].events |= POLLOUT;
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		const struct attached *a = &t->attached[i];
		struct pollfd *f = &p->v[FIXED + i];

		*f = (struct pollfd){ .fd = a->fd };
		if (room && !a->subscriber)
			f->events |= POLLIN;
		if (a->fd >= 0 && attached_behind(t, a))
			f->events |= POLLOUT;
	}
	for (size_t i = 0; i < CALLERS_MAX; i++) {
		const struct caller *c = &t->caller[i];
		struct pollfd *f = &p->v[FIXED + ATTACHED_MAX + i];

		*f = (struct pollfd){ .fd = c->fd };
		if (c->n_out > 0)
			f->events = POLLOUT;
		else if (!c->waits && !c->ended)
			f->events = POLLIN;
	}
}

static void earlier(int *timeout, int64_t deadline)
{
	int left = clock_left(deadline);

	if (deadline >= 0 && (*timeout < 0 || left < *timeout))
		*timeout = left;
}

static int timeout_of(const struct tty *t)
{
	int timeout = typist_left(t);

	earlier(&timeout, t->kill_ms);
	earlier(&timeout, t->close_ms);
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		int left = attached_left(t, &t->attached[i]);

		if (left >= 0 && (timeout < 0 || left < timeout))
			timeout = left;
	}
	return timeout;
}

static void serve_attached(struct tty *t, struct attached *a, int events)
{
	bool gone = (events & (POLLHUP | POLLERR)) != 0;

	if (a->fd >= 0 && gone && (a->subscriber || pty_room(t) == 0))
		attached_close(t, a);
	else if (a->fd >= 0 && (gone || (events & POLLIN) != 0))
		attached_read(t, a);
	if (a->fd >= 0 && (!a->blocked || (events & POLLOUT) != 0))
		attached_write(t, a);
	if (a->fd >= 0 && a->close_ms >= 0 && clock_ms() >= a->close_ms)
		attached_close(t, a);
}

/* Whether what a caller waits for has come. */
static bool waited_for(const struct tty *t, const struct caller *c)
{
	return t->state == TTY_EXITED || (t->state == TTY_READY && !c->waits_end);
}

static void serve_caller(struct tty *t, struct caller *c, int events)
{
	bool gone = (events & (POLLHUP | POLLERR)) != 0;

	if (c->fd < 0)
		return;
	if (c->waits && gone)
		callers_close(c);
	else if (c->waits ? waited_for(t, c) : c->n_out > 0)
		callers_turn(t, c);
	else if (!c->waits && (gone || (events & POLLIN) != 0))
		callers_read(t, c);
}

static void serve(struct tty *t, const struct polls *p)
{
	if (p->v[0].revents != 0)
		ending_signals(t);
	if ((p->v[2].revents & POLLOUT) != 0)
		pty_write(t);
	if ((p->v[2].revents & (POLLIN | POLLHUP)) != 0)
		(void) pty_read(t);
	typist_run(t);
	for (size_t i = 0; i < CALLERS_MAX; i++)
		serve_caller(t, &t->caller[i], p->v[FIXED + ATTACHED_MAX + i].revents);
	for (size_t i = 0; i < ATTACHED_MAX; i++)
		serve_attached(t, &t->attached[i], p->v[FIXED + i].revents);
	/* last: a new connection could have the number of one that was closed in this turn */
	if (p->v[1].revents != 0)
		callers_accept(t);
}

/* Once the workload has ended: what it wrote last, also if others still write. */
static void end(struct tty *t)
{
	for (int i = 0; i < LAST_READS_MAX && pty_read(t); i++)
		;
	t->state = TTY_EXITED;
	t->close_ms = clock_ms() + LAST_MS;
	t->kill_ms = -1;
	for (size_t i = 0; i < CALLERS_MAX; i++)
		if (t->caller[i].waits)
			callers_turn(t, &t->caller[i]);
}

static bool finished(struct tty *t)
{
	if (t->child > 0)
		return false;
	if (t->state != TTY_EXITED)
		end(t);
	if (clock_ms() >= t->close_ms)
		return true;
	for (size_t i = 0; i < ATTACHED_MAX; i++)
		if (t->attached[i].fd >= 0 && attached_owed(t, &t->attached[i]))
			return false;
	for (size_t i = 0; i < CALLERS_MAX; i++)
		if (!callers_idle(&t->caller[i]))
			return false;
	return true;
}

void loop_run(struct tty *t)
{
	struct polls p;

	typist_run(t);
	while (!finished(t)) {
		prepare(t, &p);
		if (poll(p.v, POLLS_MAX, timeout_of(t)) < 0)
			memset(p.v, 0, sizeof(p.v)); /* EINTR: nothing is known */
		if (t->kill_ms >= 0 && clock_ms() >= t->kill_ms)
			ending_kill(t);
		serve(t, &p);
	}
	/* What a client has not read is still delivered: the kernel keeps it. */
	for (size_t i = 0; i < ATTACHED_MAX; i++)
		attached_close(t, &t->attached[i]);
}
