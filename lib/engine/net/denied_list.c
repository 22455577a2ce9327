/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "denied_list.h"
#include "denied_log.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "scope.h"
#include "server.h"
#include "str.h"
#include "vec.h"

#define PAGE (2 << 20) /* bytes of entries, roughly, after which no further space is read */
#define CURSOR_MAX (4 << 20)
#define BLIND_MS 1000 /* between two looks where not all directories can be watched */
#define EVENTS 16384

/* How far the log of a space was read. A cursor is a list of them: "REALM/SPACE=INO.OFFSET;". */
struct place {
	const char *space;
	struct denied_at at;
};

struct look {
	const struct rpc_list_denied_args *args;
	struct addr spaces; /* the filter, down to the space */
	struct ktime since;
	struct place *places;
	size_t n_places;
	struct buf next;
	size_t bytes;
	struct rpc_list_denied_result *ret;
};

static void look_clear(struct look *l)
{
	free(l->places);
	buf_clear(&l->next);
}

/* ---- the cursor ---- */

/* text is cut into pieces, which the places refer to. */
static int read_cursor(struct look *l, char *text, struct kerr *err)
{
	char *one;

	free_p(&l->places);
	l->n_places = 0;
	while ((one = strsep(&text, ";")) != NULL) {
		char *at = strchr(one, '='), *dot = at ? strchr(at, '.') : NULL;
		struct place *p;

		if (!*one)
			continue;
		p = vec_grow(&l->places, &l->n_places, sizeof(*p));
		if (dot) {
			*at = *dot = '\0';
			p->space = one;
		}
		if (!dot || str_to_u64(at + 1, 1, UINT64_MAX, &p->at.ino) < 0 ||
		    str_to_u64(dot + 1, 0, UINT64_MAX, &p->at.offset) < 0)
			return kerr_plain(err, -EINVAL, "After is not what a reply had as Next");
	}
	return 0;
}

static struct denied_at place_of(const struct look *l, const char *space)
{
	for (size_t i = 0; i < l->n_places; i++)
		if (streq(l->places[i].space, space))
			return l->places[i].at;
	return (struct denied_at){ 0 };
}

/* ---- entries ---- */

/* Whether a cell, by its address, is in a stack and is one; "" is any. */
static bool is_in(const char *cell, const char *stack, const char *name)
{
	cleanup_free char *copy = xstrdup(cell);
	const char *parts[4] = { "", "", "", "" };
	char *rest = copy;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && rest; i++)
		parts[i] = strsep(&rest, "/");
	return (str_empty(stack) || streq(stack, parts[2])) &&
	       (str_empty(name) || streq(name, parts[3]));
}

static void add_entry(void *ctx, const struct denied *d)
{
	struct look *l = ctx;
	struct rpc_denied *to;

	if (ktime_cmp(&d->last, &l->since) < 0 ||
	    !is_in(d->cell, l->args->stack_name, l->args->cell_name))
		return;
	to = vec_grow(&l->ret->denied.v, &l->ret->denied.n, sizeof(*to));
	*to = (struct rpc_denied){ .time = d->time,
				   .last = d->last,
				   .cell = xstrdup(d->cell),
				   .address = xstrdup(d->address),
				   .name = xstrdup(d->name),
				   .destination = xstrdup(d->destination),
				   .port = d->port,
				   .protocol = xstrdup(d->protocol),
				   .count = d->count };
	l->bytes += sizeof(*to) + strlen(d->cell) + strlen(d->name);
}

/* A log that cannot be read keeps no other from being listed. */
static int look_at(void *ctx, struct engine *e, const struct addr *space, struct kerr *unused)
{
	struct look *l = ctx;
	cleanup_free char *name = addr_text(space);
	struct denied_at at = place_of(l, name);
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };

	(void) unused;
	if (l->bytes >= PAGE)
		l->ret->more = true;
	else if (denied_log_read(e, space, &at, add_entry, l, &err) < 0)
		log_wrn("cannot read what was denied", "space", name, "error",
			kerr_text(&err, text, sizeof(text)));
	if (at.ino)
		buf_addf(&l->next, "%s=%" PRIu64 ".%" PRIu64 ";", name, at.ino, at.offset);
	return 0;
}

/* From the place that the cursor has, which then is the one of ret. */
static int look(struct engine *e, struct look *l, struct kerr *err)
{
	cleanup_free char *cursor = NULL;
	int r;

	cursor = xstrdup(l->ret->next);
	r = read_cursor(l, cursor, err);
	buf_reset(&l->next);
	if (r == 0)
		r = scope_each(e, ADDR_SPACE, &l->spaces, look_at, l, err);
	if (r == 0)
		r = buf_check(&l->next, "the cursor of a list", err);
	free_p(&l->places); /* their names are those of cursor */
	l->n_places = 0;
	if (r < 0)
		return r;
	free(l->ret->next);
	l->ret->next = xstrdup(buf_str(&l->next));
	return 0;
}

/* ---- waiting ---- */

struct watch {
	int fd;
	bool blind; /* something cannot be watched */
};

static int watch_dir(struct watch *w, struct engine *e, const struct addr *a, uint32_t mask)
{
	cleanup_free char *dir = layout_object(&e->layout, a, OBJECT_DIR);

	if (inotify_add_watch(w->fd, dir, mask | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0 &&
	    errno != ENOENT && errno != ENOTDIR)
		w->blind = true;
	return 0;
}

static int watch_realm(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	(void) err;
	return watch_dir(ctx, e, a, 0);
}

static int watch_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	(void) err;
	return watch_dir(ctx, e, a, IN_MODIFY);
}

/* Again before each look, for spaces that are new; what is watched already stays so. */
static void watch_all(struct watch *w, struct engine *e, const struct addr *filter)
{
	const struct addr root = { 0 }, realm = { .realm = filter->realm };

	w->blind = false;
	(void) watch_dir(w, e, &root, 0);
	if (scope_each(e, ADDR_REALM, &realm, watch_realm, w, NULL) < 0 ||
	    scope_each(e, ADDR_SPACE, filter, watch_space, w, NULL) < 0)
		w->blind = true;
}

/* Whether events are about logs, or about directories that may have some. */
static bool is_news(int fd)
{
	char events[EVENTS] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool news = false;
	ssize_t n;

	while ((n = read(fd, events, sizeof(events))) > 0)
		for (char *p = events; p < events + n;) {
			const struct inotify_event *ev = (const void *) p;

			news |= ev->mask & (IN_ISDIR | IN_Q_OVERFLOW | IN_IGNORED) ||
				(ev->len > 0 && str_has_prefix(ev->name, "denied.log"));
			p += sizeof(*ev) + ev->len;
		}
	return news;
}

/* True: look again; false: the time is over, the caller is gone or the daemon stops. */
static bool wait_news(struct engine *e, const struct watch *w, int64_t deadline)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = w->fd, .events = POLLIN },
			{ .fd = e->link ? e->link->fd : -1, .events = POLLRDHUP },
			{ .fd = e->link ? e->link->stop_fd : -1, .events = POLLIN },
		};
		int left = clock_left(deadline), n;

		if (left == 0)
			return false;
		n = poll(p, ARRAY_SIZE(p), w->blind && left > BLIND_MS ? BLIND_MS : left);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0 && (p[1].revents || p[2].revents))
			return false;
		if ((n > 0 && is_news(w->fd)) || (n == 0 && w->blind))
			return true;
	}
}

static int look_and_wait(struct engine *e, struct look *l, int64_t wait_ms, struct kerr *err)
{
	struct watch w = { .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	cleanup_fd int fd = w.fd;
	int64_t deadline = clock_ms() + wait_ms;
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "watch logs");
	do {
		watch_all(&w, e, &l->spaces);
		r = look(e, l, err);
	} while (r == 0 && l->ret->denied.n == 0 && !l->ret->more && wait_news(e, &w, deadline));
	return r;
}

int denied_list(struct engine *e, const struct rpc_list_denied_args *args,
		struct rpc_list_denied_result *ret, struct kerr *err)
{
	cleanup_(look_clear) struct look l = { .args = args,
					       .spaces = { .realm = args->realm_name,
							   .space = args->space_name },
					       .next = BUF_INIT(CURSOR_MAX),
					       .ret = ret };
	int64_t wait_ms = args->wait_ms;

	if (!str_empty(args->since) && ktime_parse(args->since, &l.since) < 0)
		return kerr_plain(err, -EINVAL, "\"%s\" is not a time (RFC 3339)", args->since);
	ret->next = xstrdup(args->after ? args->after : "");
	if (wait_ms <= 0)
		return look(e, &l, err);
	return look_and_wait(e, &l, wait_ms < RPC_DENIED_WAIT_MS ? wait_ms : RPC_DENIED_WAIT_MS,
			     err);
}
