/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/inotify.h>

#include "fd.h"
#include "log_watch.h"
#include "mem.h"
#include "vec.h"

enum {
	EVENTS = 16 << 10,
};

int log_watch_init(struct log_watch *w, struct kerr *err)
{
	*w = (struct log_watch){ .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	return w->fd < 0 ? kerr_set(err, -errno, "watch logs") : 0;
}

void log_watch_clear(struct log_watch *w)
{
	fd_close_p(&w->fd);
	free_p(&w->wd);
	w->n = 0;
}

static int watch(struct log_watch *w, size_t which, const char *dir, uint32_t mask,
		 struct kerr *err)
{
	int wd = inotify_add_watch(w->fd, dir,
				   mask | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF |
					   IN_ONLYDIR);

	w->wd[which] = wd;
	if (wd < 0 && errno != ENOENT && errno != ENOTDIR)
		return kerr_set(err, -errno, "watch '%s'", dir);
	return 0;
}

int log_watch_again(struct log_watch *w, size_t which, const char *dir, struct kerr *err)
{
	return watch(w, which, dir, IN_MODIFY | IN_CLOSE_WRITE, err);
}

int log_watch_add(struct log_watch *w, const char *dir, enum log_watch_flags flags,
		  struct kerr *err)
{
	int *wd = vec_grow(&w->wd, &w->n, sizeof(*wd));

	*wd = -1;
	if (flags & LOG_WATCH_NAMES)
		return watch(w, w->n - 1, dir, 0, err);
	return log_watch_again(w, w->n - 1, dir, err);
}

static enum log_event event_of(uint32_t mask)
{
	unsigned e = LOG_EVENT_WRITE;

	if (mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW))
		e |= LOG_EVENT_CLOSE;
	return (enum log_event) e;
}

void log_watch_read(struct log_watch *w, void (*event)(void *ctx, size_t which, enum log_event e),
		    void *ctx)
{
	char events[EVENTS] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->fd, events, sizeof(events))) > 0)
		for (char *p = events; p < events + n;) {
			const struct inotify_event *e = (const void *) p;

			for (size_t i = 0; i < w->n; i++)
				if (w->wd[i] == e->wd || e->mask & IN_Q_OVERFLOW)
					event(ctx, i, event_of(e->mask));
			p += sizeof(*e) + e->len;
		}
}
