/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BOOTSTRAP_H
#define KUKEON_BOOTSTRAP_H

#include "engine_config.h"
#include "methods.h"

/*
 * `kuke init`: prepare everything a host needs before the first cell. On a healthy host
 * it changes nothing.
 */
struct init_options {
	const char *realm; /* default "default" */
	const char *space; /* default "default" */
	const char *socket;
	const char *configuration; /* of the server configuration; NULL: none */
	int64_t socket_gid; /* group to record; -1: keep the recorded one */
	bool force_network; /* rewrite network files even if they are valid */
};

/* State of a level of the hierarchy: what existed and what was created. */
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
	bool daemon_started; /* by this call */
	bool daemon_running;
	char *firewall_warning; /* NULL: rules are in place */
	char *runtime_warning; /* NULL: the runtime has no known vulnerability */
};

void init_report_clear(struct init_report *r);

/*
 * Check that this host can run containers: runc, overlayfs, cgroups. The error names
 * what is missing. *ret_warning: a problem of the runtime that is no error, owned by
 * the caller; untouched if none.
 */
int bootstrap_preflight(struct engine *e, char **ret_warning, struct kerr *err);
int bootstrap_init(struct engine *e, const struct init_options *o, struct init_report *ret,
		   struct kerr *err);

#endif
