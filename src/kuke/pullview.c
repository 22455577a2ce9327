/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "pullview.h"
#include "str.h"
#include "term.h"

enum {
	VIEW_REDRAW_MS = 100,
	VIEW_BAR = 24, /* columns of a bar */
	VIEW_ID = 12, /* digits of a digest that are shown */
	VIEW_MAX_LINE = 512,
	VIEW_MAX = 1 << 20, /* bytes of one drawing */
};

struct view_layer {
	char *digest;
	char *phase;
	char *text;
	int64_t current, total;
	int64_t began; /* clock_ms of the first byte */
};

struct pullview {
	int fd;
	bool tty;
	unsigned rows, columns;
	struct view_layer *v;
	size_t n;
	size_t drawn; /* lines on the terminal */
	int64_t last;
};

struct pullview *pullview_new(int fd)
{
	struct pullview *v = xcalloc(1, sizeof(*v));
	struct winsize size;

	v->fd = fd;
	v->tty = isatty(fd) == 1;
	if (v->tty && ioctl(fd, TIOCGWINSZ, &size) == 0) {
		v->rows = size.ws_row;
		v->columns = size.ws_col;
	}
	if (v->rows < 2)
		v->rows = 24;
	if (v->columns < 20)
		v->columns = 80;
	return v;
}

static const char *short_id(const char *digest)
{
	const char *colon = strchr(digest, ':');

	return colon ? colon + 1 : digest;
}

static void add_bar(struct buf *out, int64_t current, int64_t total)
{
	int64_t full = total > 0 ? current * VIEW_BAR / total : 0;

	buf_addc(out, '[');
	for (int i = 0; i < VIEW_BAR; i++)
		buf_addc(out, i < full ? '=' : i == full && current < total ? '>' : ' ');
	buf_addc(out, ']');
}

static void add_time(struct buf *out, int64_t s)
{
	if (s >= 3600)
		buf_addf(out, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else if (s >= 60)
		buf_addf(out, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else
		buf_addf(out, "%" PRId64 "s", s);
}

/* " 12.3 MiB/45.6 MiB  10.1 MiB/s  3s" */
static void add_rate(struct buf *out, int64_t current, int64_t total, int64_t ms)
{
	int64_t rate = ms > 0 ? current * 1000 / ms : 0;

	buf_addc(out, ' ');
	term_add_size(out, current);
	buf_addc(out, '/');
	term_add_size(out, total);
	if (rate <= 0)
		return;
	buf_adds(out, "  ");
	term_add_size(out, rate);
	buf_adds(out, "/s  ");
	add_time(out, (total - current + rate - 1) / rate);
}

/* Append the line, cut to width columns between characters. */
static void add_cut(struct buf *out, const struct buf *line, size_t width)
{
	size_t n = line->len < width ? line->len : width;

	while (n > 0 && n < line->len && ((unsigned char) line->data[n] & 0xc0) == 0x80)
		n--;
	buf_add(out, line->data, n);
}

void pullview_line(struct buf *out, const struct rpc_event *e, int64_t ms, unsigned width)
{
	cleanup_buf struct buf line = BUF_INIT(VIEW_MAX_LINE);
	const char *phase = e->phase ? e->phase : "";

	buf_addf(&line, "%.*s %-11s", VIEW_ID, short_id(e->layer ? e->layer : ""), phase);
	if (streq(phase, "downloading")) {
		buf_addc(&line, ' ');
		add_bar(&line, e->current, e->total);
		add_rate(&line, e->current, e->total, ms);
	} else if (streq(phase, "retrying")) {
		buf_addf(&line, " %.300s", e->text ? e->text : "");
	} else {
		buf_addc(&line, ' ');
		term_add_size(&line, e->total);
	}
	add_cut(out, &line, width);
}

static struct view_layer *find(struct pullview *v, const char *digest)
{
	struct view_layer *y;

	for (size_t i = 0; i < v->n; i++)
		if (streq(v->v[i].digest, digest))
			return &v->v[i];
	y = vec_grow(&v->v, &v->n, sizeof(*y));
	y->digest = xstrdup(digest);
	y->phase = xstrdup("");
	y->text = xstrdup("");
	return y;
}

static void add_layer(const struct view_layer *y, int64_t now, unsigned width, struct buf *out)
{
	const struct rpc_event e = { .layer = y->digest,
				     .phase = y->phase,
				     .text = y->text,
				     .current = y->current,
				     .total = y->total };

	pullview_line(out, &e, y->began ? now - y->began : 0, width);
}

/* If there are more layers than rows: the active ones and the number of the rest. */
static void draw(struct pullview *v)
{
	cleanup_buf struct buf out = BUF_INIT(VIEW_MAX);
	bool all = v->n < v->rows;
	size_t i, lines = 0, room = v->rows - 2, resting = 0;
	int64_t now = clock_ms();

	if (v->drawn > 0)
		buf_addf(&out, "\033[%zuA", v->drawn);
	for (i = 0; i < v->n; i++) {
		if (!all && (lines >= room || streq(v->v[i].phase, "waiting") ||
			     streq(v->v[i].phase, "done") || streq(v->v[i].phase, "exists"))) {
			resting++;
			continue;
		}
		add_layer(&v->v[i], now, v->columns - 1, &out);
		buf_adds(&out, "\033[K\n");
		lines++;
	}
	if (!all) {
		buf_addf(&out, "%zu more of %zu layers\033[K\n", resting, v->n);
		lines++;
	}
	buf_adds(&out, "\033[J");
	(void) fd_write_all(v->fd, out.data,
			    out.len); /* a pull does not fail for a terminal error */
	v->drawn = lines;
	v->last = now;
}

static void print_line(struct pullview *v, const struct view_layer *y)
{
	cleanup_buf struct buf out = BUF_INIT(VIEW_MAX_LINE + 1);

	if (streq(y->phase, "waiting") || streq(y->phase, "unpacking"))
		return;
	if (streq(y->phase, "downloading")) {
		buf_addf(&out, "%.*s %-11s ", VIEW_ID, short_id(y->digest), y->phase);
		term_add_size(&out, y->total);
	} else {
		add_layer(y, clock_ms(), VIEW_MAX_LINE, &out);
	}
	buf_addc(&out, '\n');
	(void) fd_write_all(v->fd, out.data, out.len);
}

void pullview_event(void *view, const struct rpc_event *e)
{
	struct pullview *v = view;
	struct view_layer *y = find(v, e->layer ? e->layer : "");
	const char *phase = e->phase ? e->phase : "";
	bool changed = !streq(y->phase, phase);

	y->current = e->current;
	y->total = e->total;
	if (y->began == 0 && streq(phase, "downloading"))
		y->began = clock_ms();
	if (changed || e->text) {
		free(y->phase);
		y->phase = xstrdup(phase);
		free(y->text);
		y->text = xstrdup(e->text ? e->text : "");
	}
	if (v->tty && (changed || clock_ms() - v->last >= VIEW_REDRAW_MS))
		draw(v);
	else if (!v->tty && changed)
		print_line(v, y);
}

void pullview_free(struct pullview *v)
{
	if (!v)
		return;
	if (v->tty && v->n > 0)
		draw(v);
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].digest);
		free(v->v[i].phase);
		free(v->v[i].text);
	}
	free(v->v);
	free(v);
}
