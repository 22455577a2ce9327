/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOST_STATUS_H
#define KUKEON_HOST_STATUS_H

#include "context.h"

/*
 * Everything of this host in one look: the daemon, the instance, how many objects are in which
 * state, and what is not as it should be. Takes no lock and changes nothing; each file is read
 * once, as for a list of all cells. What cannot be read is a check that failed, so this always
 * has an answer. *ret is zeroed, and cleared by the caller.
 */
void host_status(struct engine *e, struct rpc_status_result *ret);

#endif
