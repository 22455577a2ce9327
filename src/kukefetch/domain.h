/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DOMAIN_H
#define KUKEON_DOMAIN_H

#include "defs.h"

/*
 * Whether two hosts are in one hand as far as names tell: the same host, or of
 * the same registrable domain by the public suffix list ("auth.docker.io" and
 * "registry-1.docker.io"; not "a.github.io" and "b.github.io"). This is libpsl's
 * wrapper.
 */
bool domain_same_owner(const char *a, const char *b);

#endif
