/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <libpsl.h>

#include "domain.h"
#include "mem.h"
#include "str.h"

static char *lower(const char *s)
{
	char *copy = xstrdup(s), *p;

	for (p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char) (*p - 'A' + 'a');
	return copy;
}

/* IP addresses contain dots too, but are not domain names. */
static bool is_address(const char *host)
{
	if (strchr(host, ':'))
		return true;
	for (const char *p = host; *p; p++)
		if (*p != '.' && (*p < '0' || *p > '9'))
			return false;
	return true;
}

bool domain_same_owner(const char *a, const char *b)
{
	cleanup_free char *x = lower(a), *y = lower(b);
	const char *dx, *dy;

	if (streq(x, y))
		return true;
	if (is_address(x) || is_address(y))
		return false;
	dx = psl_registrable_domain(psl_builtin(), x);
	dy = psl_registrable_domain(psl_builtin(), y);
	return dx && dy && streq(dx, dy);
}
