/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENGINE_CONFIG_H
#define KUKEON_ENGINE_CONFIG_H

#include "err.h"
#include "kinds.h"

/*
 * The engine implements the API methods. It is linear and blocking: kukeond forks a
 * child per request, and `kuke` calls it directly for verbs that need no daemon. All
 * state is on disk; processes exclude each other by the locks of lib/store.
 */
struct engine;

/* Strings are copied; NULL or "" takes the default of configuration.h. */
struct engine_config {
	const char *run_path;
	const char *runtime_dir; /* directory of the socket */
	const char *suffix; /* of the namespaces of realms */
	const char *cgroup_root;
	const char *runtime; /* "runc", "crun", or a path */
	const char *pod_subnet_cidr; /* default 10.88.0.0/16 */
	int64_t pod_subnet_size; /* prefix length per space; 0: 24 */
	const char *pod_subnet_cidr_v6; /* NULL or "": cells have no IPv6 */
	const char *firewall_backend; /* "auto", "legacy", "nft" */
	int64_t socket_gid; /* group that owns the socket and may read data; <= 0: none */
	bool keep_layers;
	int64_t capture_max_bytes, capture_files; /* of a terminal; 0: kuketty's own */
	const char *terminal_size; /* "smallest", "last" */
	const struct image_limits *image_limits; /* NULL: the built-in ones; borrowed */
	bool seccomp_default; /* apply the built-in seccomp profile unless a container opts out */
	/* from the server configuration; NULL: not set */
	const struct strlist *insecure_registries;
	const struct strmap *registry_mirrors;
	const char *registry_ca_file;
};

/*
 * Take the engine's settings from a server configuration. Strings are borrowed.
 * run_path, runtime_dir, suffix and cgroup_root are left to the caller. socket_gid is
 * -1 if not set.
 */
void engine_config_read(struct engine_config *c, const struct server_spec *s);

/*
 * Check the configuration and make an engine. Touches nothing on disk: run path and
 * runtime directory are created by the first operation that writes.
 */
int engine_open(const struct engine_config *config, struct engine **ret, struct kerr *err);
struct engine *engine_close(struct engine *e); /* releases all locks */

/* For a daemon, before it listens: make what all cells need, so that no request has to. */
int engine_prepare(struct engine *e, struct kerr *err);

/* For an engine that is not a daemon's, at its end: unmount what is no longer needed. */
void engine_leave(struct engine *e);

static inline void engine_closep(struct engine **e)
{
	*e = engine_close(*e);
}

#endif
