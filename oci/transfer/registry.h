/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REGISTRY_H
#define KUKEON_REGISTRY_H

#include "err.h"
#include "ref.h"
#include "vec.h"

/* What the server configuration says of registries. */
struct registry_config {
	struct strlist insecure; /* host[:port]: plain HTTP is good enough */
	struct strmap mirrors; /* by registry: host[:port][/prefix], with or without a scheme */
	char *ca_file; /* further authorities; NULL or "" for none */
};

/* One of a realm's credentials; all borrowed. */
struct registry_login {
	const char *server; /* "" for the registry of whichever image is asked for */
	const char *user;
	const char *password;
};

/* Where an image's repository is to be had. */
struct registry_endpoint {
	char *host; /* host[:port] */
	char *prefix; /* of the repository's name there: "/proxy", "" mostly */
	const char *schemes; /* to be tried, as kukefetch takes them */
	const struct registry_login *login; /* NULL: none */
};

struct registry_endpoints {
	struct registry_endpoint *v;
	size_t n;
};

void registry_config_clear(struct registry_config *c);
void registry_config_copy(struct registry_config *to, const struct registry_config *from);
/* Judge it: hosts and mirrors that cannot be read. -EINVAL, with the key's name. */
int registry_config_check(const struct registry_config *c, struct kerr *err);

void registry_endpoints_clear(struct registry_endpoints *e);

/*
 * The mirror of the registry of ref, where there is one, and then the registry.
 * A login goes to the host that it names (docker.io has three names); one that
 * names none goes to the registry itself, never to a mirror. Plain HTTP is tried for
 * hosts of this machine and insecure ones only. The logins outlive *ret.
 */
int registry_endpoints_of(const struct registry_config *c, const struct ref *ref,
			  const struct registry_login *logins, size_t n_logins,
			  struct registry_endpoints *ret, struct kerr *err);

#endif
