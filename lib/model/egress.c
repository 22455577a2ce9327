/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "egress.h"
#include "kinds.h"
#include "mem.h"
#include "str.h"

bool egress_denies(const struct egress_policy *p)
{
	cleanup_free char *action = NULL;

	if (p == NULL)
		return false;
	action = str_trim(p->default_action);
	return action[0] != '\0' && !str_case_eq(action, "allow");
}

bool egress_effective(const struct egress_policy *p)
{
	return p != NULL && (p->allow.n > 0 || egress_denies(p));
}

const struct egress_policy *egress_of(const struct space_doc *d)
{
	return d->spec.network != NULL ? d->spec.network->egress : NULL;
}
