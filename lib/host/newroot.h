/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NEWROOT_H
#define KUKEON_NEWROOT_H

#include "err.h"

/*
 * Make a mount that nothing is on yet (of open_tree or fsmount) the root and the
 * working directory of this process, in a mount namespace of its own that holds
 * nothing else. For programs that meet hostile input; there is no way back. The
 * descriptor stays the caller's.
 */
int newroot_enter(int mount_fd, struct kerr *err);

#endif
