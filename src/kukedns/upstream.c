/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/time.h>

/* Newer versions have other names for half of these calls, Debian 12 has not. */
#define CARES_NO_DEPRECATED
#include <ares.h>

#include "clock.h"
#include "dns_msg.h"
#include "mem.h"
#include "str.h"
#include "upstream.h"
#include "vec.h"

enum {
	TRY_MS = 1000, /* the first try with each server; it doubles */
	TRIES = 3,
	SERVERS_MAX = 8,
	PENDING_MAX = 1024, /* questions, those included that the owner has forgotten */
};

/*
 * c-ares changes its servers only while nothing is asked. So there are two channels: with
 * a change the idle one takes over, and the other one ends what it has begun.
 */
struct upstream_lane {
	ares_channel channel;
	struct upstream *up;
	unsigned pending;
};

struct upstream {
	struct poller *poller;
	int kind;
	struct upstream_lane lanes[2];
	unsigned current;
	bool changed; /* the list is for a lane that is still busy */
	struct strlist servers;
	uint32_t generation; /* of that list */
	struct upstream_ask *done, **done_end;
};

struct upstream_ask {
	struct upstream_ask *next;
	struct upstream_lane *lane;
	uint32_t generation;
	void *owner; /* NULL: forgotten */
	struct buf ask, answer;
	bool simple; /* it was asked without EDNS */
};

/* ---- channels ---- */

static void sock_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct upstream_lane *l = data;
	uint32_t events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

	if (events == 0)
		poller_forget(l->up->poller, fd);
	else
		(void) poller_set(l->up->poller, fd, events, l->up->kind, l);
}

static int open_lane(struct upstream *u, struct upstream_lane *l, struct kerr *err)
{
	struct ares_options o = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = TRY_MS,
		.tries = TRIES,
		.ednspsz = DNS_UDP_MAX,
		.sock_state_cb = sock_state,
		.sock_state_cb_data = l,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
		   ARES_OPT_SOCK_STATE_CB;
	int r;

#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE; /* of no seconds: what is kept is kept by space */
#endif
	l->up = u;
	r = ares_init_options(&l->channel, &o, mask);
	return r == ARES_SUCCESS ? 0 : kerr_plain(err, -EIO, "c-ares: %s", ares_strerror(r));
}

int upstream_new(struct poller *poller, int kind, struct upstream **ret, struct kerr *err)
{
	struct upstream *u;
	int r;

	r = ares_library_init(ARES_LIB_INIT_ALL);
	if (r != ARES_SUCCESS)
		return kerr_plain(err, -EIO, "c-ares: %s", ares_strerror(r));
	u = xcalloc(1, sizeof(*u));
	u->poller = poller;
	u->kind = kind;
	u->done_end = &u->done;
	r = open_lane(u, &u->lanes[0], err);
	if (r == 0)
		r = open_lane(u, &u->lanes[1], err);
	if (r < 0) {
		upstream_free(u);
		return r;
	}
	*ret = u;
	return 0;
}

static void free_ask(struct upstream_ask *a)
{
	buf_clear(&a->ask);
	buf_clear(&a->answer);
	free(a);
}

struct upstream *upstream_free(struct upstream *u)
{
	struct upstream_done done;

	if (!u)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(u->lanes); i++)
		if (u->lanes[i].channel)
			ares_destroy(u->lanes[i].channel); /* ends what is asked */
	while (upstream_next(u, &done))
		buf_clear(&done.answer);
	strlist_clear(&u->servers);
	free(u);
	ares_library_cleanup();
	return NULL;
}

/* ---- servers ---- */

/* Let the list count, now or when the other lane is idle. */
static void apply(struct upstream *u)
{
	struct upstream_lane *l = &u->lanes[!u->current];
	cleanup_buf struct buf csv = BUF_INIT(SERVERS_MAX * 80);

	u->changed = true;
	if (l->pending > 0)
		return;
	for (size_t i = 0; i < u->servers.n; i++)
		buf_addf(&csv, "%s%s", i > 0 ? "," : "", u->servers.v[i]);
	u->changed = false;
	if (u->servers.n > 0 &&
	    ares_set_servers_ports_csv(l->channel, buf_str(&csv)) != ARES_SUCCESS) {
		strlist_clear(&u->servers);
		return;
	}
	u->current = !u->current;
	u->generation++;
}

/* An IPv6 address has brackets, as its colons are not that of a port. */
static void add_server(struct strlist *l, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	bool bare = s[0] != '[' && colon && memchr(colon + 1, ':', n - (size_t) (colon + 1 - s));

	if (n > 0 && n < 64 && l->n < SERVERS_MAX)
		strlist_addf(l, bare ? "[%.*s]" : "%.*s", (int) n, s);
}

void upstream_servers(struct upstream *u, const char *list)
{
	size_t n;

	strlist_clear(&u->servers);
	for (; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		add_server(&u->servers, list, n);
	}
	apply(u);
}

/* The first one did not answer in time and another did: it is asked last from now on. */
static void rotate(struct upstream *u)
{
	char *first;

	if (u->servers.n < 2)
		return;
	first = xstrdup(u->servers.v[0]);
	strlist_remove(&u->servers, 0);
	strlist_add_owned(&u->servers, first);
	apply(u);
}

/* ---- questions ---- */

static void answered(void *arg, int status, int timeouts, unsigned char *answer, int n);

static void send_ask(struct upstream_ask *a)
{
	a->lane->pending++;
	ares_send(a->lane->channel, (const unsigned char *) a->ask.data, (int) a->ask.len, answered,
		  a);
}

static void answered(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	struct upstream_ask *a = arg;
	struct upstream *u = a->lane->up;

	a->lane->pending--;
	/* An old resolver. c-ares 1.18 asks again by itself, but once in its life. */
	if (answer && n > 0 && !a->simple && dns_ask_failed(answer, (size_t) n)) {
		a->simple = true;
		dns_ask_simplify(&a->ask);
		send_ask(a);
		return;
	}
	if (answer && n > 0)
		buf_add(&a->answer, answer, (size_t) n);
	if (status != ARES_EDESTRUCTION && timeouts > 0 && answer &&
	    a->generation == u->generation && !u->changed)
		rotate(u);
	a->next = NULL;
	*u->done_end = a;
	u->done_end = &a->next;
}

struct upstream_ask *upstream_ask(struct upstream *u, const char *name, unsigned type, void *owner)
{
	struct upstream_ask *a;
	uint16_t id = 0;

	if (u->changed)
		apply(u);
	if (u->servers.n == 0 || u->lanes[0].pending + u->lanes[1].pending >= PENDING_MAX ||
	    getrandom(&id, sizeof(id), 0) != sizeof(id))
		return NULL;
	a = xcalloc(1, sizeof(*a));
	buf_init(&a->ask, DNS_UDP_MIN);
	buf_init(&a->answer, DNS_MSG_MAX);
	dns_ask_write(&a->ask, id, name, type);
	a->owner = owner;
	a->lane = &u->lanes[u->current];
	a->generation = u->generation;
	send_ask(a);
	return a; /* it may be done already, and is told of by upstream_next */
}

void upstream_forget(struct upstream_ask *ask)
{
	ask->owner = NULL;
}

bool upstream_next(struct upstream *u, struct upstream_done *ret)
{
	struct upstream_ask *a;
	bool wanted;

	do {
		a = u->done;
		if (!a)
			return false;
		u->done = a->next;
		if (!u->done)
			u->done_end = &u->done;
		wanted = a->owner != NULL;
		if (wanted)
			*ret = (struct upstream_done){ a->owner, take_struct(a->answer) };
		free_ask(a);
	} while (!wanted);
	return true;
}

void upstream_ready(struct upstream_lane *lane, int fd, uint32_t events)
{
	bool failed = events & (EPOLLERR | EPOLLHUP);

	ares_process_fd(lane->channel, events & EPOLLIN || failed ? fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

int64_t upstream_wakes(const struct upstream *u)
{
	int64_t least = -1, ms;
	struct timeval tv, *t;

	for (size_t i = 0; i < ARRAY_SIZE(u->lanes); i++) {
		if (u->lanes[i].pending == 0)
			continue;
		t = ares_timeout(u->lanes[i].channel, NULL, &tv);
		if (!t)
			continue;
		ms = (int64_t) t->tv_sec * 1000 + t->tv_usec / 1000 + 1;
		if (least < 0 || ms < least)
			least = ms;
	}
	return least < 0 ? -1 : clock_ms() + least;
}

void upstream_wake(struct upstream *u)
{
	for (size_t i = 0; i < ARRAY_SIZE(u->lanes); i++)
		if (u->lanes[i].pending > 0)
			ares_process_fd(u->lanes[i].channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
