/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cell_run.h"
#include "clock.h"
#include "conntrack.h"
#include "copy.h"
#include "egress.h"
#include "fd.h"
#include "hosts.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "names_denied.h"
#include "names_helper.h"
#include "names_keeper.h"
#include "names_open.h"
#include "names_space.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_rules.h"
#include "path.h"
#include "str.h"

enum {
	TICK_MS = 500, /* between two questions whether kukedns lives */
	LISTEN_MS = 2000, /* between two attempts to have port 53 */
	RETRY_MS = 1000, /* after it could not be started, or ended at once */
	HOLD_MS = 2000, /* for the lock of a keeper that ends */
	HOLD_LOOK_MS = 20,
	MESSAGES_PER_TURN = 128,
	RESOLV_MAX = 65536,
	RESOLVERS_MAX = 3,
};

#define NAME "kukeond-names" /* 15 bytes at most: prctl(2) */

struct keeper {
	struct engine *e;
	int stop_fd;
	int watch_fd; /* inotify: names/poke */
	int lock_fd;
	struct names_helper helper;
	int64_t start_ms; /* when to start it next */
	int64_t tick_ms;
	struct names_space **v;
	size_t n;
	int64_t last_id;
	struct names_opener opener;
	bool look; /* at all spaces, in this turn */
	bool looked; /* once; so the rules have what is served */
	int64_t listen_ms; /* when to try again what has no sockets */
	char *trouble; /* why kukedns cannot be started; NULL: it can */
	struct stat resolv; /* the host's resolv.conf, as it was told */
	bool servers_told;
};

/* ---- spaces ---- */

static struct names_space *find(const struct keeper *k, const struct addr *a)
{
	for (size_t i = 0; i < k->n; i++)
		if (streq(k->v[i]->at.a.realm, a->realm) && streq(k->v[i]->at.a.space, a->space))
			return k->v[i];
	return NULL;
}

static int look_at_space(void *ctx, struct engine *e, const struct addr *a)
{
	struct keeper *k = ctx;
	struct space_doc d = { 0 };
	struct names_space *s = find(k, a);
	struct space_net net;
	int r = net_egress_load(e, a, &d, NULL);

	if (r < 0 && s)
		s->seen = true; /* a policy that cannot be read now is the one it was */
	if (r > 0 && egress_denies(egress_of(&d)) && network_load(e, a, &net, NULL) == 0) {
		if (!s) {
			s = names_space_new(e, a, ++k->last_id, &net);
			*(struct names_space **) vec_grow(&k->v, &k->n,
							  sizeof(struct names_space *)) = s;
		}
		model_clear(&space_doc_type, &s->doc);
		s->doc = take_struct(d);
		s->seen = true;
	}
	model_clear(&space_doc_type, &d);
	return 0;
}

static void forget(struct keeper *k, size_t i)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct names_space *s = k->v[i];

	proto_msg_start(&m, "gone");
	proto_msg_add_i64(&m, "id", s->id);
	(void) names_helper_send(&k->helper, &m, -1);
	opened_clear(&s->opened);
	(void) opened_save(k->e, s->net.bridge, &s->opened, NULL);
	(void) names_trouble_set(k->e, s->net.bridge, "");
	names_opener_forget(&k->opener, s);
	names_space_free(s);
	memmove(k->v + i, k->v + i + 1, (k->n - i - 1) * sizeof(struct names_space *));
	k->n--;
}

/* ---- what cells read ---- */

static int rewrite_cell(void *ctx, struct engine *e, const struct addr *cell, struct kerr *err)
{
	const struct strlist *resolvers = ctx;
	cleanup_free char *dir = NULL, *file = NULL;
	struct cell_run run;

	if (cell_run_load(e, cell, &run, NULL) < 0 || run.plugins || !run.veth[0])
		return 0;
	dir = cell_run_dir(e, cell, &run);
	file = path_join(dir, "resolv.conf", NULL);
	return hosts_rewrite_resolv(file, run.prefix6[0] ? HOSTS_IPV6 : 0, resolvers, err);
}

/* Cells that run ask the resolver from now on, or no longer. */
static void turn_cells(struct engine *e, const struct addr *space)
{
	cleanup_strlist struct strlist resolvers = { 0 };
	struct space_net net;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = network_load(e, space, &net, NULL);

	if (r < 0)
		return; /* it is gone */
	hosts_resolvers(e, space, &net, &resolvers);
	r = hosts_update(e, space, &err);
	if (r == 0)
		r = scope_each_name(e, ADDR_CELL, space, rewrite_cell, &resolvers, &err);
	if (r < 0)
		log_wrn("cells are not told whom to ask for names", "bridge", net.bridge, "error",
			kerr_text(&err, text, sizeof(text)));
}

/* ---- one look at everything ---- */

static void tell_trouble(struct engine *e, const struct names_space *s, const char *why)
{
	if (names_trouble_set(e, s->net.bridge, why) > 0 && *why)
		log_wrn("names of a space are not answered", "space", s->at.a.space, "error", why);
}

/* Sockets of all spaces; *ret: the bridges that have them. */
static void listen_all(struct keeper *k, struct strlist *ret)
{
	for (size_t i = 0; i < k->n; i++) {
		struct kerr err = { 0 };
		char text[KERR_TEXT_MAX] = "";

		if (names_space_listen(k->v[i], &err) < 0)
			(void) kerr_text(&err, text, sizeof(text));
		else
			strlist_add(ret, k->v[i]->net.bridge);
		if (!text[0] && k->trouble)
			(void) snprintf(text, sizeof(text), "%s", k->trouble);
		tell_trouble(k->e, k->v[i], text);
	}
	strlist_sort(ret);
	k->listen_ms = ret->n < k->n ? clock_ms() + LISTEN_MS : INT64_MAX;
}

static void write_rules(struct keeper *k)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (net_rules_sync(k->e, &err) < 0)
		log_wrn("rules for queries not written", "error",
			kerr_text(&err, text, sizeof(text)));
}

/* Spaces that were not seen have no policy that denies any more. */
static void drop_unseen(struct keeper *k, struct strlist *turned)
{
	for (size_t i = k->n; i > 0; i--) {
		struct names_space *s = k->v[i - 1];

		if (s->seen)
			continue;
		strlist_addf(turned, "%s/%s", s->at.a.realm, s->at.a.space);
		forget(k, i - 1);
	}
}

static void turn_all(struct keeper *k, const struct strlist *turned)
{
	for (size_t i = 0; i < turned->n; i++) {
		char *slash = strchr(turned->v[i], '/');
		struct addr a = { .realm = turned->v[i], .space = slash + 1 };

		*slash = '\0';
		turn_cells(k->e, &a);
	}
}

/* First the sockets, then the rules that let queries to them, then cells are told. */
static void look(struct keeper *k)
{
	cleanup_names_served struct names_served before = { 0 };
	cleanup_strlist struct strlist served = { 0 }, turned = { 0 };

	k->look = false;
	names_served_load(k->e, &before);
	for (size_t i = 0; i < k->n; i++)
		k->v[i]->seen = false;
	(void) network_each_space(k->e, look_at_space, k, NULL);
	drop_unseen(k, &turned);
	listen_all(k, &served);
	if (!k->looked || !strlist_eq(&served, &before.bridges)) {
		(void) names_served_save(k->e, &served, NULL);
		write_rules(k);
		k->looked = true;
	}
	for (size_t i = 0; i < k->n; i++) {
		struct names_space *s = k->v[i];

		if (s->ifindex > 0 && !names_serves(&before, s->net.bridge))
			strlist_addf(&turned, "%s/%s", s->at.a.realm, s->at.a.space);
		names_space_capture(k->e, s, &k->opener.opener);
		if (k->helper.pid > 0 && names_space_tell(k->e, s, &k->helper) < 0)
			k->start_ms = clock_ms(); /* it is started again, and told all */
	}
	turn_all(k, &turned);
}

/* ---- kukedns ---- */

static void tell_servers(struct keeper *k)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_buf struct buf list = BUF_INIT(RESOLV_MAX);
	struct stat st = { 0 };

	(void) stat("/etc/resolv.conf", &st);
	if (k->servers_told && st.st_mtim.tv_sec == k->resolv.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == k->resolv.st_mtim.tv_nsec && st.st_ino == k->resolv.st_ino &&
	    st.st_size == k->resolv.st_size)
		return;
	k->resolv = st;
	hosts_resolvers_of_host(&list);
	proto_msg_start(&m, "servers");
	proto_msg_add(&m, "list", buf_str(&list));
	k->servers_told = names_helper_send(&k->helper, &m, -1) == 0;
}

static void end_helper(struct keeper *k, const char *why)
{
	int64_t now = clock_ms();

	log_wrn("kukedns is started again", "reason", why);
	names_health_again(k->e, why);
	k->start_ms = now - k->helper.started_ms < RETRY_MS ? now + RETRY_MS : now;
	names_helper_stop(&k->helper);
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i]->told);
		k->v[i]->told = NULL;
	}
	k->servers_told = false;
}

/* It is told when it begins; and in the message of each space. */
static void set_trouble(struct keeper *k, const char *why)
{
	if (streq_null(k->trouble, why))
		return;
	if (why)
		log_err("cannot start kukedns", "error", why);
	free(k->trouble);
	k->trouble = xstrdup_null(why);
	k->look = true;
}

static void start_helper(struct keeper *k)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (names_helper_start(&k->helper, &err) < 0) {
		set_trouble(k, kerr_text(&err, text, sizeof(text)));
		k->start_ms = clock_ms() + RETRY_MS;
		return;
	}
	set_trouble(k, NULL);
	tell_servers(k);
	for (size_t i = 0; i < k->n; i++)
		if (names_space_tell(k->e, k->v[i], &k->helper) < 0) {
			end_helper(k, "it does not take what it is told");
			return;
		}
}

/* ---- what kukedns says ---- */

static struct names_space *by_id(const struct keeper *k, int64_t id)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->v[i]->id == id)
			return k->v[i];
	return NULL;
}

static void take_message(struct keeper *k, const struct proto_msg *m)
{
	struct names_space *s = by_id(k, proto_msg_get_i64(m, "space", -1));

	if (proto_msg_is(m, "pong")) {
		if (names_helper_pong(&k->helper, m))
			names_health_answered(k->lock_fd);
	} else if (proto_msg_is(m, "failed")) {
		log_err("kukedns failed", "error", proto_msg_get(m, "text"));
	} else if (proto_msg_is(m, "open")) {
		names_opener_ask(&k->opener, s, m);
	} else if (proto_msg_is(m, "denied") && s) {
		names_denied(k->e, s, m);
	}
}

/* All that has come, a bounded number: what is to be opened is opened by one change. */
static void read_helper(struct keeper *k)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct pollfd p = { .fd = k->helper.control, .events = POLLIN };
	int r = 1;

	for (int i = 0; i < MESSAGES_PER_TURN && poll(&p, 1, 0) > 0; i++) {
		cleanup_fd int fd = -EBADF;

		r = proto_msg_recv(&m, k->helper.control, &fd);
		if (r <= 0)
			break;
		take_message(k, &m);
	}
	if (r <= 0)
		end_helper(k, r == 0 ? "it has ended" : "it said what makes no sense");
}

/* ---- the loop ---- */

static void tick(struct keeper *k)
{
	int64_t now = clock_ms();

	k->tick_ms = now + TICK_MS;
	k->look |= now >= k->listen_ms;
	if (k->helper.pid > 0)
		read_helper(k); /* its answer may wait: writing rules took its time */
	if (k->helper.pid > 0) {
		tell_servers(k);
		if (!names_helper_ping(&k->helper))
			end_helper(k, "it does not answer");
	}
	names_opener_age(&k->opener, k->v, k->n);
}

static int64_t next_ms(const struct keeper *k)
{
	int64_t next = k->tick_ms, due = names_opener_due(&k->opener);

	if (k->helper.pid == 0 && k->start_ms < next)
		next = k->start_ms;
	return due >= 0 && due < next ? due : next;
}

static void turn(struct keeper *k)
{
	struct pollfd p[] = { { .fd = k->stop_fd, .events = POLLIN },
			      { .fd = k->watch_fd, .events = POLLIN },
			      { .fd = k->helper.control, .events = POLLIN } };
	char drop[4096];

	if (poll(p, ARRAY_SIZE(p), clock_left(next_ms(k))) > 0) {
		if (p[1].revents != 0) {
			while (read(k->watch_fd, drop, sizeof(drop)) > 0)
				;
			k->look = true;
		}
		if (p[2].revents != 0)
			read_helper(k);
	}
	if (k->helper.pid == 0 && clock_ms() >= k->start_ms)
		start_helper(k);
	if (k->look)
		look(k);
	names_opener_run(&k->opener, &k->helper);
	if (clock_ms() >= k->tick_ms)
		tick(k);
}

static bool is_stopped(const struct keeper *k)
{
	struct pollfd p = { .fd = k->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* ---- the door ---- */

bool names_keeper_wanted(const struct engine *e)
{
	return names_is_wanted(e);
}

static int hold(const struct engine *e, struct kerr *err)
{
	int64_t end = clock_ms() + HOLD_MS;
	int fd;

	while ((fd = names_hold(e, err)) == -EAGAIN && clock_ms() < end)
		(void) poll(NULL, 0, HOLD_LOOK_MS);
	return fd;
}

static int open_watch(const struct engine *e, struct kerr *err)
{
	cleanup_free char *file = names_file(e, "poke");
	cleanup_fd int made = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	cleanup_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (made < 0)
		return kerr_set(err, -errno, "create '%s'", file);
	if (fd < 0 || inotify_add_watch(fd, file, IN_ATTRIB) < 0)
		return kerr_set(err, -errno, "watch '%s'", file);
	return take_fd(fd);
}

static void end(struct keeper *k)
{
	names_helper_stop(&k->helper);
	names_health_end(k->e, k->lock_fd);
	if (k->n == 0) {
		names_want(k->e, false);
		names_leave(k->e);
	}
	for (size_t i = 0; i < k->n; i++)
		names_space_free(k->v[i]);
	free(k->v);
	free(k->trouble);
	names_opener_clear(&k->opener);
}

int names_keeper_run(struct engine *e, int stop_fd, struct kerr *err)
{
	cleanup_fd int lock = -EBADF, watch = -EBADF;
	struct keeper k = { .e = e, .stop_fd = stop_fd, .helper = NAMES_HELPER_INIT, .look = true };

	lock = k.lock_fd = hold(e, err);
	if (lock < 0) /* -ENOENT: it was wanted for a moment */
		return lock == -ENOENT && !names_is_wanted(e) ? 0 : lock;
	(void) prctl(PR_SET_NAME, NAME); /* so that one can tell it from the daemon */
	names_health_begin(e, lock);
	watch = k.watch_fd = open_watch(e, err);
	if (watch < 0)
		return watch;
	k.opener.e = e;
	look(&k);
	while (k.n > 0 && !is_stopped(&k))
		turn(&k);
	end(&k);
	return 0;
}
