/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_EXEC_H
#define KUKEON_CONTAINER_EXEC_H

#include "context.h"

/*
 * Run a program in a running container (KukeonX1.Exec). passed: n_passed descriptors that came
 * with the request, for the streams that args->passed names; still owned by the caller. When
 * it succeeds, the connection belongs to the program's monitor (rpc_link.taken), unless the
 * program is detached. Takes no lock: a program in a container that is being stopped ends with it.
 */
int container_exec(struct engine *e, const struct rpc_exec_args *args, const int *passed,
		   size_t n_passed, struct rpc_exec_result *ret, struct kerr *err);

#endif
