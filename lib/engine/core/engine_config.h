/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENGINE_CONFIG_H
#define KUKEON_ENGINE_CONFIG_H

#include "err.h"
#include "kinds.h"

/*
 * What the verbs do. The engine is linear and blocking; it runs in a child of
 * kukeond per request, and in `kuke` itself for the verbs that need no daemon.
 * All state is on disk, processes exclude each other by the locks of lib/store.
 */
struct engine;

/* Strings are copied; NULL or "" takes the default of configuration.h. */
struct engine_config {
	const char *run_path;
	const char *runtime_dir; /* the socket's directory */
	const char *suffix; /* of realms' namespaces */
	const char *cgroup_root;
	const char *runtime; /* "runc", "crun", or a path */
	const char *pod_subnet_cidr; /* default 10.88.0.0/16 */
	int64_t pod_subnet_size; /* prefix length per space; 0: 24 */
	int64_t socket_gid; /* group of the socket and readable data; <= 0: none */
	bool keep_layers;
	const struct image_limits *image_limits; /* NULL: the built-in ones; borrowed */
	bool seccomp_default; /* containers get the built-in profile unless they opt out */
	/* of the server configuration; NULL: nothing said */
	const struct strlist *insecure_registries;
	const struct strmap *registry_mirrors;
	const char *registry_ca_file;
};

/*
 * What a server configuration says of the engine, borrowed from it; where the engine
 * lives (run_path to cgroup_root) is left to the caller. socket_gid is -1 when it does not say.
 */
void engine_config_read(struct engine_config *c, const struct server_spec *s);

/*
 * Check the configuration and open it. Touches nothing on disk: run path and
 * runtime dir are made by the first operation that writes.
 */
int engine_open(const struct engine_config *config, struct engine **ret, struct kerr *err);
struct engine *engine_close(struct engine *e); /* releases all locks */

static inline void engine_closep(struct engine **e)
{
	*e = engine_close(*e);
}

#endif
