/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROXY_H
#define KUKEON_PROXY_H

#include "defs.h"

/*
 * Proxies of the environment, read as Go's clients read them (the package
 * golang.org/x/net/http/httpproxy), so that a host where docker, podman and
 * containerd pull from a registry needs no other setting.
 */

/*
 * Whether a list like that of NO_PROXY names the host (without brackets) at the
 * port. Entries are separated by commas: "*"; an address or a block in CIDR form;
 * "example.org" (with all names below it), ".example.org" and "*.example.org"
 * (those below only). All but blocks may have a ":port".
 */
bool proxy_excepts(const char *no_proxy, const char *host, const char *port);

/*
 * The proxy for an address of that scheme: https_proxy or http_proxy, else
 * all_proxy; each in upper or, failing that, lower case. "" for none, also for this machine's own
 * addresses and what no_proxy names. Not owned by the caller.
 */
const char *proxy_for(const char *scheme, const char *host, const char *port)
	__attribute__((returns_nonnull));

#endif
