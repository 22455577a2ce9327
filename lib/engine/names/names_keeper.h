/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_KEEPER_H
#define KUKEON_NAMES_KEEPER_H

#include "engine_config.h"

/*
 * The keeper of kukedns, the resolver of spaces whose policy denies: a process of the daemon
 * that has the right to change the packet filter, while kukedns, which reads what comes from
 * cells and from the network, has none. It opens the sockets, starts kukedns and starts it
 * again when it ends or does not answer, tells it policies and names, opens the addresses it
 * asks for, and writes down what was denied. Sockets outlive kukedns: a query that comes
 * meanwhile waits.
 */

/* Whether there is a policy that needs a keeper. One call of access(2). */
bool names_keeper_wanted(const struct engine *e);

/*
 * Keep it, until stop_fd hangs up or no policy denies any more. 0, or -errno if it could not
 * begin; another keeper that still lives is such a reason.
 */
int names_keeper_run(struct engine *e, int stop_fd, struct kerr *err);

#endif
