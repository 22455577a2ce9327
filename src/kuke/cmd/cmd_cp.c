/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "copy_proto.h"
#include "execview.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

/*
 * The archive goes through this process, file work is done by kukecp, at both ends: kuke stays
 * small, and what a container sends is unpacked by the code that is made for it.
 */
static const struct opt cp_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_STRING, NULL, "container; needed when the cell has several" },
	{ "archive", 'a', OPT_BOOL, NULL,
	  "keep owners, set-id bits and extended attributes as well" },
	{ "follow-link", 'L', OPT_BOOL, NULL,
	  "if SOURCE is a symbolic link, copy what it leads to" },
	{ 0 },
};

/* SOURCE or DESTINATION. */
struct end {
	char *cell; /* NULL: on this host */
	char *path; /* "-" on this host: a standard stream */
};

static void end_clear(struct end *e)
{
	free_p(&e->cell);
	free_p(&e->path);
}

/* CELL:PATH; what begins with a slash or a dot, or has no colon, is a path of this host. */
static int parse_end(const char *text, struct end *ret, struct kerr *err)
{
	const char *colon = strchr(text, ':');

	if (text[0] == '\0')
		return kerr_plain(err, -EINVAL, "a path is empty");
	if (text[0] == '/' || text[0] == '.' || colon == NULL) {
		ret->path = xstrdup(text);
		return 0;
	}
	if (colon == text)
		return kerr_plain(err, -EINVAL, "\"%s\" has no cell before the colon", text);
	if (colon[1] == '\0')
		return kerr_plain(err, -EINVAL, "\"%s\" has no path behind the colon", text);
	if (!utf8_valid(text, strlen(text)))
		return kerr_plain(err, -EINVAL,
				  "a path in a container has to be UTF-8 here; copy its directory");
	ret->cell = xstrndup(text, (size_t) (colon - text));
	ret->path = xstrdup(colon + 1);
	return 0;
}

/*
 * What the source is called in the archive, and so in messages about it; kukecp at the other
 * end gives the copy its name.
 */
static char *top_name(const char *path)
{
	size_t n = strlen(path);
	cleanup_free char *shorter = NULL;
	char *name = NULL;

	while (n > 0 && (path[n - 1] == '/' || (path[n - 1] == '.' && n > 1 && path[n - 2] == '/')))
		n--;
	shorter = xstrndup(path, n);
	name = copy_name(shorter);
	if (*name != '\0')
		return name;
	free(name);
	return xstrdup("files");
}

static bool is_stream(const struct end *e)
{
	return e->cell == NULL && streq_null(e->path, "-");
}

static int check_ends(const struct cli *c, const struct end *from, const struct end *to,
		      struct kerr *err)
{
	if (from->cell && to->cell)
		return kerr_plain(err, -EINVAL,
				  "only one of SOURCE and DESTINATION can be in a cell; copy by a "
				  "pipe: kuke cp %s:%s - | kuke cp - %s:%s",
				  from->cell, from->path, to->cell, to->path);
	if (!from->cell && !to->cell)
		return kerr_plain(
			err, -EINVAL,
			"one of SOURCE and DESTINATION has to be CELL:PATH (a path of this "
			"host with a colon in it can be written as ./PATH)");
	if (is_stream(from) && isatty(STDIN_FILENO) == 1)
		return kerr_plain(err, -EINVAL, "standard input is a terminal, and no tar archive");
	if (is_stream(to) && isatty(STDOUT_FILENO) == 1)
		return kerr_plain(
			err, -EINVAL,
			"standard output is a terminal: send the tar archive to a file or "
			"a program");
	if (cli_bool(c, "follow-link") && is_stream(from))
		return kerr_plain(err, -EINVAL, "--follow-link is of no use for an archive");
	if (cli_bool(c, "archive") && is_stream(to))
		return kerr_plain(err, -EINVAL,
				  "--archive is of no use here: the archive has owners and "
				  "attributes, and who unpacks it decides");
	return 0;
}

/* ---- the helper ---- */

struct helper {
	pid_t pid; /* 0: none */
};

/*
 * Start kukecp with one end of a pipe, whose other one takes the place of our own standard
 * stream of that number.
 */
static int helper_start(struct helper *h, enum copy_flags flags, const char *path, const char *name,
			struct kerr *err)
{
	bool unpacks = (flags & COPY_UNPACK) != 0;
	int own = unpacks ? STDOUT_FILENO : STDIN_FILENO;
	struct proc_spawn how = PROC_SPAWN_INIT;
	char *verb = xstrdup(unpacks ? "unpack" : "pack");
	char *number = xasprintf("%d", (int) flags);
	char *argv[] = { NULL, verb, number, xstrdup(path), xstrdup(name), NULL };
	cleanup_free char *program = NULL;
	int both[2] = { -EBADF, -EBADF };
	int r = helper_path("kukecp", &program, err);

	argv[0] = program;
	if (r == 0 && pipe2(both, O_CLOEXEC) < 0)
		r = kerr_set(err, -errno, "make a pipe");
	how.path = program;
	how.argv = argv;
	how.fd_stdio[unpacks ? STDIN_FILENO : STDOUT_FILENO] = both[unpacks ? 0 : 1];
	how.fd_stdio[STDERR_FILENO] = STDERR_FILENO;
	if (r == 0)
		r = proc_spawn(&how, &h->pid, err);
	if (r == 0 && dup3(both[unpacks ? 1 : 0], own, O_CLOEXEC) < 0)
		r = kerr_set(err, -errno, "take a pipe");
	fd_close_p(&both[0]);
	fd_close_p(&both[1]);
	for (size_t i = 1; i < ARRAY_SIZE(argv); i++)
		free(argv[i]);
	return r;
}

/*
 * The other end has failed, and said so: what became of ours does not matter. Else it has to
 * finish, which it cannot before our end of the pipe is closed.
 */
static int helper_end(struct helper *h, bool failed, int own, int *ret_status, struct kerr *err)
{
	int status = 0;
	int r;

	if (h->pid <= 0)
		return 0;
	if (failed) {
		proc_kill_wait(h->pid);
		return 0;
	}
	(void) close(own);
	r = proc_wait(h->pid, -1, &status, err);
	if (r < 0)
		return r;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE) {
		*ret_status = 0;
		return kerr_plain(err, -EPIPE, "kukecp was killed by signal %d", WTERMSIG(status));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		*ret_status = EXIT_FAILURE;
	return 0;
}

/* ---- the copy ---- */

/* What the other end could not say itself. */
static int explain(struct cli *c, int r, struct kerr *err)
{
	if (r == -EPIPE)
		return kerr_plain(err, r,
				  "the copy was given up or killed: its process at the container "
				  "has ended");
	if (r < 0 || c->exit_status != 128 + SIGKILL)
		return r;
	c->exit_status = 0;
	return kerr_plain(err, -ESRCH,
			  "the copy was killed: the container has ended or is out of memory");
}

/* The stream of a copy that has begun, until both ends are done. */
static int stream(struct cli *c, enum copy_flags flags, const struct end *here, const char *name,
		  struct kerr *err)
{
	bool unpacks = (flags & COPY_UNPACK) != 0;
	struct helper h = { 0 };
	bool failed;
	int own = unpacks ? STDOUT_FILENO : STDIN_FILENO;
	int r = is_stream(here) ? 0 : helper_start(&h, flags, here->path, name, err);

	if (r == 0)
		r = explain(c,
			    execview(rpc_client_fd(c->client), unpacks ? 0 : EXECVIEW_STDIN,
				     &c->exit_status, err),
			    err);
	/* it does not write any more because our own helper has ended */
	failed = r < 0 || (c->exit_status != 0 && c->exit_status != 128 + SIGPIPE);
	cli_hang_up(c);
	if (r < 0) {
		(void) helper_end(&h, true, own, &c->exit_status, NULL);
		return r;
	}
	return helper_end(&h, failed, own, &c->exit_status, err);
}

static int copy_out(struct cli *c, const struct scope *s, const struct end *from,
		    const struct end *to, struct kerr *err)
{
	cleanup_free char *name = copy_name(from->path);
	struct rpc_copy_out_args args = {
		.realm_name = xstrdup(s->realm),
		.space_name = xstrdup(s->space),
		.stack_name = xstrdup(s->stack),
		.cell_name = xstrdup(from->cell),
		.container = str_trim(cli_str(c, "container")),
		.path = xstrdup(from->path),
		.name = is_stream(to) ? xstrdup("") : top_name(from->path),
		.follow = cli_bool(c, "follow-link"),
	};
	struct rpc_copy_reply reply = { 0 };
	enum copy_flags flags = COPY_UNPACK | (str_empty(name) ? COPY_CONTENTS : 0) |
				(cli_bool(c, "archive") ? COPY_OWNER : 0);
	int r = cli_call(c, RPC_X_COPY_OUT, &args, &reply, err);

	cli_free_args(RPC_X_COPY_OUT, &args);
	cli_free_reply(RPC_X_COPY_OUT, &reply);
	return r == 0 ? stream(c, flags, to, name, err) : r;
}

/* Before anything is asked of the daemon. */
static int check_source(const struct end *from, const char *name, struct kerr *err)
{
	struct stat st;

	if (is_stream(from))
		return 0;
	if (fstatat(AT_FDCWD, from->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return kerr_set(err, -errno, "source '%s'", from->path);
	if (!utf8_valid(name, strlen(name)))
		return kerr_plain(err, -EINVAL,
				  "the name of the source is not UTF-8: copy its directory");
	return 0;
}

static int copy_in(struct cli *c, const struct scope *s, const struct end *from,
		   const struct end *to, struct kerr *err)
{
	cleanup_free char *name = is_stream(from) ? xstrdup("") : copy_name(from->path);
	struct rpc_copy_in_args args = { 0 };
	cleanup_free char *top = NULL;
	struct rpc_copy_reply reply = { 0 };
	enum copy_flags flags = cli_bool(c, "follow-link") ? COPY_FOLLOW : 0;
	int r = check_source(from, name, err);

	if (r < 0)
		return r;
	args = (struct rpc_copy_in_args){
		.realm_name = xstrdup(s->realm),
		.space_name = xstrdup(s->space),
		.stack_name = xstrdup(s->stack),
		.cell_name = xstrdup(to->cell),
		.container = str_trim(cli_str(c, "container")),
		.path = xstrdup(to->path),
		.name = xstrdup(name),
		.archive = is_stream(from),
		.contents = !is_stream(from) && str_empty(name),
		.owner = cli_bool(c, "archive"),
	};
	r = cli_call(c, RPC_X_COPY_IN, &args, &reply, err);
	cli_free_args(RPC_X_COPY_IN, &args);
	cli_free_reply(RPC_X_COPY_IN, &reply);
	if (r < 0)
		return r;
	top = top_name(from->path);
	return stream(c, flags, from, top, err);
}

static int run_cp(struct cli *c, struct kerr *err)
{
	cleanup_(end_clear) struct end from = { 0 };
	cleanup_(end_clear) struct end to = { 0 };
	cleanup_scope struct scope s = { 0 };
	int r = scope_read(c, KIND_CELL, 0, &s, err);

	if (r == 0)
		r = parse_end(c->args.v[0], &from, err);
	if (r == 0)
		r = parse_end(c->args.v[1], &to, err);
	if (r == 0)
		r = check_ends(c, &from, &to, err);
	if (r < 0)
		return r;
	assert(from.path && to.path);
	return from.cell ? copy_out(c, &s, &from, &to, err) : copy_in(c, &s, &from, &to, err);
}

const struct cmd cmd_cp = {
	.name = "cp",
	.args = "SOURCE DESTINATION",
	.min_args = 2,
	.max_args = 2,
	.help = "copy files into or out of a container",
	.about = "Copy a file or a directory between this host and a container of a cell, which "
		 "may run or not. One of SOURCE and DESTINATION is CELL:PATH, the other one a path "
		 "of this host, or \"-\": as SOURCE a tar archive on standard input that is "
		 "unpacked into a directory, as DESTINATION one on standard output.",
	.opts = cp_opts,
	.run = run_cp,
};
