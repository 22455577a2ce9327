/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_EXEC_H
#define KUKEON_CNI_EXEC_H

#include "buf.h"
#include "err.h"

/*
 * Running a CNI plugin (CNI specification 1.1, section 2): a foreign program, with an
 * environment and a session of its own and no descriptor but 0, 1 and 2. It is the child of
 * a guard, a fork of this process that ends with it and takes the plugin and everything the
 * plugin has started along.
 */

#define CNI_PATH "/opt/cni/bin:/usr/lib/cni" /* where plugins are looked for */

/*
 * The path of a plugin; type is a file name. -ENOENT with a message that says what to
 * install.
 */
int cni_find(const char *type, char **ret, struct kerr *err);

/* One invocation. Strings are borrowed; NULL: the variable is not set. */
struct cni_call {
	const char *program; /* from cni_find */
	const char *command; /* "ADD" */
	const char *container_id, *netns, *ifname, *args;
	int caller_fd; /* a socket: when it hangs up, the plugin is ended; -1: none */
	int deadline_ms; /* from now */
};

/* What it did. Both buffers are cleared first. */
struct cni_end {
	int status; /* as of waitpid */
	struct buf out, err_out;
};

void cni_end_init(struct cni_end *end);
void cni_end_clear(struct cni_end *end);

/*
 * Run it to its end. 0: it has ended by itself, *ret says how. -ETIME: it did not in time;
 * -E2BIG: it printed more than CNI_RESULT_MAX bytes; -ECANCELED: the caller is gone; in
 * these cases it has been killed with all its children. Messages continue "plugin x of
 * network y ".
 */
int cni_exec(const struct cni_call *call, const struct buf *in, struct cni_end *ret,
	     struct kerr *err);

/*
 * Kill what is left of a plugin of this attachment: every process whose environment says
 * so. For plugins whose guard was killed, too.
 */
void cni_kill_left(const char *container_id);

#endif
