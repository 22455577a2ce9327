/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BOOTSTRAP_H
#define KUKEON_BOOTSTRAP_H

#include "engine_config.h"
#include "methods.h"

/*
 * `kuke init` (spec runtime.md section 2.1): everything a host needs before the
 * first cell. Repeating it on a healthy host changes nothing.
 */
struct init_options {
	const char *realm; /* default "default" */
	const char *space; /* default "default" */
	const char *socket;
	const char *configuration; /* the server configuration; NULL: none */
	int64_t socket_gid; /* recorded; -1: as it is recorded */
	bool force_network; /* rewrite the networks' files even when they are in order */
};

/* What a level of the hierarchy found and made. */
struct init_level {
	struct rpc_create_realm_result realm;
	struct rpc_create_space_result space;
	struct rpc_create_stack_result stack;
	char *network; /* name of the space's network */
};

struct init_report {
	bool root_cgroup_pre, root_cgroup_created;
	struct init_level def, sys;
	bool cell_created;
	bool daemon_started; /* by us, now */
	bool daemon_running;
	char *firewall_warning; /* NULL: rules are in place */
	char *runtime_warning; /* NULL: the runtime has no hole that we know of */
};

void init_report_clear(struct init_report *r);

/*
 * Whether this host can run containers at all: runc, overlayfs, cgroups. One
 * line names what is missing. *ret_warning: what is wrong with the runtime and no reason
 * to refuse, owned by the caller; untouched where there is nothing.
 */
int bootstrap_preflight(struct engine *e, char **ret_warning, struct kerr *err);
int bootstrap_init(struct engine *e, const struct init_options *o, struct init_report *ret,
		   struct kerr *err);

#endif
