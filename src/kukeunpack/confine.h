/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONFINE_H
#define KUKEON_CONFINE_H

#include "err.h"
#include "unpack_proto.h"

/*
 * Confine this process to the directory target: it becomes the root of a new mount
 * namespace. Only the capabilities for writing files are kept; resource limits,
 * no_new_privs and a seccomp filter are set. Returns the new root (O_PATH).
 */
int confine_to(int target, const struct unpack_limits *limits, struct kerr *err);

#endif
