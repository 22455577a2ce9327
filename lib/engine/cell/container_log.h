/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_LOG_H
#define KUKEON_CONTAINER_LOG_H

#include "context.h"

/*
 * A page of the logs of containers of one cell. Where there is nothing behind the place of the
 * request, wait for it as long as the caller wants, is there, and the daemon does not stop.
 */
int container_read_log(struct engine *e, const struct rpc_read_log_args *args,
		       struct rpc_read_log_result *ret, struct kerr *err);

#endif
