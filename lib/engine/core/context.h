/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTEXT_H
#define KUKEON_CONTEXT_H

#include "cgroup.h"
#include "engine_config.h"
#include "firewall_world.h"
#include "ipnet.h"
#include "layout.h"
#include "locks.h"
#include "methods.h"
#include "model.h"
#include "registry.h"
#include "store.h"

/* The engine's state; private to lib/engine. */
struct engine {
	struct layout layout;
	struct locks *locks;
	struct cgroup_host *cgroups;
	char *suffix;
	char *cgroup_root;
	char *runtime;
	char boot[37]; /* the running boot (boot_id); "" if it cannot be read */
	char *instance; /* mixed into names of bridges and chains; "" for the default instance */
	struct ipv4_net pod_net;
	unsigned pod_prefix;
	struct ipnet pod_net6; /* podSubnetCIDRv6; no family: cells have no IPv6 (net_ipv6.h) */
	bool lacks_ipv6; /* podSubnetCIDRv6 is set, but the kernel has no IPv6 */
	enum firewall_choice firewall_choice;
	int64_t socket_gid;
	bool keep_layers;
	int64_t capture_max_bytes, capture_files; /* 0: not set */
	char *terminal_size; /* "": not set */
	struct image_limits image_limits; /* a value of 0 selects the built-in limit */
	bool seccomp_default;
	struct registry_config registries;
	struct pull_failures *failures; /* see pull_failures.h */
	struct link_view *links; /* cell_link.h: devices seen by this reconcile pass; NULL: none */
	struct strlist unknown; /* see unknown.h */
	bool policy_written; /* rules of a policy, under the lock that is held (net_rules.h) */
	struct kerr rules_error; /* of the last net_rules_sync; no text: it succeeded */
	struct rpc_link *link; /* connection of the current request; NULL: none */
	uid_t caller;
	int grace_ms; /* grace period of the current request; -1: unset, see cell_grace */
	bool mounts_checked;
	int pins_ns, pins_root; /* see pins.h: the namespace and its root; -EBADF: not opened */
	bool is_worker; /* this process does one task of a request (workers.h) */
	int64_t trace_us; /* when the last step ended (engine_trace_step) */
};

/*
 * Log, at debug level only, how long a step of a start took: the time since the
 * previous call; and when it ended. step NULL starts the measurement.
 */
void engine_trace_step(struct engine *e, const char *step);

#endif
