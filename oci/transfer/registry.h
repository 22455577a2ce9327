/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REGISTRY_H
#define KUKEON_REGISTRY_H

#include "err.h"
#include "ref.h"
#include "vec.h"

/* The registry settings of the server configuration. */
struct registry_config {
	struct strlist insecure; /* host[:port] for which plain HTTP is allowed */
	struct strmap mirrors; /* key: registry; value: host[:port][/prefix], scheme optional */
	char *ca_file; /* additional certificate authorities; NULL or "": none */
};

/* One registry login of a realm; all members are borrowed. */
struct registry_login {
	const char *server; /* "": for the registry of any image */
	const char *user;
	const char *password;
};

/* A host from which an image's repository can be fetched. */
struct registry_endpoint {
	char *host; /* host[:port] */
	char *prefix; /* put before the repository's name: "/proxy"; usually "" */
	const char *schemes; /* schemes to try in order, in kukefetch's format */
	const struct registry_login *login; /* NULL: anonymous */
};

struct registry_endpoints {
	struct registry_endpoint *v;
	size_t n;
};

void registry_config_clear(struct registry_config *c);
void registry_config_copy(struct registry_config *to, const struct registry_config *from);
/* Check that all hosts and mirrors are well-formed. -EINVAL; the message names the key. */
int registry_config_check(const struct registry_config *c, struct kerr *err);

void registry_endpoints_clear(struct registry_endpoints *e);

/*
 * The hosts to try for ref: the mirror of its registry, if there is one, then the
 * registry. A login is used for the host it names (docker.io has three names); one that
 * names no host is used for the registry, never for a mirror. Plain HTTP is tried only
 * for this machine and for insecure registries. The logins must outlive *ret.
 */
int registry_endpoints_of(const struct registry_config *c, const struct ref *ref,
			  const struct registry_login *logins, size_t n_logins,
			  struct registry_endpoints *ret, struct kerr *err);

#endif
