/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROXY_H
#define KUKEON_PROXY_H

#include "defs.h"

/*
 * Proxy settings from the environment, interpreted as Go's HTTP clients do (package
 * golang.org/x/net/http/httpproxy), so that a host on which docker, podman or containerd
 * can pull needs no other settings.
 */

/*
 * Whether a list in the form of NO_PROXY matches the host (without brackets) and port.
 * Entries are separated by commas: "*"; an address or a CIDR block; "example.org" (and
 * all names below it); ".example.org" or "*.example.org" (only names below it). All but
 * blocks may end in ":port".
 */
bool proxy_excepts(const char *no_proxy, const char *host, const char *port);

/*
 * The proxy for a host: from https_proxy or http_proxy, else all_proxy, each in upper
 * case or, if that is not set, in lower case. "" for no proxy, which is also the result
 * for this machine's own addresses and for hosts in no_proxy. Not owned by the caller.
 */
const char *proxy_for(const char *scheme, const char *host, const char *port)
	__attribute__((returns_nonnull));

#endif
