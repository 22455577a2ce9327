/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RUNC_H
#define KUKEON_RUNC_H

#include "buf.h"
#include "defs.h"
#include "err.h"
#include "kinds.h"

/*
 * The OCI runtime, an external program. Find it: configured is the server key `runtime`
 * ("", "runc", "crun" or an absolute path); names are looked up in PATH and then in
 * /usr/sbin:/usr/bin:/sbin:/bin. *ret_path is owned by the caller.
 */
int runc_find(const char *configured, char **ret_path, struct kerr *err);

struct runc_version {
	char name[16]; /* "runc", "crun" */
	char text[64]; /* "1.1.5+ds1" */
	char package[64]; /* "1.1.5+ds1-1+deb12u1" if the program prints it, else "" */
	unsigned major, minor, patch;
};

/*
 * Execute `path --version`. Takes some milliseconds, so it is used by init and doctor
 * and not when starting containers.
 */
int runc_version(const char *path, struct runc_version *ret, struct kerr *err);

/*
 * Remove runc's state directory of a container that has no processes. A missing one is
 * success. Used instead of `runc delete --force`, which polls for 100 ms.
 */
int runc_forget(const char *runc_root, const char *id, struct kerr *err);

/* Limits that can change while a container runs. Unset: no limit (for shares: the default). */
struct runc_limits {
	struct nint memory, cpu_shares, pids;
};

/* Execute `runc update` on a running container. */
int runc_update(const char *path, const char *runc_root, const char *id,
		const struct runc_limits *limits, struct kerr *err);

/*
 * The id under which runc knows a container: unchanged if it has only ASCII letters,
 * digits and "_+.-", else a hash of it. Owned by the caller.
 */
char *runc_id(const char *id) __attribute__((returns_nonnull));

/*
 * Get the last error in a --log-format json file as one vis-escaped line, without runc's
 * prefix "runc run failed: ". If there is a fatal message, the first one is added: it
 * comes from runc's init and is the cause. 0, or -ENOENT when there is no error.
 */
int runc_last_error(const char *log_path, struct buf *ret);

#endif
