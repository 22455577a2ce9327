/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EGRESS_H
#define KUKEON_EGRESS_H

#include "defs.h"
#include "kinds.h"

/*
 * Whether there is a policy to enforce: false if absent, or if it allows by default and
 * has no rules.
 */
bool egress_effective(const struct egress_policy *p);

/* Whether only what the rules allow gets out. */
bool egress_denies(const struct egress_policy *p);

/* The policy of a space; NULL: none. */
const struct egress_policy *egress_of(const struct space_doc *d);

#endif
