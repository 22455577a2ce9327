/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_TTY_H
#define KUKEON_CONTAINER_TTY_H

#include "container.h"
#include "spec.h"

/*
 * The terminal of an attachable container: kuketty as its first process (kuketty(8)), what
 * that is told, and the directory that it shares with the host.
 *
 * That directory belongs to the container. Nothing here follows a link in it, or
 * relies on what is in it.
 */

/* What the container gets beside its own; ret is cleared with spec_tty_clear. */
int container_tty_find(const struct container_run *run, struct spec_tty *ret, struct kerr *err);

/*
 * Before a start: the directory and what kuketty is told, for the user that the workload
 * runs as.
 */
int container_tty_make(const struct container_run *run, const struct spec_input *in,
		       const struct user_ids *user, struct kerr *err);

/*
 * The path by which clients reach the socket, short enough for a socket's address; owned
 * by the caller. A mode of it that keeps clients out is put right.
 */
int container_tty_socket(const struct container_run *run, char **ret, struct kerr *err);

/* Remove what container_tty_socket has made outside the container's directory. */
void container_tty_forget(const struct container_run *run);

#endif
