/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DENIED_LIST_H
#define KUKEON_DENIED_LIST_H

#include "context.h"

/*
 * kuke get denied: the entries of denied_log.h of all spaces in the scope, each space's in
 * their order. Where there is none, wait for one as long as the caller wants, is there, and
 * the daemon does not stop.
 */
int denied_list(struct engine *e, const struct rpc_list_denied_args *args,
		struct rpc_list_denied_result *ret, struct kerr *err);

#endif
