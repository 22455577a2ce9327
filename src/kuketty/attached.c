/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "kuketty.h"
#include "str.h"

enum {
	DETACH_MS = 100, /* from the reply to Detach to the end of the stream */
	WRITES_MAX = 8, /* chunks before others get their turn */
	SIZE_MS = 100, /* for a client that has not said its size; most do so at once */
	DRAW_MS = 20, /* between drawings for a terminal of another size */
};

#define CLEAR "\x1b[H\x1b[2J\x1b[3J"
#define LAGGED \
	"\r\n[sbsh: subscriber lagged, disconnecting]\r\n" /* what upstream's clients look for */

struct attached *attached_new(struct tty *t)
{
	for (size_t i = 0; i < ATTACHED_MAX; i++)
		if (t->attached[i].fd < 0)
			return &t->attached[i];
	return NULL;
}

/* ---- sizes ---- */

static bool same_size(const struct tty *t, const struct attached *a)
{
	return !a->sized || (a->draw.cols == t->screen.cols && a->draw.rows == t->screen.rows);
}

static void draw(struct tty *t, struct attached *a, enum drawing_how how)
{
	drawing_begin(&a->draw, &t->screen, how);
	a->drawn = true;
	a->n_out = a->at_out = 0;
	a->draw_ms = 0;
}

static bool counts(const struct attached *a)
{
	return a->fd >= 0 && !a->subscriber && !a->read_only && a->listed && a->sized;
}

/* The size that all clients have room for. */
static void smallest(const struct tty *t, uint16_t *cols, uint16_t *rows)
{
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		const struct attached *a = &t->attached[i];

		if (!counts(a))
			continue;
		if (a->draw.cols < *cols)
			*cols = a->draw.cols;
		if (a->draw.rows < *rows)
			*rows = a->draw.rows;
	}
}

/* It has not come to its end, or to what it gets in any case. */
static bool begins(const struct attached *a)
{
	return a->drawn ? a->draw.phase == DRAWING_BEGIN : a->at < a->due;
}

static void take_size(struct tty *t, uint16_t cols, uint16_t rows)
{
	screen_clamp(&cols, &rows);
	if (cols == t->screen.cols && rows == t->screen.rows)
		return;
	pty_resize(t, cols, rows);
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		struct attached *a = &t->attached[i];

		if (a->fd >= 0 && !a->subscriber && a->sized && !begins(a))
			draw(t, a, DRAWING_AGAIN);
	}
}

static void choose_size(struct tty *t, uint16_t cols, uint16_t rows)
{
	if (t->config.size_policy == TTYCONFIG_SMALLEST)
		smallest(t, &cols, &rows);
	if (cols != UINT16_MAX)
		take_size(t, cols, rows);
}

static void set_size(struct tty *t, struct attached *a, uint16_t cols, uint16_t rows)
{
	bool changed;

	screen_clamp(&cols, &rows);
	changed = a->sized && (a->draw.cols != cols || a->draw.rows != rows);
	a->sized = true;
	a->draw.cols = cols;
	a->draw.rows = rows;
	if (!a->read_only)
		choose_size(t, cols, rows);
	/* its terminal has changed, if the program's has not */
	if (changed && !begins(a))
		draw(t, a, DRAWING_AGAIN);
	if (a->drawn && a->draw.phase == DRAWING_BEGIN)
		a->draw_ms = 0;
}

/* Of the clients that have not said their id with a size, the latest. */
static struct attached *find_unnamed(struct tty *t)
{
	struct attached *found = NULL;

	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		struct attached *a = &t->attached[i];

		if (a->fd >= 0 && !a->subscriber && a->listed && !a->named &&
		    (found == NULL || a->number > found->number))
			found = a;
	}
	return found;
}

static struct attached *find(struct tty *t, const char *id)
{
	for (size_t i = ATTACHED_MAX; i-- > 0;)
		if (t->attached[i].fd >= 0 && t->attached[i].listed && streq(t->attached[i].id, id))
			return &t->attached[i];
	return NULL;
}

void attached_resize(struct tty *t, const char *id, uint16_t cols, uint16_t rows)
{
	struct attached *a = id[0] == '\0' ? find_unnamed(t) : find(t, id);

	if (cols == 0 || rows == 0)
		return; /* a terminal whose size is not known */
	if (a == NULL) {
		take_size(t, cols, rows);
		return;
	}
	a->named = id[0] != '\0';
	set_size(t, a, cols, rows);
}

/* ---- the begin and the end ---- */

/* The others may have more room without a client that has gone. */
static void give_way(struct tty *t)
{
	if (t->config.size_policy == TTYCONFIG_SMALLEST)
		choose_size(t, UINT16_MAX, UINT16_MAX);
}

void attached_close(struct tty *t, struct attached *a)
{
	bool counted = counts(a);

	fd_close_p(&a->fd);
	a->listed = false;
	a->n_out = a->at_out = 0;
	if (counted)
		give_way(t);
}

static void begin_stream(struct tty *t, struct attached *a, const struct tty_request *req)
{
	a->read_only = req->read_only;
	if (req->full_capture) {
		a->at = history_oldest(&t->history);
		if (req->clear) {
			memcpy(a->out, CLEAR, sizeof(CLEAR) - 1);
			a->n_out = sizeof(CLEAR) - 1;
		}
	} else
		draw(t, a, req->clear ? DRAWING_CLEAR : DRAWING_NEW);
	if (req->cols > 0 && req->rows > 0) {
		a->named = true;
		set_size(t, a, req->cols, req->rows);
	} else
		a->draw_ms = clock_ms() + SIZE_MS;
}

void attached_begin(struct tty *t, struct attached *a, const struct tty_request *req, int owned_fd)
{
	memset(a, 0, offsetof(struct attached, out));
	a->fd = owned_fd;
	a->close_ms = -1;
	a->number = ++t->attached_before;
	a->listed = req->method == TTY_ATTACH;
	a->subscriber = req->method == TTY_SUBSCRIBE;
	(void) snprintf(a->id, sizeof(a->id), "%s", req->client);
	a->at = a->due = t->history.head;
	if (a->subscriber)
		(void) shutdown(owned_fd, SHUT_RD);
	else
		begin_stream(t, a, req);
}

bool attached_detach(struct tty *t, const char *id)
{
	struct attached *a = find(t, id);

	if (a == NULL)
		return false;
	a->close_ms = clock_ms() + DETACH_MS;
	a->listed = false;
	give_way(t);
	return true;
}

/* ---- what it gets ---- */

/* A client that is too far behind is shown the screen as it is; a subscriber is let go. */
static void skip(struct tty *t, struct attached *a)
{
	if (!a->subscriber) {
		draw(t, a, DRAWING_AGAIN);
		return;
	}
	memcpy(a->out, LAGGED, sizeof(LAGGED) - 1);
	a->n_out = sizeof(LAGGED) - 1;
	a->at_out = 0;
	a->close_ms = clock_ms() + DETACH_MS;
	a->at = t->history.head;
}

static bool too_far(const struct tty *t, const struct attached *a)
{
	return !a->drawn && t->history.head - (a->at > a->due ? a->at : a->due) > LAG_MAX;
}

static ssize_t send_some(struct tty *t, struct attached *a, const char *p, size_t n)
{
	ssize_t k = send(a->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	a->blocked = k < 0 && errno == EAGAIN;
	if (k < 0 && !a->blocked && errno != EINTR)
		attached_close(t, a);
	return k;
}

/* false: there is still something in its buffer. */
static bool send_out(struct tty *t, struct attached *a)
{
	ssize_t k;

	while (a->at_out < a->n_out) {
		k = send_some(t, a, a->out + a->at_out, a->n_out - a->at_out);
		if (k <= 0)
			return false;
		a->at_out += (size_t) k;
	}
	a->n_out = a->at_out = 0;
	return true;
}

/* It has the screen as it is now: what the program writes from here on comes as it is. */
static void go_raw(struct tty *t, struct attached *a)
{
	a->drawn = false;
	a->at = a->due = t->history.head;
}

/* Put the next piece of a drawing in its buffer; false: there is none for now. */
static bool draw_piece(struct tty *t, struct attached *a)
{
	bool whole = a->draw.phase == DRAWING_IDLE, exact = same_size(t, a);

	if (whole && !exact && (!drawing_due(&a->draw, &t->screen) || clock_left(a->draw_ms) > 0))
		return false;
	if (a->draw.phase == DRAWING_BEGIN && clock_left(a->draw_ms) > 0)
		return false;
	if (whole)
		a->draw_ms = clock_ms() + DRAW_MS;
	a->n_out = drawing_next(&a->draw, &t->screen, a->out);
	return a->n_out > 0;
}

static bool write_drawn(struct tty *t, struct attached *a)
{
	if (!send_out(t, a))
		return false;
	if (draw_piece(t, a))
		return true;
	/* in the midst of a sequence its rest would be text */
	if (same_size(t, a) && !drawing_due(&a->draw, &t->screen) &&
	    vtparse_idle(&t->screen.parse)) {
		go_raw(t, a);
		return true;
	}
	return false;
}

static bool write_raw(struct tty *t, struct attached *a)
{
	char chunk[CHUNK];
	ssize_t n, k;

	if (!send_out(t, a))
		return false;
	if (!begins(a) && !a->subscriber && !same_size(t, a)) {
		draw(t, a, DRAWING_AGAIN);
		return true;
	}
	n = history_read(&t->history, a->at, chunk, sizeof(chunk));
	if (n < 0) {
		skip(t, a);
		return true;
	}
	if (n == 0)
		return false;
	k = send_some(t, a, chunk, (size_t) n);
	if (k > 0)
		a->at += (uint64_t) k;
	return k > 0;
}

void attached_write(struct tty *t, struct attached *a)
{
	bool more = true;

	if (a->fd >= 0 && too_far(t, a))
		skip(t, a);
	for (int i = 0; more && i < WRITES_MAX && a->fd >= 0; i++)
		more = a->drawn ? write_drawn(t, a) : write_raw(t, a);
}

void attached_read(struct tty *t, struct attached *a)
{
	char chunk[CHUNK / 2];
	size_t room = pty_room(t);
	ssize_t n;

	if (room == 0)
		return;
	n = recv(a->fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk), MSG_DONTWAIT);
	if (n > 0 && !a->subscriber && !a->read_only)
		pty_put(t, chunk, (size_t) n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		attached_close(t, a);
}

bool attached_behind(const struct tty *t, const struct attached *a)
{
	if (a->n_out > 0)
		return true;
	if (!a->drawn)
		return a->at < t->history.head;
	return drawing_due(&a->draw, &t->screen) && clock_left(a->draw_ms) == 0;
}

bool attached_owed(const struct tty *t, const struct attached *a)
{
	return attached_behind(t, a) || (a->drawn && drawing_due(&a->draw, &t->screen));
}

int attached_left(const struct tty *t, const struct attached *a)
{
	int left = a->fd >= 0 && a->close_ms >= 0 ? clock_left(a->close_ms) : -1, wait;

	if (a->fd < 0 || !a->drawn || a->blocked || !drawing_due(&a->draw, &t->screen))
		return left;
	wait = clock_left(a->draw_ms);
	return left < 0 || wait < left ? wait : left;
}
