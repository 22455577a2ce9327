/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COPY_IN_H
#define KUKEON_COPY_IN_H

#include "err.h"

/*
 * Copy what is in the directory from (open for reading) into the directory to, with
 * owners, modes and times; sockets are left out. No link is followed.
 * -ENOSPC: it does not fit, in bytes or in number.
 */
int copy_in(int from, int to, struct kerr *err);

#endif
