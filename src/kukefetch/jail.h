/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JAIL_H
#define KUKEON_JAIL_H

#include "err.h"

/* Name of the file with CA certificates in the new root. */
#define JAIL_CA_NAME "ca.pem"
#define JAIL_CA_FILE "/" JAIL_CA_NAME

/*
 * Permanently give up everything that fetching does not need. The root directory becomes
 * an empty one in memory, with the files the resolver reads and the host's CA
 * certificates (and those of the file ca, unless ""). User and group become 65534,
 * without further groups and capabilities. A seccomp filter and resource limits are set.
 */
int jail_enter(const char *ca, struct kerr *err);

#endif
