/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "egress.h"
#include "kinds.h"
#include "mem.h"
#include "str.h"

bool egress_effective(const struct egress_policy *p)
{
	cleanup_free char *action = NULL;

	if (p == NULL)
		return false;
	action = str_trim(p->default_action);
	return p->allow.n > 0 || (action[0] != '\0' && !str_case_eq(action, "allow"));
}
