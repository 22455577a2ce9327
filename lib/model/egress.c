/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>
#include <strings.h>

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

bool egress_host_is_pattern(const char *host)
{
	return str_has_prefix(host, "*.");
}

static size_t name_len(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '.' ? n - 1 : n;
}

bool egress_host_has(const char *host, const char *name)
{
	size_t n = name_len(name), n_host = name_len(host);

	if (!egress_host_is_pattern(host))
		return n == n_host && strncasecmp(host, name, n) == 0;
	host++;
	n_host--;
	return n > n_host && strncasecmp(host, name + n - n_host, n_host) == 0;
}

const struct egress_policy *egress_of(const struct space_doc *d)
{
	return d->spec.network != NULL ? d->spec.network->egress : NULL;
}
