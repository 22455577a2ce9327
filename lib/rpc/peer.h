/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PEER_H
#define KUKEON_PEER_H

#include "defs.h"
#include "err.h"

/* Who is at the other end of a unix socket, as the kernel says. */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* As of connect(2). 0 or -errno. */
int peer_get(int fd, struct peer *ret);

#endif
