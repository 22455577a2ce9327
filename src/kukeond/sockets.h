/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SOCKETS_H
#define KUKEON_SOCKETS_H

#include "defs.h"
#include "err.h"

/*
 * The socket that will listen, non-blocking, with its mode from birth: 0600, or
 * root:gid 0660 when gid > 0. Makes the directory (0755). A stale socket is
 * replaced, a live one is -EADDRINUSE, anything else in the place -EEXIST.
 * Connections are refused until socket_listen.
 */
int socket_bind(const char *path, gid_t gid, struct kerr *err);
int socket_listen(int fd, const char *path, struct kerr *err);

/* The socket wake-ups come to, 0600, and the directory of their names, 0700. */
int socket_wake(const char *path, const char *dir, struct kerr *err);

/* Tell the init system what NOTIFY_SOCKET asks for; nothing without one. */
void notify_init(const char *state);

#endif
