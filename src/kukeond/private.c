/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "configuration.h"
#include "copy.h"
#include "engine.h"
#include "kukeond.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "server.h"
#include "store.h"
#include "str.h"

/* The engine that serves one kuke process. */
struct own {
	struct engine *engine; /* NULL: not opened yet */
	char *run_path;
};

static void own_clear(struct own *o)
{
	if (o->engine)
		engine_leave(o->engine);
	o->engine = engine_close(o->engine);
	free_p(&o->run_path);
}

/* ---- opening ---- */

static const char *first_of(const char *a, const char *b, const char *c)
{
	return !str_empty(a) ? a : !str_empty(b) ? b : c;
}

/* Settings in order: from the caller, recorded in the run path, from the configuration file. */
static int open_at(const struct rpc_open_engine_args *a, const struct server_spec *s,
		   const struct layout *l, struct engine **ret, struct kerr *err)
{
	cleanup_(instance_clear) struct instance inst = { 0 };
	struct engine_config config = { 0 };
	int r = instance_load(l, &inst, err);

	if (r < 0 && r != -ENOENT)
		return r;
	engine_config_read(&config, s);
	config.run_path = l->run_path;
	config.runtime_dir = first_of(str_empty(a->socket) ? NULL : l->runtime_dir,
				      inst.runtime_dir, l->runtime_dir);
	config.suffix = first_of(a->namespace_suffix, inst.namespace_suffix, s->namespace_suffix);
	config.cgroup_root = first_of(a->cgroup_root, inst.cgroup_root, s->cgroup_root);
	if (config.socket_gid < 0)
		config.socket_gid = inst.socket_gid.v;
	return engine_open(&config, ret, err);
}

static int open_with(const struct rpc_open_engine_args *a, const struct server_spec *s,
		     struct own *o, struct kerr *err)
{
	cleanup_(layout_clear) struct layout l = { 0 };
	const char *socket = first_of(a->socket, s->socket, CONF_DEFAULT_SOCKET);
	cleanup_free char *dir = path_dirname(socket);
	int r;

	o->run_path = xstrdup(first_of(a->run_path, s->run_path, CONF_DEFAULT_RUN_PATH));
	r = configuration_check_path("runPath", o->run_path, err);
	if (r == 0)
		r = configuration_check_path("socket", socket, err);
	if (r < 0)
		return r;
	layout_init(&l, o->run_path, dir);
	return open_at(a, s, &l, &o->engine, err);
}

static int open_engine(struct own *o, const struct rpc_open_engine_args *a, struct kerr *err)
{
	struct server_doc doc = { 0 };
	int r;

	if (o->engine)
		return kerr_plain(err, -EALREADY, "the engine is open");
	if (!str_empty(a->log_level))
		log_init(log_level_from_name(a->log_level), LOG_STYLE_PLAIN);
	r = configuration_load(
		KIND_SERVER_CONFIGURATION,
		configuration_pick(str_empty(a->configuration) ? NULL : a->configuration,
				   "KUKEOND_CONFIGURATION", NULL,
				   KUKEON_SYSCONFDIR "/kukeond.yaml"),
		&doc, NULL, err);
	if (r < 0)
		return r;
	r = open_with(a, &doc.spec, o, err);
	model_clear(&server_doc_type, &doc);
	if (r < 0)
		own_clear(o);
	return r;
}

/* ---- calls ---- */

/* Only init creates an instance; all other calls need an existing one. */
static int check_instance(const struct own *o, struct kerr *err)
{
	cleanup_free char *path = path_join(o->run_path, CONF_INSTANCE_FILE, NULL);
	struct stat st;

	if (stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return 0;
	return kerr_plain(
		err, -ENOENT,
		"no kukeon instance at run path \"%s\" (%s is missing); check --run-path, or "
		"set the host up with `sudo kuke init`",
		o->run_path, path);
}

static int dispatch(void *ctx, const struct rpc_method *m, const struct peer *peer, void *args,
		    void *reply, struct rpc_fds *fds)
{
	struct own *o = ctx;
	struct rpc_ping_reply *opened = reply;
	struct kerr err = { 0 };
	int r = 0;

	if (m->id == RPC_X_OPEN_ENGINE)
		r = open_engine(o, args, &err);
	else if (!o->engine)
		r = kerr_plain(&err, -EPROTO, "the engine is not open");
	else if (!m->private)
		r = check_instance(o, &err);
	if (r < 0) {
		rpc_reply_fail(m, reply, &err);
		return r;
	}
	if (m->id != RPC_X_OPEN_ENGINE)
		return engine_dispatch(o->engine, m, peer, args, reply, fds);
	opened->ok = true;
	opened->version = xstrdup(PACKAGE_VERSION);
	return 0;
}

/* ---- the connection ---- */

/* The first request opens the engine; later ones may spool below its run path. */
static int serve(struct own *o, int fd, const struct peer *peer, struct kerr *err)
{
	struct rpc_server server = { .dispatch = dispatch,
				     .ctx = o,
				     .spool_dir = CONF_DEFAULT_RUN_PATH,
				     .stop_fd = -EBADF,
				     .max_requests = 1,
				     .private = true };
	int r = rpc_serve(&server, fd, peer, err);

	if (r != RPC_SERVED_IDLE || !o->engine)
		return r;
	server.spool_dir = o->run_path;
	server.max_requests = 0;
	return rpc_serve(&server, fd, peer, err);
}

/*
 * Signals of the terminal reach our client too, which decides whether to end. We end with it
 * (it starts us with PROC_DIE_WITH_PARENT).
 */
static void leave_signals_to_client(void)
{
	(void) signal(SIGINT, SIG_IGN);
	(void) signal(SIGQUIT, SIG_IGN);
	(void) signal(SIGHUP, SIG_IGN);
}

int private_main(int argc, char **argv)
{
	cleanup_(own_clear) struct own o = { 0 };
	struct kerr err = { 0 };
	struct peer peer;
	uint64_t fd;
	int r;

	if (argc != 3 || str_to_u64(argv[2], 3, INT32_MAX, &fd) < 0 ||
	    peer_get((int) fd, &peer) < 0) {
		(void) fprintf(stderr, "Error: kukeond " RPC_PRIVATE_COMMAND
				       " is started by kuke, on a socket of its own\n");
		return 1;
	}
	(void) fcntl((int) fd, F_SETFD, FD_CLOEXEC);
	leave_signals_to_client();
	log_init(LOG_LEVEL_NONE, LOG_STYLE_PLAIN);
	r = serve(&o, (int) fd, &peer, &err);
	return r < 0 && r != -EPIPE && r != -ECONNRESET;
}
