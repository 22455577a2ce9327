/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cli.h"
#include "client.h"
#include "fd.h"
#include "mem.h"

static int call_engine(struct cli *c, const struct rpc_method *m, void *args, void *reply, int fd,
		       struct kerr *err)
{
	struct rpc_fds fds = { .stream = -EBADF };
	int r = 0;

	if (!c->engine)
		r = cli_engine(c, &c->engine, err);
	if (r < 0)
		return r;
	if (!m->implemented)
		return kerr_plain(err, -ENOSYS, "not implemented yet: %s", m->name);
	if (fd >= 0)
		fds.v[fds.n++] = fd;
	r = engine_dispatch(c->engine, m, NULL, args, reply, &fds);
	return rpc_reply_err(m, reply) ? rpc_err_to_kerr(rpc_reply_err(m, reply), err) : r;
}

int cli_call_fd(struct cli *c, enum rpc_method_id id, void *args, void *reply, int fd,
		struct kerr *err)
{
	const struct rpc_method *m = rpc_method_get(id);
	int r = 0;

	if (c->settings.no_daemon)
		return call_engine(c, m, args, reply, fd, err);
	if (!c->client)
		r = rpc_dial(c->settings.host, &c->client, err);
	if (r < 0)
		return r;
	return rpc_call_fds(c->client, id, args, reply, &fd, fd >= 0 ? 1 : 0, err);
}

int cli_call(struct cli *c, enum rpc_method_id id, void *args, void *reply, struct kerr *err)
{
	return cli_call_fd(c, id, args, reply, -EBADF, err);
}

void cli_free_args(enum rpc_method_id id, void *args)
{
	model_clear(rpc_method_get(id)->args, args);
}

void cli_free_reply(enum rpc_method_id id, void *reply)
{
	model_clear(rpc_method_get(id)->reply, reply);
}
