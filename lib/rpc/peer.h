/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PEER_H
#define KUKEON_PEER_H

#include "defs.h"
#include "err.h"

/* Credentials of the peer of a unix socket (SO_PEERCRED, unix(7)). */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* The credentials at the time of connect(2). 0 or -errno. */
int peer_get(int fd, struct peer *ret);

#endif
