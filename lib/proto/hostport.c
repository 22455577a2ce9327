/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "hostport.h"
#include "mem.h"
#include "str.h"

void hostport_split(const char *s, char **ret_host, char **ret_port)
{
	const char *colon = strrchr(s, ':');

	/* A colon in brackets, or one of several without brackets, is part of an IPv6 address. */
	if (colon && (strchr(colon, ']') || (*s != '[' && strchr(s, ':') != colon)))
		colon = NULL;
	*ret_host = colon ? xstrndup(s, (size_t) (colon - s)) : xstrdup(s);
	*ret_port = xstrdup(colon ? colon + 1 : "");
}

bool host_is_loopback(const char *host)
{
	if (str_case_eq(host, "localhost") || streq(host, "::1") || streq(host, "[::1]"))
		return true;
	if (!str_has_prefix(host, "127."))
		return false;
	for (const char *p = host; *p; p++)
		if (*p != '.' && (*p < '0' || *p > '9'))
			return false;
	return true;
}

bool hostport_listed(char *const *list, size_t n, const char *host, const char *port)
{
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		cleanup_free char *h = NULL, *p = NULL;

		hostport_split(list[i], &h, &p);
		found = str_case_eq(h, host) && (!*p || streq(p, port));
	}
	return found;
}
