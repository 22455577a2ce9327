/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENGINE_H
#define KUKEON_ENGINE_H

#include "engine_config.h"
#include "methods.h"
#include "reconcile.h"
#include "server.h"

/*
 * Carry out one method. args and reply are of the method's types, the reply is
 * zeroed before. peer: who asks, NULL for this process; it decides whether
 * registry passwords are shown. fds (NULL: none): what came with the request. A
 * failure is put into the reply (rpc_reply_fail) and returned; 0 on success.
 */
int engine_dispatch(struct engine *e, const struct rpc_method *m, const struct peer *peer,
		    void *args, void *reply, struct rpc_fds *fds);

/* Whether there is a handler of it; engine_dispatch says "not implemented yet" where not. */
bool engine_has_method(const struct rpc_method *m);

#endif
