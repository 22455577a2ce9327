/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "fetch.h"
#include "fetch_proto.h"
#include "helper.h"
#include "mem.h"
#include "proc.h"
#include "str.h"

struct fetch {
	pid_t pid;
	int control;
	int64_t last_id;
};

struct fetch *fetch_close(struct fetch *f)
{
	if (!f)
		return NULL;
	fd_close_p(&f->control);
	if (f->pid > 0)
		proc_kill_wait(f->pid);
	free(f);
	return NULL;
}

static int spawn(struct fetch *f, struct kerr *err)
{
	cleanup_free char *path = NULL;
	cleanup_strlist struct strlist args = { 0 }, env = { 0 };
	struct proc_spawn how = PROC_SPAWN_INIT;
	cleanup_fd int theirs = -EBADF;
	int fds[2], r;

	r = helper_path("kukefetch", &path, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return kerr_set(err, -errno, "make a pair of sockets");
	f->control = fds[0];
	theirs = fds[1];
	strlist_add(&args, "kukefetch");
	strlist_addf(&args, "%d", FETCH_PROTO_VERSION);
	strlist_addf(&args, "control=%d", theirs);
	strlist_make_empty(&env);
	helper_environment(&env);
	how.path = path;
	how.argv = args.v;
	how.envp = env.v;
	how.keep_fds = &theirs;
	how.n_keep_fds = 1;
	how.flags = PROC_DIE_WITH_PARENT | PROC_NULL_STDIN;
	return proc_spawn(&how, &f->pid, err);
}

static int send_msg(struct fetch *f, const struct proto_msg *m, int fd, struct kerr *err)
{
	int r = proto_msg_send(m, f->control, fd, 0);

	if (r == -EPIPE || r == -ECONNRESET)
		return 0; /* kukefetch has ended; fetch_next reports why */
	return r < 0 ? kerr_set(err, r, "send to kukefetch") : 0;
}

static int send_endpoint(struct fetch *f, const struct registry_endpoint *e, struct kerr *err)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int r;

	proto_msg_start(&m, "endpoint");
	proto_msg_add(&m, "host", e->host);
	proto_msg_add(&m, "prefix", e->prefix);
	proto_msg_add(&m, "schemes", e->schemes);
	if (e->login) {
		proto_msg_add(&m, "user", e->login->user);
		proto_msg_add(&m, "password", e->login->password);
	}
	r = send_msg(f, &m, -1, err);
	if (m.text.data)
		explicit_bzero(m.text.data, m.text.cap);
	return r;
}

static int send_settings(struct fetch *f, const struct registry_config *c, const struct ref *ref,
			 const struct registry_endpoints *e, struct kerr *err)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_buf struct buf insecure = BUF_INIT(PROTO_MSG_MAX / 2);
	int r;

	for (size_t i = 0; i < c->insecure.n; i++)
		buf_addf(&insecure, "%s%s", i > 0 ? "," : "", c->insecure.v[i]);
	proto_msg_start(&m, "config");
	proto_msg_add(&m, "repository", ref->path);
	proto_msg_add(&m, "ca", c->ca_file);
	proto_msg_add(&m, "insecure", buf_str(&insecure));
	r = send_msg(f, &m, -1, err);
	for (size_t i = 0; r == 0 && i < e->n; i++)
		r = send_endpoint(f, &e->v[i], err);
	if (r < 0)
		return r;
	proto_msg_start(&m, "begin");
	return send_msg(f, &m, -1, err);
}

int fetch_open(const struct registry_config *c, const struct ref *ref,
	       const struct registry_login *logins, size_t n_logins, struct fetch **ret,
	       struct kerr *err)
{
	cleanup_(registry_endpoints_clear) struct registry_endpoints e = { 0 };
	cleanup_(fetch_freep) struct fetch *f = NULL;
	int r;

	r = registry_endpoints_of(c, ref, logins, n_logins, &e, err);
	if (r < 0)
		return r;
	f = xcalloc(1, sizeof(*f));
	f->control = -EBADF;
	r = spawn(f, err);
	if (r == 0)
		r = send_settings(f, c, ref, &e, err);
	if (r < 0)
		return r;
	*ret = take_ptr(f);
	return 0;
}

int fetch_ask(struct fetch *f, const struct fetch_want *want, int64_t *ret_id, struct kerr *err)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int r;

	proto_msg_start(&m, want->head ? "head" : "get");
	proto_msg_add_i64(&m, "id", ++f->last_id);
	proto_msg_add(&m, "what", want->what);
	proto_msg_add(&m, "ref", want->ref);
	if (want->size >= 0)
		proto_msg_add_i64(&m, "size", want->size);
	proto_msg_add_i64(&m, "max", want->max);
	r = send_msg(f, &m, want->head ? -1 : want->fd, err);
	if (r == 0)
		*ret_id = f->last_id;
	return r;
}

int fetch_fd(const struct fetch *f)
{
	return f->control;
}

/* Reap kukefetch and return why it ended. */
static int exit_error(struct fetch *f, struct kerr *err)
{
	int status = 0;

	fd_close_p(&f->control);
	if (proc_wait(f->pid, 10 * 1000, &status, NULL) == 0)
		f->pid = 0;
	if (WIFSIGNALED(status))
		return kerr_plain(err, -EIO, "kukefetch was killed by signal %d", WTERMSIG(status));
	return kerr_plain(err, -EIO, "kukefetch ended before the transfer was complete");
}

static void set_text(const struct proto_msg *m, struct kerr *err, int r)
{
	const char *text = proto_msg_get(m, "text");
	cleanup_buf struct buf shown = BUF_INIT(8 << 10);

	str_vis(&shown, text, strnlen(text, sizeof(err->msg)));
	(void) kerr_plain(err, r, "%s", buf_str(&shown));
}

bool fetch_event_parse(const struct proto_msg *m, struct fetch_event *e)
{
	static const struct {
		const char *op;
		enum fetch_event_kind kind;
	} rows[] = {
		{ "done", FETCH_DONE },
		{ "failed", FETCH_FAILED },
		{ "progress", FETCH_PROGRESS },
		{ "retry", FETCH_RETRY },
	};
	const char *type = proto_msg_get(m, "type"), *url = proto_msg_get(m, "url");

	*e = (struct fetch_event){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (proto_msg_is(m, rows[i].op))
			e->kind = rows[i].kind;
	e->id = proto_msg_get_i64(m, "id", -1);
	e->bytes = proto_msg_get_i64(m, "bytes", 0);
	e->status = proto_msg_get_i64(m, "status", 0);
	if (*proto_msg_get(m, "again"))
		e->flags |= FETCH_AGAIN;
	if (*proto_msg_get(m, "sink"))
		e->flags |= FETCH_SINK;
	if (strlen(type) < sizeof(e->type))
		memcpy(e->type, type, strlen(type) + 1);
	/* The query may contain a secret (signed URLs), so leave it out. */
	(void) snprintf(e->url, sizeof(e->url), "%.*s", (int) strcspn(url, "?#"), url);
	(void) digest_parse(proto_msg_get(m, "digest"), &e->digest);
	if (e->kind == FETCH_FAILED || e->kind == FETCH_RETRY)
		set_text(m, &e->err, -EREMOTEIO);
	return e->kind != 0;
}

int fetch_next(struct fetch *f, struct fetch_event *ret, struct kerr *err)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_fd int fd = -EBADF; /* kukefetch never sends one */
	struct fetch_event e;
	int r;

	r = proto_msg_recv(&m, f->control, &fd);
	if (r == 0)
		return exit_error(f, err);
	if (r < 0)
		return kerr_set(err, r, "receive from kukefetch");
	if (!fetch_event_parse(&m, &e))
		return kerr_plain(err, -EPROTO, "malformed reply from kukefetch");
	if (e.id == 0 && e.kind == FETCH_FAILED) { /* about kukefetch itself, not a request */
		if (err)
			*err = e.err;
		return -EIO;
	}
	*ret = e;
	return 0;
}
