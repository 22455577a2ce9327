/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>

#include "attach_to.h"
#include "errkind.h"
#include "mem.h"
#include "str.h"
#include "tty_client.h"

#define DEFAULT_KEYS "^],^]"
#define ATTACH_IDS_MAX (1 << 20)

int attach_keys(const struct cli *c, struct detach_keys *ret, struct kerr *err)
{
	return detach_keys_parse(cli_str_or(c, "detach-keys", DEFAULT_KEYS), ret, err);
}

static int choose(const struct rpc_list_containers_reply *all, const struct scope *s, char **ret,
		  struct kerr *err)
{
	cleanup_strlist struct strlist ids = { 0 };
	cleanup_buf struct buf text = BUF_INIT(ATTACH_IDS_MAX);

	for (size_t i = 0; i < all->containers.n; i++)
		if (all->containers.v[i].attachable && !all->containers.v[i].root)
			strlist_add(&ids, all->containers.v[i].id);
	if (ids.n == 0)
		return kerr_plain(err, -ENOENT, "no attachable container in cell (cell \"%s\")",
				  s->cell);
	strlist_sort(&ids);
	for (size_t i = 0; i < ids.n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", ids.v[i]);
	if (ids.n > 1)
		return kerr_plain(err, -EINVAL,
				  "multiple attachable containers in cell; specify --container "
				  "(cell \"%s\"): candidates: %s",
				  s->cell, buf_str(&text));
	*ret = xstrdup(ids.v[0]);
	return 0;
}

int attach_pick(struct cli *c, const struct scope *s, char **ret, struct kerr *err)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	int r;

	*ret = str_trim(cli_str(c, "container"));
	if (**ret)
		return 0;
	free_p(ret);
	r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, err);
	if (r == 0)
		r = choose(&reply, s, ret, err);
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	return r;
}

/* The socket is a file of the daemon's host. */
static int refuse_remote(const struct cli *c, struct kerr *err)
{
	const char *host = c->settings.host;

	if (str_empty(host) || !str_has_prefix(host, "ssh://"))
		return 0;
	return kerr_plain(err, -EOPNOTSUPP,
			  "attaching works on the daemon's own host only: run kuke attach there");
}

static int ask_path(struct cli *c, const struct scope *s, const char *container, char **ret,
		    struct kerr *err)
{
	struct rpc_container_args args = { 0 };
	struct rpc_attach_reply reply = { 0 };
	struct kerr why = { 0 };
	int r;

	scope_fill_doc(s, KIND_CONTAINER, container, &args.doc);
	r = cli_call(c, RPC_ATTACH_CONTAINER, &args, &reply, &why);
	if (r == 0 && str_empty(reply.result.host_socket_path))
		r = kerr_plain(&why, -EPROTO,
			       "daemon returned empty HostSocketPath for container \"%s\"",
			       container);
	if (r == 0)
		*ret = xstrdup(reply.result.host_socket_path);
	else if (why.kind == ERR_ATTACH_NOT_SUPPORTED)
		r = kerr_wrap(&why, r, "container \"%s\" in cell \"%s\" is not attachable",
			      container, s->cell);
	else if (why.kind == ERR_CELL_NOT_FOUND)
		r = kerr_wrap(&why, r, "failed to get cell \"%s\"", s->cell);
	cli_free_args(RPC_ATTACH_CONTAINER, &args);
	cli_free_reply(RPC_ATTACH_CONTAINER, &reply);
	if (r < 0 && err)
		*err = why;
	return r;
}

static void advise(struct cli *c, const struct scope *s, int r)
{
	if (r == -EACCES)
		cli_hint(c, "root and the group of kukeond's socket may attach; the container can "
			    "change who may: kuke stop and kuke start the cell to set it again");
	else if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOTSOCK)
		cli_hint(c,
			 "the directory of the socket is the container's own: if it keeps running "
			 "without, stop and start it: kuke stop cell %s, kuke start cell %s",
			 s->cell, s->cell);
	else if (r == -ETIME)
		cli_hint(c, "is the container paused, or very busy? kuke get cell %s", s->cell);
}

int attach_screenshot(struct cli *c, const struct scope *s, const char *container, struct buf *ret,
		      struct kerr *err)
{
	cleanup_free char *path = NULL;
	struct tty_client client;
	int r;

	r = refuse_remote(c, err);
	if (r == 0)
		r = ask_path(c, s, container, &path, err);
	if (r < 0)
		return r;
	cli_hang_up(c);
	tty_client_init(&client, path);
	r = tty_client_screenshot(&client, ret, err);
	if (r == 0)
		return 0;
	advise(c, s, r);
	return kerr_wrap(err, r, "container \"%s\" in cell \"%s\"", container, s->cell);
}

/* As it would have been without us. */
static int end_by(int sig, struct kerr *err)
{
	char name[32];

	(void) raise(sig);
	(void) snprintf(name, sizeof(name), "signal %d", sig); /* it is ignored */
	return kerr_plain(err, -EINTR, "ended by %s", name);
}

int attach_to(struct cli *c, const struct scope *s, const char *container, struct session_opts *o,
	      enum session_end *ret, struct kerr *err)
{
	cleanup_free char *path = NULL;
	int sig = 0;
	int r;

	r = refuse_remote(c, err);
	if (r == 0)
		r = ask_path(c, s, container, &path, err);
	if (r < 0)
		return r;
	cli_hang_up(c); /* it may take days, and the daemon has a process per connection */
	o->path = path;
	r = session_run(o, ret, &sig, err);
	if (r < 0) {
		advise(c, s, r);
		return kerr_wrap(err, r, "container \"%s\" in cell \"%s\"", container, s->cell);
	}
	return *ret == SESSION_SIGNALLED ? end_by(sig, err) : 0;
}
