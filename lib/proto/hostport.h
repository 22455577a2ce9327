/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTPORT_H
#define KUKEON_HOSTPORT_H

#include "defs.h"

/* "host", "host:port", "[::1]:port" as used for registries. Both parts are owned by the caller. */
void hostport_split(const char *s, char **ret_host, char **ret_port);

/*
 * Whether a host (with or without brackets, no port) is a loopback name: localhost,
 * 127.0.0.0/8, ::1.
 */
bool host_is_loopback(const char *host);

/*
 * Whether a list like insecureRegistries contains the host with this port. An entry
 * without a port matches every port.
 */
bool hostport_listed(char *const *list, size_t n, const char *host, const char *port);

#endif
