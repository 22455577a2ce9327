/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/if_packet.h>

#include "answer.h"
#include "clock.h"
#include "control.h"
#include "dns_msg.h"
#include "loop.h"
#include "question.h"
#include "reports.h"
#include "spaces.h"

enum {
	EVENTS = 32, /* that are handled before it is asked for more */
	DATAGRAMS = 32, /* of one socket at a time, so that the others have their turn */
	FRAMES = 32,
};

int loop_open(struct kukedns *d, int control, struct kerr *err)
{
	int r;

	*d = (struct kukedns){ .control = control, .resume_ms = -1, .msg = PROTO_MSG_INIT };
	buf_init(&d->reply, DNS_REPLY_MAX);
	buf_init(&d->out, DNS_MSG_MAX);
	r = poller_open(&d->poller, err);
	if (r < 0)
		return r;
	r = poller_set(&d->poller, control, EPOLLIN, WATCH_CONTROL, d);
	if (r < 0)
		return kerr_set(err, r, "watch the control socket");
	return upstream_new(&d->poller, WATCH_UPSTREAM, &d->upstream, err);
}

void loop_close(struct kukedns *d)
{
	while (d->n_spaces > 0) {
		proto_msg_start(&d->msg, "gone");
		proto_msg_add_i64(&d->msg, "id", d->spaces[0]->id);
		control_message(d, -EBADF);
	}
	d->upstream = upstream_free(d->upstream);
	poller_close(&d->poller);
	table_clear(&d->cache.table);
	table_clear(&d->revmap.table);
	table_clear(&d->denied.table);
	table_clear(&d->conns);
	table_clear(&d->questions);
	proto_msg_clear(&d->msg);
	buf_clear(&d->reply);
	buf_clear(&d->out);
}

/* ---- sockets of spaces ---- */

static void take_datagrams(struct kukedns *d, struct space_socket *s)
{
	uint8_t p[DNS_QUERY_MAX + 1]; /* a byte more, by which a longer one is known */
	struct client c;
	ssize_t n;

	for (int i = 0; i < DATAGRAMS; i++) {
		n = client_receive(s, p, sizeof(p), &c);
		if (n == -EAGAIN)
			return;
		if (n > 0)
			answer_query(d, &c, p, (size_t) n);
	}
}

static void take_frames(struct kukedns *d, struct space_socket *s)
{
	int64_t now = clock_ms();
	struct sockaddr_ll from = { .sll_pkttype = PACKET_OUTGOING };
	uint8_t p[FRAME_BYTES];
	struct frame c;
	socklen_t len;
	ssize_t n;

	for (int i = 0; i < FRAMES && space_may_take(d, s->space, now); i++) {
		len = sizeof(from);
		n = recvfrom(s->fd, p, sizeof(p), MSG_DONTWAIT, (struct sockaddr *) &from, &len);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && from.sll_pkttype != PACKET_OUTGOING && frame_read(p, (size_t) n, &c))
			report_packet(d, s->space, &c);
	}
}

static void socket_ready(struct kukedns *d, struct space_socket *s)
{
	switch (s->kind) {
	case SPACE_UDP:
	case SPACE_UDP6:
		take_datagrams(d, s);
		break;
	case SPACE_TCP:
	case SPACE_TCP6:
		conn_accept(d, s);
		break;
	case SPACE_CAPTURE:
		take_frames(d, s);
		break;
	case _SPACE_KINDS:
		break;
	}
}

static void stream_ready(struct kukedns *d, struct conn *c, uint32_t events)
{
	struct client client;
	const uint8_t *p;
	size_t n;

	if (!conn_ready(d, c, events))
		return;
	client = conn_client(c);
	while (conn_next(c, &p, &n))
		answer_query(d, &client, p, n);
}

/* ---- the loop ---- */

static int handle(struct kukedns *d, const struct poller_hit *h, struct kerr *err)
{
	switch ((enum watch) h->kind) {
	case WATCH_CONTROL:
		if (h->events & EPOLLOUT)
			report_ready(d);
		return h->events & ~(uint32_t) EPOLLOUT ? control_ready(d, err) : 1;
	case WATCH_UPSTREAM:
		upstream_ready(h->what, h->fd, h->events);
		break;
	case WATCH_SOCKET:
		socket_ready(d, h->what);
		break;
	case WATCH_CONN:
		stream_ready(d, h->what, h->events);
		break;
	}
	question_answers(d);
	return 1;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Milliseconds until something is due; -1: nothing is, it sleeps until it is woken. */
static int time_left(const struct kukedns *d, int timeout_ms)
{
	int64_t at = question_wakes(d);
	int left;

	at = sooner(at, upstream_wakes(d->upstream));
	at = sooner(at, conn_wakes(d));
	at = sooner(at, report_wakes(d));
	at = sooner(at, d->resume_ms);
	left = clock_left(at);
	return (int) sooner(left, timeout_ms);
}

static void do_what_is_due(struct kukedns *d)
{
	int64_t now = clock_ms();

	upstream_wake(d->upstream);
	question_answers(d);
	question_expire(d, now);
	conn_expire(d, now);
	spaces_resume(d, now);
	report_flush(d, now);
}

int loop_step(struct kukedns *d, int timeout_ms, struct kerr *err)
{
	struct epoll_event events[EVENTS];
	struct poller_hit hit;
	int n, r;

	n = poller_wait(&d->poller, time_left(d, timeout_ms), events, EVENTS);
	if (n < 0)
		return kerr_set(err, n, "wait for something to do");
	for (int i = 0; i < n; i++) {
		if (!poller_find(&d->poller, &events[i], &hit))
			continue;
		r = handle(d, &hit, err);
		if (r <= 0)
			return r;
	}
	do_what_is_due(d);
	return 1;
}
