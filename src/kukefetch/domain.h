/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DOMAIN_H
#define KUKEON_DOMAIN_H

#include "defs.h"

/*
 * Whether two hosts belong to the same owner, judged by their names: the same host, or
 * the same registrable domain by the public suffix list ("auth.docker.io" and
 * "registry-1.docker.io"; not "a.github.io" and "b.github.io"). Wraps libpsl.
 */
bool domain_same_owner(const char *a, const char *b);

#endif
