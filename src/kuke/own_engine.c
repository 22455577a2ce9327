/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "configuration.h"
#include "copy.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "own_engine.h"
#include "path.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"

/* Time for an idle engine to notice the closed connection, even on a busy machine. */
#define STOP_WAIT_MS 10000

/* kukeond among the helper programs, else the installed one. */
static int find_program(char **ret, struct kerr *err)
{
	cleanup_free char *installed = path_join(KUKEON_BINDIR, "kukeond", NULL);
	cleanup_free char *dir = NULL;
	int r = helper_path("kukeond", ret, NULL);

	if (r == 0)
		return 0;
	if (access(installed, F_OK) == 0) {
		*ret = take_ptr(installed);
		return 0;
	}
	r = self_exe_dir(&dir, err);
	if (r < 0)
		return r;
	return kerr_plain(err, -ENOENT,
			  "kukeond is not installed: it is in none of '%s', '%s' and '%s', and "
			  "without a daemon kuke works through it; install it on this host, or "
			  "name a daemon by --host",
			  dir, KUKEON_LIBEXECDIR, KUKEON_BINDIR);
}

/* The child inherits its end of the socket and, for --verbose, our standard error. */
static int spawn(struct own_engine *e, int fd, struct kerr *err)
{
	struct proc_spawn how = PROC_SPAWN_INIT;
	char number[16];
	char *argv[] = { e->program, xstrdup(RPC_PRIVATE_COMMAND), number, NULL };
	int r;

	(void) snprintf(number, sizeof(number), "%d", fd);
	how.path = e->program;
	how.argv = argv;
	how.keep_fds = &fd;
	how.n_keep_fds = 1;
	how.fd_stdio[STDERR_FILENO] = STDERR_FILENO;
	how.flags = PROC_DIE_WITH_PARENT | PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	r = proc_spawn(&how, &e->pid, err);
	free(argv[1]);
	return r;
}

static int open_engine(struct own_engine *e, struct rpc_client *client,
		       const struct rpc_open_engine_args *how, struct kerr *err)
{
	struct rpc_ping_reply reply = { 0 };
	int r = rpc_call(client, RPC_X_OPEN_ENGINE, how, &reply, err);

	if (r == -EPIPE)
		r = own_engine_ended(e, err);
	else if (r == 0 && !streq_null(reply.version, PACKAGE_VERSION))
		r = kerr_plain(err, -EPROTO,
			       "'%s' is version %s and this kuke %s: install both from one release",
			       e->program, reply.version ? reply.version : "", PACKAGE_VERSION);
	model_clear(rpc_method_get(RPC_X_OPEN_ENGINE)->reply, &reply);
	return r;
}

/* A request is UTF-8: what is not would arrive as another path. */
static int check_texts(const struct rpc_open_engine_args *how, struct kerr *err)
{
	const struct {
		const char *what, *text;
	} all[] = {
		{ "configuration", how->configuration },
		{ "runPath", how->run_path },
		{ "socket", how->socket },
		{ "containerdNamespaceSuffix", how->namespace_suffix },
		{ "cgroupRoot", how->cgroup_root },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++)
		if (all[i].text)
			r = configuration_check_text(all[i].what, all[i].text, err);
	return r;
}

int own_engine_start(struct own_engine *e, const struct rpc_open_engine_args *how,
		     struct rpc_client **ret, struct kerr *err)
{
	cleanup_(rpc_client_freep) struct rpc_client *client = NULL;
	cleanup_fd int theirs = -EBADF;
	int fds[2];
	int r;

	free_p(&e->program);
	r = check_texts(how, err);
	if (r == 0)
		r = find_program(&e->program, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return kerr_set(err, -errno, "make a socket");
	client = rpc_client_new(fds[0]);
	theirs = fds[1];
	r = spawn(e, theirs, err);
	fd_close_p(&theirs);
	if (r == 0)
		r = open_engine(e, client, how, err);
	if (r < 0) {
		(void) rpc_client_free(take_ptr(client)); /* the engine ends with its connection */
		own_engine_stop(e);
		return r;
	}
	*ret = take_ptr(client);
	return 0;
}

int own_engine_ended(struct own_engine *e, struct kerr *err)
{
	char name[16];
	int status;
	int r = proc_wait(e->pid, -1, &status, err);

	e->pid = 0;
	if (r < 0)
		return r;
	if (WIFSIGNALED(status))
		return kerr_plain(err, -EPIPE, "'%s' was ended by %s before it had answered",
				  e->program, signal_name(WTERMSIG(status), name, sizeof(name)));
	return kerr_plain(err, -EPIPE, "'%s' ended with status %d before it had answered",
			  e->program, WEXITSTATUS(status));
}

void own_engine_stop(struct own_engine *e)
{
	int status;

	if (e->pid > 0 && proc_wait(e->pid, STOP_WAIT_MS, &status, NULL) < 0)
		proc_kill_wait(e->pid);
	e->pid = 0;
	free_p(&e->program);
}
