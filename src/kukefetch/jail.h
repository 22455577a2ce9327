/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JAIL_H
#define KUKEON_JAIL_H

#include "err.h"

/* The authorities' certificates, once inside. */
#define JAIL_CA_NAME "ca.pem"
#define JAIL_CA_FILE "/" JAIL_CA_NAME

/*
 * Give up all that fetching does not need, for good: the root directory becomes
 * an empty one in memory with what a resolver reads and the certificates of the
 * host's authorities (and those in the file ca, unless ""); user and group
 * nobody, no further groups, no capabilities; a seccomp filter and limits.
 */
int jail_enter(const char *ca, struct kerr *err);

#endif
