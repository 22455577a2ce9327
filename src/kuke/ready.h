/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_READY_H
#define KUKEON_READY_H

#include "err.h"

/*
 * Wait until the daemon that listens at a socket (a path) answers a Ping: a daemon that has
 * just been started prepares mounts first. -ECONNREFUSED, -ENOENT, …, with a message, if it
 * does not answer within 30 s.
 */
int ready_wait(const char *socket, struct kerr *err);

#endif
