/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COPY_IN_H
#define KUKEON_COPY_IN_H

#include "err.h"

/*
 * Copy the content of the directory from (opened for reading) into the directory to,
 * with owners, modes and times. Sockets are left out and no link is followed. -ENOSPC
 * when the target is full or there are too many entries.
 */
int copy_in(int from, int to, struct kerr *err);

#endif
