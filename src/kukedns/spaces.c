/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "fd.h"
#include "mem.h"
#include "spaces.h"
#include "str.h"
#include "vec.h"

struct space *space_find(const struct kukedns *d, int64_t id)
{
	for (size_t i = 0; i < d->n_spaces; i++)
		if (d->spaces[i]->id == id)
			return d->spaces[i];
	return NULL;
}

struct space *space_add(struct kukedns *d, int64_t id)
{
	struct space *s = xcalloc(1, sizeof(*s)), **to;

	s->id = id;
	for (unsigned i = 0; i < _SPACE_KINDS; i++)
		s->sockets[i] = (struct space_socket){ s, (enum space_kind) i, -EBADF };
	to = vec_grow(&d->spaces, &d->n_spaces, sizeof(struct space *));
	*to = s;
	return s;
}

static void close_socket(struct kukedns *d, struct space_socket *s)
{
	poller_forget(&d->poller, s->fd);
	fd_close_p(&s->fd);
}

void space_remove(struct kukedns *d, struct space *s)
{
	size_t i = 0;

	while (d->spaces[i] != s)
		i++;
	d->n_spaces--;
	memmove(d->spaces + i, d->spaces + i + 1, (d->n_spaces - i) * sizeof(struct space *));
	if (d->n_spaces == 0)
		free_p(&d->spaces);
	for (i = 0; i < _SPACE_KINDS; i++)
		close_socket(d, &s->sockets[i]);
	policy_clear(&s->policy);
	policy_clear(&s->next);
	free(s);
}

int space_kind_parse(const char *text, enum space_kind *ret)
{
	static const char *const names[_SPACE_KINDS] = {
		[SPACE_UDP] = "udp",   [SPACE_UDP6] = "udp6",	    [SPACE_TCP] = "tcp",
		[SPACE_TCP6] = "tcp6", [SPACE_CAPTURE] = "capture",
	};

	for (unsigned i = 0; i < _SPACE_KINDS; i++) {
		if (streq(names[i], text)) {
			*ret = (enum space_kind) i;
			return 0;
		}
	}
	return -EINVAL;
}

int space_take_socket(struct kukedns *d, struct space *s, enum space_kind kind, int fd)
{
	struct space_socket *to = &s->sockets[kind];

	close_socket(d, to);
	to->fd = fd;
	if (kind == SPACE_CAPTURE)
		s->paused = false;
	/* The loop must never wait for one of them. */
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return poller_set(&d->poller, fd, EPOLLIN, WATCH_SOCKET, to);
}

/* ---- frames ---- */

bool space_may_take(struct kukedns *d, struct space *s, int64_t now_ms)
{
	if (now_ms - s->second_ms >= 1000) {
		s->second_ms = now_ms;
		s->n_frames = 0;
	}
	if (++s->n_frames <= SPACE_FRAMES)
		return true;
	poller_forget(&d->poller, s->sockets[SPACE_CAPTURE].fd);
	s->paused = true;
	if (d->resume_ms < 0)
		d->resume_ms = now_ms + 1000;
	return false;
}

void spaces_resume(struct kukedns *d, int64_t now_ms)
{
	struct space_socket *to;

	if (d->resume_ms < 0 || d->resume_ms > now_ms)
		return;
	d->resume_ms = -1;
	for (size_t i = 0; i < d->n_spaces; i++) {
		to = &d->spaces[i]->sockets[SPACE_CAPTURE];
		if (d->spaces[i]->paused && to->fd >= 0)
			(void) poller_set(&d->poller, to->fd, EPOLLIN, WATCH_SOCKET, to);
		d->spaces[i]->paused = false;
	}
}
