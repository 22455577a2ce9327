/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "hostport.h"
#include "mem.h"
#include "registry.h"
#include "str.h"

#define DOCKER_DOMAIN "docker.io"
#define DOCKER_REGISTRY "registry-1.docker.io"

void registry_config_clear(struct registry_config *c)
{
	strlist_clear(&c->insecure);
	strmap_clear(&c->mirrors);
	free_p(&c->ca_file);
}

void registry_config_copy(struct registry_config *to, const struct registry_config *from)
{
	strlist_copy(&to->insecure, &from->insecure);
	strmap_copy(&to->mirrors, &from->mirrors);
	free_p(&to->ca_file);
	to->ca_file = xstrdup_null(from->ca_file);
}

void registry_endpoints_clear(struct registry_endpoints *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free_p(&e->v[i].host);
		free_p(&e->v[i].prefix);
	}
	free_p(&e->v);
	e->n = 0;
}

/* The one name used for a registry that has several; borrowed. */
static const char *canonical(const char *host)
{
	static const char *const names[] = { DOCKER_DOMAIN, "index.docker.io", DOCKER_REGISTRY };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_case_eq(host, names[i]))
			return DOCKER_DOMAIN;
	return host;
}

/* Cut a scheme and a path off, so that host[:port] is left; owned by the caller. */
static char *bare_host(const char *s)
{
	const char *p = strstr(s, "://");

	p = p ? p + 3 : s;
	return xstrndup(p, strcspn(p, "/"));
}

static bool valid_hostport(const char *s)
{
	cleanup_free char *host = NULL, *port = NULL;
	uint64_t n;

	hostport_split(s, &host, &port);
	if (!*host || (*port && str_to_u64(port, 1, 65535, &n) < 0))
		return false;
	for (const char *p = host; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("/@?#\\,=", *p))
			return false;
	return true;
}

/* The parts of a mirror setting. */
struct mirror {
	char *host;
	char *prefix;
	char *scheme; /* "" when missing */
};

static void mirror_clear(struct mirror *m)
{
	free_p(&m->host);
	free_p(&m->prefix);
	free_p(&m->scheme);
}

static int parse_mirror(const char *s, struct mirror *ret)
{
	const char *p = strstr(s, "://"), *rest = p ? p + 3 : s, *c;
	size_t n = strcspn(rest, "/");

	ret->scheme = p ? xstrndup(s, (size_t) (p - s)) : xstrdup("");
	ret->host = xstrndup(rest, n);
	ret->prefix = xstrdup(rest + n);
	n = strlen(ret->prefix);
	while (n > 0 && ret->prefix[n - 1] == '/')
		ret->prefix[--n] = '\0';
	for (c = ret->prefix; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("?#\\", *c))
			return -EINVAL;
	if (*ret->scheme && !streq(ret->scheme, "http") && !streq(ret->scheme, "https"))
		return -EINVAL;
	return valid_hostport(ret->host) ? 0 : -EINVAL;
}

static bool plain_ok(const struct registry_config *c, const char *hostport, bool *ret_loopback)
{
	cleanup_free char *host = NULL, *port = NULL;

	hostport_split(hostport, &host, &port);
	*ret_loopback = host_is_loopback(host);
	return *ret_loopback || hostport_listed(c->insecure.v, c->insecure.n, host, port);
}

/* For this machine try plain http first: an attempt with TLS takes longer than the answer. */
static const char *schemes_of(const struct registry_config *c, const char *hostport)
{
	bool loopback;

	if (!plain_ok(c, hostport, &loopback))
		return "https";
	return loopback ? "http,https" : "https,http";
}

int registry_config_check(const struct registry_config *c, struct kerr *err)
{
	bool loopback;

	for (size_t i = 0; i < c->insecure.n; i++)
		if (!valid_hostport(c->insecure.v[i]))
			return kerr_plain(
				err, -EINVAL,
				"insecureRegistries[%zu] \"%s\" must be host or host:port", i,
				c->insecure.v[i]);
	for (size_t i = 0; i < c->mirrors.n; i++) {
		cleanup_(mirror_clear) struct mirror m = { 0 };
		const char *key = c->mirrors.v[i].key, *value = c->mirrors.v[i].value;

		if (!valid_hostport(key))
			return kerr_plain(err, -EINVAL,
					  "registryMirrors: \"%s\" must be host or host:port", key);
		if (parse_mirror(value, &m) < 0)
			return kerr_plain(
				err, -EINVAL,
				"registryMirrors[%s] \"%s\" must be host[:port][/prefix] or "
				"such an address with http:// or https://",
				key, value);
		if (streq(m.scheme, "http") && !plain_ok(c, m.host, &loopback))
			return kerr_plain(err, -EINVAL,
					  "registryMirrors[%s] \"%s\" is plain http: add %s to "
					  "insecureRegistries to allow it",
					  key, value, m.host);
	}
	if (!str_empty(c->ca_file) && c->ca_file[0] != '/')
		return kerr_plain(err, -EINVAL, "registryCAFile \"%s\" must be an absolute path",
				  c->ca_file);
	return 0;
}

enum login_flags {
	LOGIN_CATCH_ALL = 1 << 0, /* a login without a server is accepted too */
};

static const struct registry_login *find_login(const struct registry_login *logins, size_t n,
					       const char *host, enum login_flags flags)
{
	const struct registry_login *any = NULL;

	for (size_t i = 0; i < n; i++) {
		cleanup_free char *server = bare_host(logins[i].server);

		if (*server && str_case_eq(canonical(server), canonical(host)))
			return &logins[i];
		if (!*server && !any)
			any = &logins[i];
	}
	return flags & LOGIN_CATCH_ALL ? any : NULL;
}

static const char *find_mirror(const struct registry_config *c, const char *domain)
{
	for (size_t i = 0; i < c->mirrors.n; i++)
		if (str_case_eq(canonical(c->mirrors.v[i].key), canonical(domain)))
			return c->mirrors.v[i].value;
	return NULL;
}

int registry_endpoints_of(const struct registry_config *c, const struct ref *ref,
			  const struct registry_login *logins, size_t n_logins,
			  struct registry_endpoints *ret, struct kerr *err)
{
	const char *mirror = find_mirror(c, ref->domain);
	struct registry_endpoint *e;
	struct mirror m = { 0 };
	int r;

	r = registry_config_check(c, err);
	if (r < 0)
		return r;
	if (mirror && parse_mirror(mirror, &m) == 0) {
		e = vec_grow(&ret->v, &ret->n, sizeof(*e));
		e->host = take_ptr(m.host);
		e->prefix = take_ptr(m.prefix);
		e->schemes = streq(m.scheme, "http")	? "http"
			     : streq(m.scheme, "https") ? "https"
							: schemes_of(c, e->host);
		e->login = find_login(logins, n_logins, e->host, 0);
	}
	mirror_clear(&m);
	e = vec_grow(&ret->v, &ret->n, sizeof(*e));
	e->host = xstrdup(streq(ref->domain, DOCKER_DOMAIN) ? DOCKER_REGISTRY : ref->domain);
	e->prefix = xstrdup("");
	e->schemes = schemes_of(c, e->host);
	e->login = find_login(logins, n_logins, ref->domain, LOGIN_CATCH_ALL);
	return 0;
}
