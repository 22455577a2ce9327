/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OWN_ENGINE_H
#define KUKEON_OWN_ENGINE_H

#include "client.h"

/*
 * A kukeond of our own: started on one end of a socketpair, for the verbs that need no
 * daemon. No other process can reach it, it has our credentials, and it ends with us.
 */
struct own_engine {
	pid_t pid; /* 0: none runs */
	char *program;
};

/*
 * Start it, and have it open its engine as how says. *ret: the connection, to be closed
 * before own_engine_stop. -ENOENT where kukeond is not installed.
 */
int own_engine_start(struct own_engine *e, const struct rpc_open_engine_args *how,
		     struct rpc_client **ret, struct kerr *err);
/* It hung up before it answered: reap it and return an error that says how it ended. */
int own_engine_ended(struct own_engine *e, struct kerr *err);
/* Wait until it has ended. Nothing where none runs. */
void own_engine_stop(struct own_engine *e);

#endif
