/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKECP_KUKECP_H
#define KUKECP_KUKECP_H

#include <sys/stat.h>

#include "copy_proto.h"
#include "defs.h"
#include "err.h"

/*
 * kukecp: the file work of kuke cp (copy_proto.h). What it works on is changed by others while
 * it does: each part of a path is walked once, and what follows happens through the descriptor.
 */
struct work {
	struct copy_job job;
	int root; /* of the container; -1: this host, as its user sees it */
	int proc; /* the host's /proc, by which a descriptor is opened once more */
	bool privileged; /* may set owners */
};

/* ---- files.c ---- */

/* Open a path of the job, following links, but never out of the root. O_CLOEXEC. -errno. */
int work_open(const struct work *w, const char *path, int flags);
/*
 * Open the directory of a path's last part, O_PATH. *ret_name is that part, owned by the
 * caller: never "", "." or "..", for which the result is -EINVAL.
 */
int work_open_parent(const struct work *w, const char *path, char **ret_name);
/* Open what an O_PATH descriptor is of: the very file, whatever its name stands for by now. */
int work_reopen(const struct work *w, int fd, int flags);
/* Refuse directories of file systems that the kernel makes up (/proc, /sys) in a container. */
int work_check_directory(const struct work *w, int fd, const char *path, struct kerr *err);
/* Whether an attribute is copied at all. */
bool work_takes_xattr(const char *name);

/* One line on standard error, with what names have in them escaped. */
void say_error(const struct kerr *err);
void say_warning(const struct kerr *err);

/* ---- pack.c, unpack.c ---- */

/*
 * Write the archive to standard output. 1: parts of it could not be read, which was said.
 */
int pack(const struct work *w, struct kerr *err);

/* Read the archive from standard input. -EPIPE: it ends early, of which nothing is said. */
int unpack(const struct work *w, struct kerr *err);

/* ---- enter.c ---- */

/*
 * Become a worker in the container that the request is about: in its mount namespace, with
 * the capabilities for files and no others. *ret has root and proc then.
 */
int enter_container(const struct copy_head *h, struct work *ret, struct kerr *err);

#endif
