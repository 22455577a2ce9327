/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "kuketty.h"
#include "str.h"

enum {
	DETACH_MS = 100, /* from the reply to Detach to the end of the stream */
	WRITES_MAX = 8, /* chunks before others get their turn */
	LINE_LOOK = 4 << 10, /* how far the begin of a line is looked for */
};

#define CLEAR "\x1b[H\x1b[2J\x1b[3J"
#define LAGGED \
	"\r\n[sbsh: subscriber lagged, disconnecting]\r\n" /* what upstream's clients look for */
/* CAN ends a sequence that was cut */
#define SKIPPED "\x18\x1b[0m\r\n[kuketty: %llu bytes of output skipped]\r\n"

struct attached *attached_new(struct tty *t)
{
	for (size_t i = 0; i < ATTACHED_MAX; i++)
		if (t->attached[i].fd < 0)
			return &t->attached[i];
	return NULL;
}

void attached_close(struct attached *a)
{
	fd_close_p(&a->fd);
	a->listed = false;
	a->n_notice = 0;
}

/* The place after the next newline, if there is one soon: no sequence has one inside. */
static uint64_t line_after(const struct history *h, uint64_t at)
{
	char block[LINE_LOOK];
	ssize_t n = history_read(h, at, block, sizeof(block));
	const char *end = n > 0 ? memchr(block, '\n', (size_t) n) : NULL;

	return end != NULL ? at + (uint64_t) (end - block) + 1 : at;
}

/* The place at most back bytes before the end. */
static uint64_t place_back(const struct history *h, uint64_t back)
{
	uint64_t oldest = history_oldest(h);

	if (h->head - oldest <= back)
		return oldest;
	return line_after(h, h->head - back);
}

void attached_begin(struct tty *t, struct attached *a, const struct tty_request *req, int owned_fd)
{
	*a = (struct attached){ .fd = owned_fd, .close_ms = -1, .listed = true };
	(void) snprintf(a->id, sizeof(a->id), "%s", req->client);
	a->at = a->due = t->history.head;
	if (req->method == TTY_SUBSCRIBE) {
		a->subscriber = true;
		a->listed = false;
		(void) shutdown(owned_fd, SHUT_RD);
		return;
	}
	a->at = req->full_capture ? history_oldest(&t->history)
				  : place_back(&t->history, REPLAY_MAX);
	if (req->clear) {
		memcpy(a->notice, CLEAR, sizeof(CLEAR) - 1);
		a->n_notice = sizeof(CLEAR) - 1;
	}
	t->redraw = true;
}

/* A client that is too far behind goes on near the end; a subscriber is let go. */
static void skip(struct tty *t, struct attached *a)
{
	uint64_t to;
	int n;

	if (a->subscriber) {
		memcpy(a->notice, LAGGED, sizeof(LAGGED) - 1);
		a->n_notice = sizeof(LAGGED) - 1;
		a->close_ms = clock_ms() + DETACH_MS;
		a->at = t->history.head;
		return;
	}
	to = place_back(&t->history, LAG_KEEP);
	n = snprintf(a->notice, sizeof(a->notice), SKIPPED, (unsigned long long) (to - a->at));
	a->n_notice = (size_t) n;
	a->at = a->due = to;
}

static bool too_far(const struct tty *t, const struct attached *a)
{
	return t->history.head - (a->at > a->due ? a->at : a->due) > LAG_MAX;
}

static ssize_t send_some(struct attached *a, const char *p, size_t n)
{
	ssize_t k = send(a->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	a->blocked = k < 0 && errno == EAGAIN;
	if (k < 0 && !a->blocked && errno != EINTR)
		attached_close(a);
	return k;
}

static bool send_notice(struct attached *a)
{
	ssize_t k;

	if (a->n_notice == 0)
		return true;
	k = send_some(a, a->notice, a->n_notice);
	if (k <= 0)
		return false;
	a->n_notice -= (size_t) k;
	memmove(a->notice, a->notice + k, a->n_notice);
	return a->n_notice == 0;
}

void attached_write(struct tty *t, struct attached *a)
{
	char chunk[CHUNK];
	ssize_t n, k;

	if (a->fd >= 0 && too_far(t, a))
		skip(t, a);
	for (int i = 0; i < WRITES_MAX && a->fd >= 0; i++) {
		if (!send_notice(a))
			return;
		n = history_read(&t->history, a->at, chunk, sizeof(chunk));
		if (n == 0)
			return;
		if (n < 0) {
			skip(t, a);
			continue;
		}
		k = send_some(a, chunk, (size_t) n);
		if (k <= 0)
			return;
		a->at += (uint64_t) k;
	}
}

void attached_read(struct tty *t, struct attached *a)
{
	char chunk[CHUNK / 2];
	size_t room = pty_room(t);
	ssize_t n;

	if (room == 0)
		return;
	n = recv(a->fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk), MSG_DONTWAIT);
	if (n > 0 && !a->subscriber)
		pty_put(t, chunk, (size_t) n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		attached_close(a);
}

bool attached_detach(struct tty *t, const char *id)
{
	for (size_t i = ATTACHED_MAX; i-- > 0;) {
		struct attached *a = &t->attached[i];

		if (a->fd < 0 || !a->listed || !streq(a->id, id))
			continue;
		a->listed = false;
		a->close_ms = clock_ms() + DETACH_MS;
		return true;
	}
	return false;
}

bool attached_behind(const struct tty *t, const struct attached *a)
{
	return a->n_notice > 0 || a->at < t->history.head;
}
