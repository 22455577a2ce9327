/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_COPY_H
#define KUKEON_CONTAINER_COPY_H

#include "context.h"

/*
 * Copy files into and out of a container (KukeonX1.CopyIn, CopyOut). When it succeeds, the
 * connection belongs to the process that copies (rpc_link.taken). In a running container that
 * process works as long as the container runs, without a lock. A stopped one's root is mounted
 * for it alone, with the volumes, and the cell's lock is held until it has ended.
 */
int container_copy_in(struct engine *e, const struct rpc_copy_in_args *args,
		      struct rpc_copy_result *ret, struct kerr *err);
int container_copy_out(struct engine *e, const struct rpc_copy_out_args *args,
		       struct rpc_copy_result *ret, struct kerr *err);

#endif
