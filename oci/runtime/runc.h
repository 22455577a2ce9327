/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RUNC_H
#define KUKEON_RUNC_H

#include "buf.h"
#include "defs.h"
#include "err.h"
#include "kinds.h"

/*
 * The OCI runtime: executed, never linked. configured is the server key
 * `runtime` ("", "runc", "crun" or an absolute path); the rest is looked up in
 * PATH and then in /usr/sbin:/usr/bin:/sbin:/bin. *ret_path is owned by the caller.
 */
int runc_find(const char *configured, char **ret_path, struct kerr *err);

struct runc_version {
	char name[16]; /* "runc", "crun" */
	char text[64]; /* "1.1.5+ds1" */
	char package[64]; /* "1.1.5+ds1-1+deb12u1" where it tells, else "" */
	unsigned major, minor, patch;
};

/* Execute `path --version`. Some milliseconds: for init and doctor, not for starts. */
int runc_version(const char *path, struct runc_version *ret, struct kerr *err);

/*
 * Remove runc's state directory of a container that has no process any more.
 * Missing is success. Replaces `runc delete --force`, which polls for 100 ms.
 */
int runc_forget(const char *runc_root, const char *id, struct kerr *err);

/* What can change while a container runs; unset: no limit (shares: the default). */
struct runc_limits {
	struct nint memory, cpu_shares, pids;
};

/* Execute `runc update` on a running container. */
int runc_update(const char *path, const char *runc_root, const char *id,
		const struct runc_limits *limits, struct kerr *err);

/*
 * The name that runc gets for a container of ours: runc takes ASCII letters,
 * digits and "_+.-"; any other id becomes a hash of it. Owned by the caller.
 */
char *runc_id(const char *id) __attribute__((returns_nonnull));

/*
 * The last error of a --log-format json file, as one vis-escaped line without
 * runc's own "runc run failed: " in front, and the first that is fatal, which is
 * its init's and the cause. 0, -ENOENT when there is none.
 */
int runc_last_error(const char *log_path, struct buf *ret);

#endif
