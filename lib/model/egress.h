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

/*
 * Whether the host of a rule is about a name: the same name, or, of "*.example.com", any that
 * ends with ".example.com". Case and a dot at the end do not count.
 */
bool egress_host_has(const char *host, const char *name);

/* Whether the host of a rule stands for more than one name; such a rule opens nothing by itself. */
bool egress_host_is_pattern(const char *host);

/* The policy of a space; NULL: none. */
const struct egress_policy *egress_of(const struct space_doc *d);

#endif
