/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "hostarg.h"
#include "str.h"

int hostarg_split(char *host, int64_t *ret_port, struct kerr *err)
{
	char *colon = strrchr(host, ':'), *end = strchr(host, ']');

	*ret_port = 0;
	if (host[0] == '[' && end && (end[1] == '\0' || end + 1 == colon)) {
		colon = end[1] ? end + 1 : NULL;
		*end = '\0';
	} else if (!colon || strchr(host, ':') != colon) {
		return 0; /* no port, or an IPv6 address */
	}
	if (colon && str_to_i64(colon + 1, 1, UINT16_MAX, ret_port) < 0)
		return kerr_plain(
			err, -EINVAL,
			"invalid port \"%s\": give HOST or HOST:PORT, with a number from 1 "
			"to 65535",
			colon + 1);
	if (colon)
		*colon = '\0';
	if (host[0] == '[')
		memmove(host, host + 1, strlen(host + 1) + 1);
	return 0;
}
