/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONFINE_H
#define KUKEON_CONFINE_H

#include "err.h"
#include "unpack_proto.h"

/*
 * Shut this process into the directory target: a mount namespace of its own
 * whose root target is, the few capabilities that writing files takes, resource
 * limits, no_new_privs and a seccomp filter. Returns the new root (O_PATH).
 */
int confine_to(int target, const struct unpack_limits *limits, struct kerr *err);

#endif
