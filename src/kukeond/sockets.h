/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SOCKETS_H
#define KUKEON_SOCKETS_H

#include "defs.h"
#include "err.h"

/*
 * Create the daemon's socket, non-blocking, with mode 0600, or root:gid 0660 if gid > 0. Makes
 * its directory (0755). A stale socket is replaced; -EADDRINUSE: another process listens;
 * -EEXIST: the path is not a socket. Connections are refused until socket_listen.
 */
int socket_bind(const char *path, gid_t gid, struct kerr *err);
int socket_listen(int fd, const char *path, struct kerr *err);

/* Create the socket for wake-ups (0600) and the directory for their names (0700). */
int socket_wake(const char *path, const char *dir, struct kerr *err);

/* Send state to the init system, see sd_notify(3); does nothing without NOTIFY_SOCKET. */
void notify_init(const char *state);

#endif
