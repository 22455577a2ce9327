/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "ecma48.h"
#include "fd.h"
#include "logview.h"
#include "mem.h"
#include "str.h"
#include "term.h"

enum {
	OUT_BLOCK = 64 << 10, /* what is collected before it is written */
	OUT_MAX = 2 << 20, /* a piece, escaped, and what was collected */
	HELD_MAX = 4, /* bytes held back until the next ones decide what they mean */
	NO_LOG = -1,
};

/* The state of one log's output. */
struct lane {
	struct ecma48 escapes;
	char held[HELD_MAX]; /* a CR, or part of a character */
	size_t n_held;
};

struct view {
	const struct logview_opts *opts;
	bool escape; /* standard output is a terminal */
	bool by_line; /* something goes before each line */
	struct lane *lanes;
	size_t width; /* of the longest name */
	ssize_t in_line; /* the log whose line has begun on the current line; or NO_LOG */
	struct buf out;
	struct buf text, plain; /* of a piece, reused */
	int signals;
	int64_t second; /* of the last time that was printed, and its text */
	char second_text[KTIME_TEXT_MAX];
};

static void view_clear(struct view *v)
{
	fd_close_p(&v->signals);
	buf_clear(&v->out);
	buf_clear(&v->text);
	buf_clear(&v->plain);
	free(v->lanes);
}

/* -EPIPE: the reader is gone. -ECANCELED: a signal came. */
static int flush(struct view *v, struct kerr *err)
{
	struct pollfd p = { .fd = v->signals, .events = POLLIN };
	int r = fd_write_all(STDOUT_FILENO, buf_str(&v->out), v->out.len);

	buf_reset(&v->out);
	if (r < 0)
		return r == -EPIPE ? r : kerr_set(err, r, "write standard output");
	return v->signals >= 0 && poll(&p, 1, 0) > 0 ? -ECANCELED : 0;
}

/* ---- what is printed of a piece ---- */

/* Number of bytes at the end of p that may belong to a longer sequence. */
static size_t incomplete_tail(const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\r')
		return 1;
	for (size_t k = 1; k < HELD_MAX && k <= n; k++) {
		unsigned char c = (unsigned char) p[n - k];
		size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return len > k ? k : 0;
	}
	return 0;
}

/* Output of a terminal ends lines with CR LF: do not escape that CR. */
static void escape(struct buf *out, const char *p, size_t n)
{
	const char *end;

	while (n > 0) {
		end = memmem(p, n, "\r\n", 2);
		term_escape(out, p, end ? (size_t) (end - p) : n);
		if (!end)
			return;
		n -= (size_t) (end - p) + 1;
		p = end + 1;
	}
}

/* last: nothing of this log follows for now that would say what the end means. */
static void transform(struct view *v, struct lane *l, const char *p, size_t n, bool last)
{
	if (v->opts->flags & LOGVIEW_PLAIN) {
		buf_reset(&v->plain);
		ecma48_strip(&l->escapes, p, n, &v->plain);
		p = buf_str(&v->plain);
		n = v->plain.len;
	}
	if (!v->escape) {
		buf_add(&v->out, p, n);
		return;
	}
	buf_reset(&v->text);
	buf_add(&v->text, l->held, l->n_held);
	buf_add(&v->text, p, n);
	l->n_held = last ? 0 : incomplete_tail(buf_str(&v->text), v->text.len);
	memcpy(l->held, buf_str(&v->text) + v->text.len - l->n_held, l->n_held);
	escape(&v->out, buf_str(&v->text), v->text.len - l->n_held);
}

static void add_name(struct view *v, size_t which)
{
	static const int colours[] = { 36, 33, 32, 35, 34, 96, 93, 92, 95, 94 };
	const char *name = v->opts->names->v[which];
	bool colour = v->opts->flags & LOGVIEW_COLOURS;

	if (colour)
		buf_addf(&v->out, "\x1b[%dm", colours[which % ARRAY_SIZE(colours)]);
	buf_addf(&v->out, "%-*s |", (int) v->width, name);
	buf_adds(&v->out, colour ? "\x1b[0m " : " ");
}

/*
 * Microseconds, all six digits of them, so that columns stay in line. Most lines come in the
 * second of the line before.
 */
static void add_time(struct view *v, uint64_t us)
{
	const struct ktime t = { .sec = (int64_t) (us / 1000000), .set = true };
	char fraction[] = ".000000Z ";
	uint64_t rest = us % 1000000;

	if (!us) {
		buf_adds(&v->out, "- ");
		return;
	}
	if (t.sec != v->second)
		(void) ktime_text(&t, v->second_text);
	v->second = t.sec;
	for (int i = 6; i > 0; i--, rest /= 10)
		fraction[i] = (char) ('0' + rest % 10);
	buf_add(&v->out, v->second_text, strlen("2026-01-31T12:00:00"));
	buf_add(&v->out, fraction, sizeof(fraction) - 1);
}

static void begin_line(struct view *v, const struct log_piece *piece, size_t which)
{
	if (v->opts->flags & LOGVIEW_NAMES)
		add_name(v, which);
	if (v->opts->flags & LOGVIEW_TIMES)
		add_time(v, piece->mark.us);
	v->in_line = (ssize_t) which;
}

/* What was held back of the line that is left. */
static void release(struct view *v, size_t which)
{
	struct lane *l = &v->lanes[which];

	if (l->n_held > 0)
		transform(v, l, "", 0, true);
}

static int add_lines(struct view *v, const struct log_piece *piece, size_t which, struct kerr *err)
{
	const char *p = piece->p, *end = p + piece->n, *next;
	int r = 0;

	if (v->in_line != NO_LOG && v->in_line != (ssize_t) which) {
		release(v, (size_t) v->in_line);
		buf_addc(&v->out, '\n');
		v->in_line = NO_LOG;
	}
	for (; p < end && r == 0; p = next) {
		next = memchr(p, '\n', (size_t) (end - p));
		next = next ? next + 1 : end;
		if (v->in_line == NO_LOG)
			begin_line(v, piece, which);
		transform(v, &v->lanes[which], p, (size_t) (next - p), false);
		if (next[-1] == '\n')
			v->in_line = NO_LOG;
		if (v->out.len >= OUT_BLOCK)
			r = flush(v, err);
	}
	return r;
}

static int add_piece(struct view *v, const struct log_piece *piece, size_t which, struct kerr *err)
{
	if (v->by_line)
		return add_lines(v, piece, which, err);
	transform(v, &v->lanes[which], piece->p, piece->n, false);
	return v->out.len >= OUT_BLOCK ? flush(v, err) : 0;
}

static int print_all(struct view *v, struct log_feed *feed, struct kerr *err)
{
	struct log_piece piece;
	size_t which;
	int r;

	while ((r = log_feed_next(feed, &piece, &which, err)) > 0) {
		r = add_piece(v, &piece, which, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : flush(v, err);
}

static int print_end(struct view *v, struct kerr *err)
{
	for (size_t i = 0; i < v->opts->names->n; i++) {
		release(v, i);
		if (v->opts->flags & LOGVIEW_PLAIN)
			ecma48_end(&v->lanes[i].escapes, &v->out);
	}
	if (v->by_line && v->in_line != NO_LOG && v->opts->names->n > 1)
		buf_addc(&v->out, '\n');
	return flush(v, err);
}

/* ---- following ---- */

static int watch_signals(struct view *v, struct kerr *err)
{
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGTERM);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? kerr_set(err, -errno, "follow a log") : 0;
}

/* clock_ms; -1: none */
static int64_t deadline_of(uint64_t until)
{
	struct ktime now = ktime_now();
	int64_t left = (int64_t) until / 1000 - now.sec * 1000 - now.nsec / 1000000;

	return until == 0 ? -1 : clock_ms() + (left > 0 ? left : 0);
}

static int follow(struct view *v, struct log_feed *feed, struct kerr *err)
{
	struct pollfd others[] = {
		{ .fd = v->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* POLLERR: the pipe's reader is gone */
	};
	int64_t deadline = deadline_of(v->opts->until);
	int r;

	do {
		r = print_all(v, feed, err);
		if (r == 0)
			r = log_feed_wait(feed, others, ARRAY_SIZE(others), deadline, err);
	} while (r > 0);
	return r;
}

int logview(struct log_feed *feed, const struct logview_opts *opts, struct kerr *err)
{
	cleanup_(view_clear) struct view v = {
		.opts = opts,
		.by_line = opts->flags & (LOGVIEW_TIMES | LOGVIEW_NAMES) || opts->names->n > 1,
		.in_line = NO_LOG,
		.signals = -EBADF,
	};
	int r = 0;

	buf_init(&v.out, OUT_MAX);
	buf_init(&v.text, OUT_MAX);
	buf_init(&v.plain, OUT_MAX);
	v.lanes = xcalloc(opts->names->n, sizeof(*v.lanes));
	for (size_t i = 0; i < opts->names->n; i++)
		if (strlen(opts->names->v[i]) > v.width)
			v.width = strlen(opts->names->v[i]);
	v.escape = !(opts->flags & LOGVIEW_RAW) && isatty(STDOUT_FILENO) == 1;
	(void) fflush(stdout);
	if (opts->flags & LOGVIEW_FOLLOW)
		r = watch_signals(&v, err);
	if (r == 0)
		r = follow(&v, feed, err);
	if (r == 0)
		r = print_end(&v, err);
	return r == -EPIPE || r == -ECANCELED || r == -ETIME ? 0 : r;
}
