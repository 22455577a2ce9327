/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OWN_ENGINE_H
#define KUKEON_OWN_ENGINE_H

#include "client.h"

/*
 * A kukeond of our own: started on one end of a socketpair, for the verbs that need no
 * daemon. No other process can reach it, it has our credentials, and it ends with us.
 */
struct own_engine {
	pid_t pid; /* 0: not running */
	char *program;
};

/*
 * Start it and make it open its engine as how says. *ret: the connection; close it before
 * own_engine_stop. -ENOENT if kukeond is not installed.
 */
int own_engine_start(struct own_engine *e, const struct rpc_open_engine_args *how,
		     struct rpc_client **ret, struct kerr *err);
/* It closed the connection without a reply: reap it and return how it ended as an error. */
int own_engine_ended(struct own_engine *e, struct kerr *err);
/* Wait until it has ended; does nothing if it is not running. */
void own_engine_stop(struct own_engine *e);

#endif
