/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "copy.h"
#include "decode.h"
#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "str.h"
#include "wire.h"

enum {
	DIAL_SECONDS = 5
};

struct rpc_client {
	int fd;
	uint64_t next_id;
	bool broken; /* the connection cannot be used any more */
};

/*
 * The name of a group, or its number if it has none. Reads only /etc/group, the file that
 * usermod changes: getgrgid(3) loads plug-ins, which a static program cannot rely on.
 */
static char *group_name(gid_t gid)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *g = NULL;
	char *name;

	while (f && (g = fgetgrent(f)) != NULL && g->gr_gid != gid)
		;
	name = g ? xstrdup(g->gr_name) : xasprintf("%u", (unsigned) gid);
	if (f)
		(void) fclose(f);
	return name;
}

/* The group that may use the socket; "kukeon" if only root may, or if it cannot be determined. */
static char *socket_group(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || st.st_gid == 0)
		return xstrdup("kukeon");
	return group_name(st.st_gid);
}

/*
 * After the prefix that names the daemon, the messages are those of Go's net.Dial:
 * clients of upstream know them.
 */
static int dial_failed(struct kerr *err, const char *path, int r)
{
	cleanup_free char *group = NULL;
	char why[128];

	if (r == -EAGAIN || r == -EINPROGRESS)
		return kerr_plain(err, -ETIMEDOUT, "dial kukeond at %s: dial unix %s: i/o timeout",
				  path, path);
	(void) errno_text(-r, why, sizeof(why));
	if (r == -EACCES || r == -EPERM) {
		group = socket_group(path);
		return kerr_plain(err, r,
				  "dial kukeond at %s: permission denied — add yourself to the "
				  "%s group (sudo usermod -aG %s $USER), then log out and "
				  "back in: dial unix %s: connect: %s",
				  path, group, group, path, why);
	}
	return kerr_plain(err, r, "dial kukeond at %s: dial unix %s: connect: %s", path, path, why);
}

struct rpc_client *rpc_client_new(int owned_fd)
{
	struct rpc_client *c = xcalloc(1, sizeof(*c));

	c->fd = owned_fd;
	return c;
}

static int dial_unix(const char *path, struct rpc_client **ret, struct kerr *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = DIAL_SECONDS };
	struct timeval forever = { 0 };
	cleanup_fd int fd = -EBADF;
	size_t n = strlen(path);

	if (n >= sizeof(addr.sun_path))
		return dial_failed(err, path, -EINVAL);
	memcpy(addr.sun_path, path, n + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "dial kukeond at %s: socket", path);
	/* SO_SNDTIMEO also limits connect(2), which blocks while the backlog is full. */
	(void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) < 0)
		return dial_failed(err, path, -errno);
	(void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
	*ret = rpc_client_new(take_fd(fd));
	return 0;
}

int rpc_dial(const char *host, struct rpc_client **ret, struct kerr *err)
{
	if (str_has_prefix(host, "unix://")) {
		const char *path = host + strlen("unix://");

		if (*path == '\0')
			return kerr_plain(err, -EINVAL,
					  "unsupported kukeon host scheme: unix path is empty");
		return dial_unix(path, ret, err);
	}
	if (str_has_prefix(host, "ssh://"))
		return kerr_plain(err, -EINVAL,
				  "unsupported kukeon host scheme: ssh transport not yet "
				  "implemented");
	return kerr_plain(err, -EINVAL,
			  "unsupported kukeon host scheme: \"%s\" (expected unix:// or ssh://)",
			  host);
}

struct rpc_client *rpc_client_free(struct rpc_client *c)
{
	if (!c)
		return NULL;
	fd_close_p(&c->fd);
	free(c);
	return NULL;
}

int rpc_client_fd(const struct rpc_client *c)
{
	return c->fd;
}

static int send_request(struct rpc_client *c, const struct rpc_method *m, const void *args,
			const struct rpc_call_opts *opts, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(KUKE_MAX_REQUEST);
	int r;

	buf_addf(&out, "{\"method\":\"%s.%s\",\"params\":[", m->service, m->name);
	model_emit_json(&out, m->args, args, 0);
	buf_addf(&out, "],\"id\":%" PRIu64 "%s}\n", c->next_id,
		 opts->event ? ",\"events\":true" : "");
	r = buf_check(&out, "request", err);
	if (r < 0)
		return r;
	r = wire_write(c->fd, out.data, out.len, opts->fds, opts->n_fds, NULL);
	if (r == -EPIPE || r == -ECONNRESET)
		return 0; /* the daemon may have sent the reason before it closed */
	return r < 0 ? kerr_set(err, r, "write the request") : 0;
}

/* Convert the error member of a reply into err. */
static int transport_error(struct rpc_client *c, struct wire_span error, struct kerr *err)
{
	cleanup_node struct node *n = NULL;
	const char *s = NULL;

	if (error.p && node_read_json(error.p, error.n, "error", &n, NULL) >= 0)
		s = node_str(n);
	if (!s) {
		c->broken = true;
		return kerr_plain(err, -EPROTO, "invalid error %.*s",
				  error.p ? (int) (error.n < 200 ? error.n : 200) : 5,
				  error.p ? error.p : "<nil>");
	}
	return kerr_plain(err, -EREMOTEIO, "%s", *s ? s : "unspecified error");
}

static bool span_is_null(struct wire_span s)
{
	return !s.p || *s.p == 'n';
}

/* The members of a frame. */
enum member {
	MEMBER_ID,
	MEMBER_RESULT,
	MEMBER_ERROR,
	MEMBER_EVENT,
	_MEMBER_MAX,
};

static int take_reply(struct rpc_client *c, const struct rpc_method *m, const struct wire_named *f,
		      void *reply, struct kerr *err)
{
	struct wire_span id = f[MEMBER_ID].value;
	struct wire_span result = f[MEMBER_RESULT].value;
	struct wire_span error = f[MEMBER_ERROR].value;
	cleanup_free char *want = xasprintf("%" PRIu64, c->next_id);
	int r;

	/* A reply with a null id is an error about a request that could not be parsed. */
	if (!(id.n == strlen(want) && memcmp(id.p, want, id.n) == 0) &&
	    (!span_is_null(id) || span_is_null(error))) {
		c->broken = true;
		return kerr_plain(err, -EPROTO, "the daemon's answer belongs to another request");
	}
	if (!span_is_null(error) || span_is_null(result))
		return transport_error(c, error, err);
	model_clear(m->reply, reply);
	r = model_read_json(m->reply, result.p, result.n, reply, err);
	if (r < 0)
		return kerr_wrap(err, -EPROTO, "reading body %s.%s", m->service, m->name);
	return 0;
}

/* Handle a frame with an event; any number may precede the reply. 1 if the frame was one. */
static int take_event(struct rpc_client *c, const struct wire_named *f,
		      const struct rpc_call_opts *opts, struct kerr *err)
{
	struct wire_span event = f[MEMBER_EVENT].value;
	struct rpc_event e = { 0 };
	int r;

	if (!event.p)
		return 0;
	if (!opts->event) {
		c->broken = true;
		return kerr_plain(err, -EPROTO, "the daemon sent an event that was not asked for");
	}
	r = model_read_json(&rpc_event_type, event.p, event.n, &e, err);
	if (r >= 0)
		opts->event(opts->ctx, &e);
	model_clear(&rpc_event_type, &e);
	return r < 0 ? kerr_wrap(err, -EPROTO, "reading an event") : 1;
}

static int read_reply(struct rpc_client *c, const struct rpc_method *m, void *reply,
		      const struct rpc_call_opts *opts, struct kerr *err)
{
	const struct wire_limits limits = { .what = "reply", .max_frame = KUKE_MAX_REPLY };
	struct wire_named members[_MEMBER_MAX] = { [MEMBER_ID] = { .key = "id" },
						   [MEMBER_RESULT] = { .key = "result" },
						   [MEMBER_ERROR] = { .key = "error" },
						   [MEMBER_EVENT] = { .key = "event" } };
	cleanup_(wire_frame_clear) struct wire_frame frame;
	int r;

	wire_frame_init(&frame);
	do {
		r = wire_read(c->fd, &limits, &frame, err);
		if (r <= 0) {
			c->broken = true;
			if (r == 0 || r == -ECONNRESET)
				return kerr_plain(err, -EPIPE, "unexpected EOF");
			return r;
		}
		if (frame.too_large) {
			c->broken = true;
			return kerr_plain(err, -EMSGSIZE, "%s", frame.refused.msg);
		}
		wire_members(frame.text.data, frame.text.len, members, _MEMBER_MAX);
		r = take_event(c, members, opts, err);
	} while (r > 0);
	if (r < 0) {
		c->broken = true;
		return r;
	}
	r = take_reply(c, m, members, reply, err);
	c->next_id++;
	return r;
}

int rpc_begin(struct rpc_client *c, enum rpc_method_id id, const void *args,
	      const struct rpc_call_opts *opts, struct kerr *err)
{
	const struct rpc_method *m = rpc_method_get(id);
	int r;

	assert(opts->n_fds <= m->max_fds);
	if (c->broken)
		return kerr_plain(err, -ESHUTDOWN, "connection is shut down");
	r = send_request(c, m, args, opts, err);
	if (r < 0)
		c->broken = true;
	return r;
}

int rpc_end(struct rpc_client *c, enum rpc_method_id id, void *reply,
	    const struct rpc_call_opts *opts, struct kerr *err)
{
	const struct rpc_method *m = rpc_method_get(id);
	const struct rpc_err *failed;
	int r = read_reply(c, m, reply, opts, err);

	if (r < 0)
		return r;
	failed = rpc_reply_err(m, reply);
	return failed ? rpc_err_to_kerr(failed, err) : 0;
}

int rpc_call_with(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
		  const struct rpc_call_opts *opts, struct kerr *err)
{
	int r = rpc_begin(c, id, args, opts, err);

	return r < 0 ? r : rpc_end(c, id, reply, opts, err);
}

int rpc_call(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
	     struct kerr *err)
{
	const struct rpc_call_opts none = { 0 };

	return rpc_call_with(c, id, args, reply, &none, err);
}
