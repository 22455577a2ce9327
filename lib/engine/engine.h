/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENGINE_H
#define KUKEON_ENGINE_H

#include "err.h"
#include "kinds.h"
#include "methods.h"
#include "server.h"

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

/*
 * Carry out one method. args and reply are of the method's types, the reply is
 * zeroed before. peer: who asks, NULL for this process; it decides whether
 * registry passwords are shown. fds (NULL: none): what came with the request. A
 * failure is put into the reply (rpc_reply_fail) and returned; 0 on success.
 */
int engine_dispatch(struct engine *e, const struct rpc_method *m, const struct peer *peer,
		    void *args, void *reply, struct rpc_fds *fds);

enum engine_pass {
	ENGINE_PASS_WAKES = 1, /* the cells whose monitors asked, and the restarts that are due */
	ENGINE_PASS_ALL, /* and all others, with what they stand on */
	ENGINE_PASS_START, /* the first since kukeond started: and orphans are removed */
};

/*
 * One reconcile pass: derive the cells' states, adopt containers whose monitor
 * died, wind down what has ended; mend cgroups, networks and rules. A cell that
 * asked is waited for, any other that is busy is left to the next pass. Leaks are
 * swept on the first pass and then every few minutes. The first pass of a boot starts
 * the cells that the host's end has stopped and that are to be up always. *ret_next_ms:
 * when a restart is due (clock_ms), which is a matter for ENGINE_PASS_WAKES; -1: none.
 * Errors are logged.
 */
int engine_reconcile(struct engine *e, enum engine_pass kind, int64_t *ret_next_ms);

#endif
