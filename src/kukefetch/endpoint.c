/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "challenge.h"
#include "domain.h"
#include "encode.h"
#include "hostport.h"
#include "mem.h"
#include "session.h"
#include "str.h"

int endpoint_add(struct session *s, const struct proto_msg *m, struct kerr *err)
{
	struct endpoint *e = vec_grow(&s->endpoints, &s->n_endpoints, sizeof(*e));
	const char *schemes = proto_msg_get(m, "schemes");
	size_t n;

	e->host = xstrdup(proto_msg_get(m, "host"));
	e->prefix = xstrdup(proto_msg_get(m, "prefix"));
	e->user = xstrdup(proto_msg_get(m, "user"));
	e->password = xstrdup(proto_msg_get(m, "password"));
	for (; *schemes; schemes += n + (schemes[n] == ',')) {
		n = strcspn(schemes, ",");
		strlist_add_owned(&e->schemes, xstrndup(schemes, n));
	}
	if (str_empty(e->host) || e->schemes.n == 0)
		return kerr_plain(err, -EINVAL, "an endpoint without a host or a scheme");
	return 0;
}

char *endpoint_base(const struct endpoint *e)
{
	return xasprintf("%s://%s/v2%s", e->schemes.v[e->scheme], e->host, e->prefix);
}

bool endpoint_next_scheme(struct endpoint *e)
{
	if (e->settled || e->scheme + 1 >= e->schemes.n)
		return false;
	e->scheme++;
	return true;
}

char *endpoint_basic(const struct endpoint *e)
{
	cleanup_buf struct buf plain = BUF_INIT(PROTO_MSG_MAX);
	cleanup_buf struct buf text = BUF_INIT(2 * PROTO_MSG_MAX);

	if (!*e->user && !*e->password)
		return NULL;
	buf_addf(&plain, "%s:%s", e->user, e->password);
	buf_adds(&text, "Basic ");
	base64_encode(&text, plain.data, plain.len);
	return buf_take(&text);
}

bool session_plain_ok(const struct session *s, const struct http_origin *o)
{
	return host_is_loopback(o->host) ||
	       hostport_listed(s->insecure.v, s->insecure.n, o->host, o->port);
}

/*
 * The password may be sent to the registry it is for and, over TLS, to a token server of
 * the same owner.
 */
bool endpoint_trusts(const struct endpoint *e, const struct http_origin *o)
{
	cleanup_free char *host = NULL, *port = NULL;

	hostport_split(e->host, &host, &port);
	if (streq(o->scheme, "https"))
		return domain_same_owner(host, o->host) ||
		       (host_is_loopback(host) && host_is_loopback(o->host));
	return str_case_eq(host, o->host) || (host_is_loopback(host) && host_is_loopback(o->host));
}

int endpoint_token_url(const struct session *s, const struct endpoint *e,
		       const struct http_origin *from, const struct challenge *c, char **ret_url,
		       struct kerr *err)
{
	cleanup_(http_origin_clear) struct http_origin o = { 0 };
	cleanup_free char *service = http_escape(c->service), *scope = NULL;
	cleanup_buf struct buf shown = BUF_INIT(1024);

	str_vis(&shown, c->realm, strnlen(c->realm, 200));
	if (http_origin_of(c->realm, &o) < 0)
		return kerr_plain(err, -EPERM, "its token server '%s' is not a valid URL",
				  buf_str(&shown));
	if (streq(o.scheme, "http") && (streq(from->scheme, "https") || !session_plain_ok(s, &o)))
		return kerr_plain(err, -EPERM, "refused token server '%s': it uses plain http",
				  buf_str(&shown));
	if (*c->scope) {
		scope = http_escape(c->scope);
	} else {
		cleanup_free char *own =
			xasprintf("repository:%s%s%s:pull", e->prefix + (*e->prefix == '/'),
				  *e->prefix ? "/" : "", s->repository);

		scope = http_escape(own);
	}
	*ret_url = xasprintf("%s%c%s%s%sscope=%s", c->realm, strchr(c->realm, '?') ? '&' : '?',
			     *service ? "service=" : "", service, *service ? "&" : "", scope);
	return 0;
}
