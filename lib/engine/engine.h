/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENGINE_H
#define KUKEON_ENGINE_H

#include "engine_config.h"
#include "methods.h"
#include "reconcile.h"
#include "server.h"

/*
 * Execute a method. args and reply are of the method's types; the reply must be zeroed.
 * peer: the caller, NULL for a caller in this process; decides whether registry passwords are
 * shown. fds: descriptors passed with the request, and the link, which a list needs
 * (rpc_method.list); NULL: none. On failure the error is put into the reply (rpc_reply_fail)
 * and returned; 0 on success.
 */
int engine_dispatch(struct engine *e, const struct rpc_method *m, const struct peer *peer,
		    void *args, void *reply, struct rpc_fds *fds);

#endif
