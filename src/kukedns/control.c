/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clients.h"
#include "control.h"
#include "fd.h"
#include "question.h"
#include "reports.h"
#include "spaces.h"
#include "str.h"

enum {
	MESSAGES = 16, /* that are handled at a time */
};

static void do_servers(struct kukedns *d, int *fd)
{
	upstream_servers(d->upstream, proto_msg_get(&d->msg, "list"));
}

static void do_opened(struct kukedns *d, int *fd)
{
	int64_t id = proto_msg_get_i64(&d->msg, "id", -1);

	if (id > 0)
		question_opened(d, (uint64_t) id, proto_msg_get(&d->msg, "addrs"),
				streq(proto_msg_get(&d->msg, "failed"), "1"));
}

static void do_ping(struct kukedns *d, int *fd)
{
	int64_t n = proto_msg_get_i64(&d->msg, "n", 0);

	proto_msg_start(&d->msg, "pong");
	proto_msg_add_i64(&d->msg, "n", n);
	proto_msg_add_i64(&d->msg, "queries", (int64_t) d->queries);
	proto_msg_add_i64(&d->msg, "refused", (int64_t) d->refused);
	proto_msg_add_i64(&d->msg, "asked", (int64_t) d->asked);
	(void) report_send(d); /* it is asked again */
}

static void do_space(struct kukedns *d, int *fd)
{
	int64_t id = proto_msg_get_i64(&d->msg, "id", -1);
	struct space *s;

	if (id < 0)
		return;
	s = space_find(d, id);
	if (!s)
		s = space_add(d, id);
	s->ipv6 = proto_msg_get_i64(&d->msg, "ipv6", 0) == 1;
}

/* ---- of a space that is known ---- */

static void do_socket(struct kukedns *d, struct space *s, int *fd)
{
	enum space_kind kind;

	if (*fd >= 0 && space_kind_parse(proto_msg_get(&d->msg, "kind"), &kind) == 0)
		(void) space_take_socket(d, s, kind, take_fd(*fd));
}

static void do_policy(struct kukedns *d, struct space *s, int *fd)
{
	policy_clear(&s->next);
}

static void do_allow(struct kukedns *d, struct space *s, int *fd)
{
	policy_allow(&s->next, proto_msg_get(&d->msg, "hosts"));
}

static void do_names(struct kukedns *d, struct space *s, int *fd)
{
	policy_names(&s->next, proto_msg_get(&d->msg, "text"));
}

static void do_commit(struct kukedns *d, struct space *s, int *fd)
{
	policy_clear(&s->policy);
	s->policy = take_struct(s->next);
	policy_commit(&s->policy);
	s->generation++;
	cache_forget(&d->cache, s->id);
}

static void do_gone(struct kukedns *d, struct space *s, int *fd)
{
	question_forget(d, s);
	conn_forget(d, s);
	cache_forget(&d->cache, s->id);
	revmap_forget(&d->revmap, s->id);
	denied_forget(&d->denied, s->id);
	space_remove(d, s);
}

static const struct {
	const char *op;
	void (*run)(struct kukedns *d, int *fd);
} host_ops[] = {
	{ "servers", do_servers },
	{ "space", do_space },
	{ "opened", do_opened },
	{ "ping", do_ping },
};

static const struct {
	const char *op;
	void (*run)(struct kukedns *d, struct space *s, int *fd);
} space_ops[] = {
	{ "socket", do_socket }, { "policy", do_policy }, { "allow", do_allow },
	{ "names", do_names },	 { "commit", do_commit }, { "gone", do_gone },
};

void control_message(struct kukedns *d, int fd)
{
	cleanup_fd int owned = fd;
	struct space *s;

	for (size_t i = 0; i < ARRAY_SIZE(host_ops); i++) {
		if (proto_msg_is(&d->msg, host_ops[i].op)) {
			host_ops[i].run(d, &owned);
			return;
		}
	}
	s = space_find(d, proto_msg_get_i64(&d->msg, "id", -1));
	for (size_t i = 0; s && i < ARRAY_SIZE(space_ops); i++) {
		if (proto_msg_is(&d->msg, space_ops[i].op)) {
			space_ops[i].run(d, s, &owned);
			return;
		}
	}
}

int control_ready(struct kukedns *d, struct kerr *err)
{
	int r, fd;

	for (int i = 0; i < MESSAGES && fd_wait_readable(d->control, 0) > 0; i++) {
		fd = -EBADF;
		r = proto_msg_recv(&d->msg, d->control, &fd);
		if (r <= 0)
			return r < 0 ? kerr_set(err, r, "receive from the engine") : 0;
		control_message(d, fd);
	}
	return 1;
}
