/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTEXT_H
#define KUKEON_CONTEXT_H

#include "cgroup.h"
#include "engine_config.h"
#include "ipv4.h"
#include "layout.h"
#include "locks.h"
#include "methods.h"
#include "model.h"
#include "registry.h"
#include "store.h"

/* What the engine knows of itself; for the files of lib/engine only. */
struct engine {
	struct layout layout;
	struct locks *locks;
	struct cgroup_host *cgroups;
	char *suffix;
	char *cgroup_root;
	char *runtime;
	char *instance; /* mixed into names of bridges and chains; "" for the default instance */
	struct ipv4_net pod_net;
	unsigned pod_prefix;
	int64_t socket_gid;
	bool keep_layers;
	struct image_limits image_limits; /* 0: the built-in one */
	bool seccomp_default;
	struct registry_config registries;
	struct pull_failures *failures; /* images.c */
	struct link_view *links; /* cell_link.c: what a pass has seen of all devices; NULL */
	struct strlist unknown; /* unknown.c */
	struct rpc_link *link; /* of the call under way; NULL */
	uid_t caller;
	int grace_ms; /* what the request under way gives those that are to end; -1: see below */
	bool mounts_checked;
	int64_t trace_us; /* when the last step ended (engine_trace_step) */
};

/*
 * Tell the debug log how long a step of a start took, since the step before; NULL
 * begins. Costs nothing at other levels.
 */
void engine_trace_step(struct engine *e, const char *step);

#endif
