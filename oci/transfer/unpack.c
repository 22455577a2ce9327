/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "digest.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "proc.h"
#include "unpack.h"
#include "vec.h"

/*
 * keep: the directory for the files, the pipe for the reply, and the descriptor that
 * option is for.
 */
static void build_args(const struct layer_source *src, const int keep[3], const char *option,
		       const struct unpack_limits *limits, struct strlist *ret)
{
	strlist_add(ret, "kukeunpack");
	strlist_addf(ret, "%d", UNPACK_PROTO_VERSION);
	strlist_addf(ret, "target=%d", keep[0]);
	strlist_addf(ret, "result=%d", keep[1]);
	strlist_addf(ret, "%s=%d", option, keep[2]);
	if (src->offset >= 0)
		strlist_addf(ret, "offset=%lld", (long long) src->offset);
	if (src->size >= 0)
		strlist_addf(ret, "size=%lld", (long long) src->size);
#define ADD_(name, value) strlist_addf(ret, #name "=%llu", (unsigned long long) limits->name);
	UNPACK_LIMITS(ADD_)
#undef ADD_
}

static bool is_hex_digest(const char *hex)
{
	cleanup_free char *text = xasprintf("sha256:%s", hex);
	struct digest d;

	return digest_parse(text, &d) == 0;
}

/* Read kukeunpack's reply from the pipe. Texts are cut to our limits, whatever it sent. */
static int read_result(const struct unpack_job *job, struct unpack_result *res, struct buf *notes,
		       struct kerr *err)
{
	int fd = job->fd;
	char *p;
	int r;

	r = fd_read_all(fd, res, sizeof(*res));
	if (r < 0)
		return kerr_plain(err, -EIO, "kukeunpack ended without a reply");
	res->err.msg[sizeof(res->err.msg) - 1] = '\0';
	res->blob_hex[SHA256_HEX - 1] = res->diff_hex[SHA256_HEX - 1] = '\0';
	if (res->version == UNPACK_PROTO_VERSION && res->status < 0) {
		if (err)
			*err = res->err;
		return res->status;
	}
	if (res->version != UNPACK_PROTO_VERSION || res->notes_size > UNPACK_MAX_NOTES ||
	    (!job->inflate && (!is_hex_digest(res->blob_hex) || !is_hex_digest(res->diff_hex))))
		return kerr_plain(err, -EPROTO, "malformed reply from kukeunpack");
	buf_clear(notes);
	buf_init(notes, UNPACK_MAX_NOTES + 1);
	if (res->notes_size == 0)
		return 0;
	p = buf_room(notes, (size_t) res->notes_size);
	r = fd_read_all(fd, p, (size_t) res->notes_size);
	if (r < 0)
		return kerr_plain(err, -EIO, "kukeunpack ended in the middle of its reply");
	buf_commit(notes, (size_t) res->notes_size);
	return 0;
}

/* How kukeunpack ended is the error only when it sent no reply. */
static int exit_error(int status, int r, struct kerr *err)
{
	if (r != -EIO || !WIFSIGNALED(status))
		return r;
	return kerr_plain(err, r, "kukeunpack was killed by signal %d", WTERMSIG(status));
}

/* fd is the descriptor that option ("list" or "output") is for. */
static int start(const struct layer_source *src, int targetfd, const char *option, int fd,
		 const struct unpack_limits *limits, struct unpack_job *ret, struct kerr *err)
{
	cleanup_free char *path = NULL;
	cleanup_strlist struct strlist args = { 0 };
	cleanup_fd int in = -EBADF, out = -EBADF;
	struct proc_spawn how = PROC_SPAWN_INIT;
	int keep[3], fds[2], r;

	r = helper_path("kukeunpack", &path, err);
	if (r < 0)
		return r;
	r = pipe2(fds, O_CLOEXEC);
	if (r < 0)
		return kerr_set(err, -errno, "make a pipe");
	in = fds[0];
	out = fds[1];
	keep[0] = targetfd;
	keep[1] = out;
	keep[2] = fd;
	build_args(src, keep, option, limits, &args);
	how.path = path;
	how.argv = args.v;
	how.fd_stdio[0] = src->fd;
	how.keep_fds = keep;
	how.n_keep_fds = ARRAY_SIZE(keep);
	how.flags = PROC_DIE_WITH_PARENT;
	r = proc_spawn(&how, &ret->pid, err);
	if (r < 0)
		return r;
	ret->fd = take_fd(in);
	return 0;
}

int unpack_start(const struct layer_source *src, int targetfd, int listfd,
		 const struct unpack_limits *limits, struct unpack_job *ret, struct kerr *err)
{
	return start(src, targetfd, "list", listfd, limits, ret, err);
}

int unpack_start_inflate(const struct layer_source *src, int targetfd, int outfd,
			 const struct unpack_limits *limits, struct unpack_job *ret,
			 struct kerr *err)
{
	ret->inflate = true;
	return start(src, targetfd, "output", outfd, limits, ret, err);
}

int unpack_finish(struct unpack_job *job, struct unpack_result *ret, struct buf *notes,
		  struct kerr *err)
{
	pid_t pid = job->pid;
	int status = 0, r, q;

	r = read_result(job, ret, notes, err);
	fd_close_p(&job->fd); /* so that kukeunpack cannot block writing to it */
	job->pid = 0;
	q = proc_wait(pid, -1, &status, r < 0 ? NULL : err);
	if (r < 0)
		return exit_error(status, r, err);
	return q;
}

void unpack_abort(struct unpack_job *job)
{
	fd_close_p(&job->fd);
	if (job->pid > 0)
		proc_kill_wait(job->pid);
	job->pid = 0;
}
