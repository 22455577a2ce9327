/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NEWROOT_H
#define KUKEON_NEWROOT_H

#include "err.h"

/*
 * Make a detached mount (from open_tree or fsmount) the root and working directory of
 * this process, in a new mount namespace that contains nothing else. Cannot be undone;
 * for programs that read hostile input. The caller keeps the descriptor.
 */
int newroot_enter(int mount_fd, struct kerr *err);

#endif
