/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon.h"
#include "engine.h"
#include "kukeond.h"
#include "listener.h"
#include "log.h"
#include "mem.h"
#include "names_keeper.h"
#include "path.h"
#include "proc.h"
#include "server.h"
#include "settings.h"
#include "str.h"
#include "watch.h"

enum {
	PREPARE_MS = 10000
};

/* Context of the children: the engine is opened once, and each child has its copy after fork. */
struct daemon {
	struct engine *engine;
	const char *spool_dir;
	struct watch watch; /* the listener's: children close it */
};

_Static_assert((int) WATCH_FDS == LISTENER_WATCH_FDS, "the listener polls them all");

static int dispatch(void *ctx, const struct rpc_method *m, const struct peer *peer, void *args,
		    void *reply, struct rpc_fds *fds)
{
	return engine_dispatch(ctx, m, peer, args, reply, fds);
}

static void log_failed(const char *what, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	log_err(what, "error", kerr_text(err, text, sizeof(text)));
}

/* In a child of the listener. */
static enum listener_served serve_connection(void *ctx, int fd, const struct peer *peer,
					     int stop_fd, enum listener_serve_flags flags)
{
	const struct daemon *d = ctx;
	struct rpc_server server = { .dispatch = dispatch,
				     .spool_dir = d->spool_dir,
				     .stop_fd = stop_fd,
				     .idle_ms = LISTENER_IDLE_MS,
				     .max_requests = flags & LISTENER_SERVE_ONE ? 1 : 0 };
	struct kerr err = { 0 };
	int r;

	server.ctx = d->engine;
	r = rpc_serve(&server, fd, peer, &err);
	/* Not logged: a client that disconnects, and a stop of the daemon. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET && r != -ECANCELED)
		log_failed("connection ended", &err);
	return r == RPC_SERVED_IDLE    ? LISTENER_SERVED_IDLE
	       : r == RPC_SERVED_TAKEN ? LISTENER_SERVED_TAKEN
				       : LISTENER_SERVED_END;
}

static int reconcile(void *ctx, enum listener_pass kind, int64_t *ret_next_ms)
{
	static const enum engine_pass kinds[] = { [LISTENER_PASS_WAKES] = ENGINE_PASS_WAKES,
						  [LISTENER_PASS_RULES] = ENGINE_PASS_RULES,
						  [LISTENER_PASS_TIMER] = ENGINE_PASS_ALL,
						  [LISTENER_PASS_START] = ENGINE_PASS_START };
	const struct daemon *d = ctx;

	return engine_reconcile(d->engine, kinds[kind], ret_next_ms);
}

static enum listener_pass changed(void *ctx)
{
	const struct daemon *d = ctx;

	switch (watch_read(&d->watch)) {
	case ENGINE_PASS_RULES:
		return LISTENER_PASS_RULES;
	case ENGINE_PASS_ALL:
		return LISTENER_PASS_TIMER;
	default:
		return 0;
	}
}

static bool keeper_is_wanted(void *ctx)
{
	const struct daemon *d = ctx;

	return names_keeper_wanted(d->engine);
}

/* In a child of the listener. */
static void keep_names(void *ctx, int stop_fd)
{
	const struct daemon *d = ctx;
	struct kerr err = { 0 };

	if (names_keeper_run(d->engine, stop_fd, &err) < 0)
		log_failed("names of cells are not answered", &err);
}

/* What all cells need, so that no request has to make it. A failure is reported by those. */
static int prepare_host(struct engine *e)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = engine_prepare(e, &err);

	if (r < 0)
		log_wrn("cannot prepare for cells", "error", kerr_text(&err, text, sizeof(text)));
	return r;
}

/* In a child: a failure or a delay must not end the daemon. */
static void prepare(void *ctx)
{
	const struct daemon *d = ctx;
	pid_t pid = proc_fork(PROC_DIE_WITH_PARENT);
	int status;

	if (pid == 0)
		_exit(prepare_host(d->engine) < 0);
	if (pid > 0 && proc_wait(pid, PREPARE_MS, &status, NULL) < 0)
		proc_kill_wait(pid);
}

static void fill_config(struct engine_config *c, const struct settings *s, const char *runtime_dir)
{
	engine_config_read(c, &s->doc.spec);
	c->run_path = s->run_path;
	c->runtime_dir = runtime_dir;
	c->suffix = s->suffix;
	c->cgroup_root = s->cgroup_root;
	c->socket_gid = s->socket_gid;
}

/* Let the engine check its configuration before anything is changed. */
static int check_engine(const struct engine_config *c, struct kerr *err)
{
	cleanup_(engine_closep) struct engine *e = NULL;

	return engine_open(c, &e, err);
}

static int serve(const struct settings *s, struct kerr *err)
{
	cleanup_(daemon_release) struct daemon_claim claim = { .lock_fd = -EBADF };
	cleanup_(engine_closep) struct engine *engine = NULL;
	cleanup_free char *runtime_dir = path_dirname(s->socket);
	struct engine_config engine_config = { 0 };
	struct daemon d = { 0 };
	struct listener_config config = { .socket = s->socket, .reconcile_ms = s->reconcile_ms };
	const struct listener_ops ops = { .ctx = &d,
					  .prepare = prepare,
					  .serve = serve_connection,
					  .reconcile = reconcile,
					  .wanted = keeper_is_wanted,
					  .keep = keep_names,
					  .changed = changed };
	int r;

	fill_config(&engine_config, s, runtime_dir);
	r = check_engine(&engine_config, err);
	if (r >= 0)
		r = daemon_claim(&engine_config, &claim, err);
	if (r < 0)
		return r;
	/* A flag or key wins, else what init recorded, else root only. */
	if (engine_config.socket_gid < 0)
		engine_config.socket_gid = claim.socket_gid;
	r = engine_open(&engine_config, &engine, err);
	if (r < 0)
		return r;
	d.engine = engine;
	d.spool_dir = claim.spool_dir;
	config.gid = engine_config.socket_gid > 0 ? (gid_t) engine_config.socket_gid : 0;
	config.pid_file = claim.pid_file;
	config.wake_dir = claim.wake_dir;
	config.wake_socket = claim.wake_socket;
	watch_open(&d.watch);
	config.watch_fds = d.watch.fds;
	r = listener_run(&config, &ops, err);
	watch_close(&d.watch);
	return r;
}

#define WARNING "warning: "

/* Escaped: the text may quote control characters. */
static void print_error(const struct kerr *err)
{
	cleanup_buf struct buf safe = BUF_INIT(4 * KERR_TEXT_MAX);
	char text[KERR_TEXT_MAX];

	(void) kerr_text(err, text, sizeof(text));
	str_vis(&safe, text, strlen(text));
	(void) fprintf(stderr, "Error: %s\n", buf_str(&safe));
}

int kukeond_main(int argc, char **argv)
{
	cleanup_(settings_clear) struct settings s = { 0 };
	struct kerr err = { 0 };
	int r;

	r = settings_load(argc, argv, &s, &err);
	if (r == SETTINGS_DONE)
		return 0;
	if (r >= 0) {
		log_init(log_level_from_name(s.log_level), LOG_STYLE_LOGFMT);
		for (size_t i = 0; i < s.warnings.n; i++)
			log_wrn(s.warnings.v[i] +
				(str_has_prefix(s.warnings.v[i], WARNING) ? strlen(WARNING) : 0));
		r = serve(&s, &err);
	}
	if (r < 0) {
		print_error(&err);
		return 1;
	}
	return 0;
}
