/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "challenge.h"
#include "domain.h"
#include "mem.h"
#include "session.h"
#include "str.h"
#include "unit.h"

START_TEST(owners)
{
	ck_assert(domain_same_owner("a.b", "A.B"));
	ck_assert(domain_same_owner("registry-1.docker.io", "auth.docker.io"));
	ck_assert(domain_same_owner("registry.gitlab.com", "gitlab.com"));
	ck_assert(domain_same_owner("registry.example.co.uk", "auth.example.co.uk"));
	ck_assert(!domain_same_owner("registry.example.co.uk", "evil.co.uk"));
	ck_assert(!domain_same_owner("a.github.io", "b.github.io"));
	ck_assert(!domain_same_owner("docker.io", "docker.io.evil.example"));
	ck_assert(!domain_same_owner("10.0.0.1", "11.0.0.1"));
	ck_assert(!domain_same_owner("[fd00::1]", "[fd00::2]"));
	ck_assert(domain_same_owner("[fd00::1]", "[FD00::1]"));
}
END_TEST

/* Where a registry sends for a token, and what becomes of it. */
static const struct {
	const char *host, *scheme, *realm;
	const char *url; /* NULL: refused */
	bool trusted;
} rows[] = {
	{ "registry-1.docker.io", "https", "https://auth.docker.io/token",
	  "https://auth.docker.io/token?service=s&scope=repository%3Alibrary%2Fx%3Apull", true },
	{ "ghcr.io", "https", "https://ghcr.io/token?a=b",
	  "https://ghcr.io/token?a=b&service=s&scope=repository%3Alibrary%2Fx%3Apull", true },
	{ "ghcr.io", "https", "https://evil.example/token",
	  "https://evil.example/token?service=s&scope=repository%3Alibrary%2Fx%3Apull", false },
	/* plain */
	{ "ghcr.io", "https", "http://ghcr.io/token", NULL, false },
	{ "localhost:5000", "https", "http://localhost:5001/token", NULL, false },
	{ "localhost:5000", "http", "http://127.0.0.1:5001/token",
	  "http://127.0.0.1:5001/token?service=s&scope=repository%3Alibrary%2Fx%3Apull", true },
	{ "localhost:5000", "http", "http://10.0.0.1/token", NULL, false },
	{ "plain.lan", "http", "http://plain.lan:81/token",
	  "http://plain.lan:81/token?service=s&scope=repository%3Alibrary%2Fx%3Apull", true },
	/* another insecure one: a token, but no password */
	{ "plain.lan", "http", "http://other.lan/token",
	  "http://other.lan/token?service=s&scope=repository%3Alibrary%2Fx%3Apull", false },
	/* no addresses */
	{ "ghcr.io", "https", "/token", NULL, false },
	{ "ghcr.io", "https", "file:///etc/shadow", NULL, false },
	{ "ghcr.io", "https", "https://me:pw@ghcr.io/token", NULL, false },
};

START_TEST(token_url)
{
	struct session s = { .repository = (char *) (uintptr_t) "library/x" };
	struct endpoint e = { .host = (char *) (uintptr_t) rows[_i].host,
			      .prefix = (char *) (uintptr_t) "" };
	struct challenge c = { .scheme = CHALLENGE_BEARER,
			       .realm = (char *) (uintptr_t) rows[_i].realm,
			       .service = (char *) (uintptr_t) "s",
			       .scope = (char *) (uintptr_t) "" };
	struct http_origin from = { .scheme = (char *) (uintptr_t) rows[_i].scheme };
	cleanup_(http_origin_clear) struct http_origin to = { 0 };
	cleanup_free char *url = NULL;
	struct kerr err = { 0 };
	int r;

	strlist_add(&s.insecure, "plain.lan");
	strlist_add(&s.insecure, "other.lan");
	strlist_add(&e.schemes, rows[_i].scheme);
	r = endpoint_token_url(&s, &e, &from, &c, &url, &err);
	ck_assert_int_eq(r, rows[_i].url ? 0 : -EPERM);
	if (r == 0) {
		ck_assert_str_eq(url, rows[_i].url);
		ck_assert_int_eq(http_origin_of(url, &to), 0);
		ck_assert_int_eq(endpoint_trusts(&e, &to), rows[_i].trusted);
	} else {
		ck_assert_ptr_nonnull(strstr(err.msg, "token server '"));
	}
	strlist_clear(&s.insecure);
	strlist_clear(&e.schemes);
}
END_TEST

static const struct {
	const char *body, *authorization; /* NULL: no token */
} tokens[] = {
	{ "{\"token\":\"abc\",\"expires_in\":300}", "Bearer abc" },
	{ "{\"access_token\":\"abc\"}", "Bearer abc" },
	{ "{\"token\":\"\",\"access_token\":\"abc\"}", "Bearer abc" },
	{ "{\"token\":\"a\\r\\nX-Evil: 1\"}", NULL },
	{ "{\"token\":\"a b\"}", NULL },
	{ "{\"token\":5}", NULL },
	{ "{}", NULL },
	{ "", NULL },
	{ "no JSON", NULL },
};

START_TEST(token)
{
	cleanup_buf struct buf body = BUF_INIT(1024);
	struct login l = { 0 };

	buf_adds(&body, tokens[_i].body);
	ck_assert_int_eq(login_use_token(&l, &body), tokens[_i].authorization ? 0 : -EBADMSG);
	if (tokens[_i].authorization)
		ck_assert_str_eq(l.authorization, tokens[_i].authorization);
	ck_assert_uint_eq(l.round, tokens[_i].authorization ? 1 : 0);
	free(l.authorization);
}
END_TEST

/* One per origin, and none hears what another was told. */
START_TEST(origins)
{
	struct logins all = { 0 };
	struct login *l = login_of(&all, "https://a.b/v2/x");

	login_use(l, xstrdup("Bearer t"));
	ck_assert_ptr_eq(login_of(&all, "https://A.B:443/other"), l);
	ck_assert_ptr_null(login_of(&all, "http://a.b/v2/x")->authorization);
	ck_assert_ptr_null(login_of(&all, "https://a.b:8443/v2/x")->authorization);
	ck_assert_ptr_null(login_of(&all, "https://b.a.b/v2/x")->authorization);
	ck_assert_ptr_null(login_of(&all, "nonsense"));
	ck_assert_uint_eq(all.n, 4);
	ck_assert_str_eq(login_of(&all, "https://a.b/")->authorization, "Bearer t");
	logins_clear(&all);
	ck_assert_uint_eq(all.n, 0);
}
END_TEST

START_TEST(schemes)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct session s = { 0 };
	struct endpoint *e;
	cleanup_free char *base = NULL, *basic = NULL;
	size_t i;

	proto_msg_start(&m, "endpoint");
	proto_msg_add(&m, "host", "a.b:1");
	proto_msg_add(&m, "prefix", "/proxy");
	proto_msg_add(&m, "schemes", "http,https");
	proto_msg_add(&m, "user", "u");
	proto_msg_add(&m, "password", "p w");
	ck_assert_int_eq(endpoint_add(&s, &m, NULL), 0);
	e = &s.endpoints[0];
	base = endpoint_base(e);
	ck_assert_str_eq(base, "http://a.b:1/v2/proxy");
	ck_assert(endpoint_next_scheme(e));
	ck_assert_str_eq(e->schemes.v[e->scheme], "https");
	ck_assert(!endpoint_next_scheme(e));
	e->scheme = 0;
	e->settled = true;
	ck_assert(!endpoint_next_scheme(e));
	basic = endpoint_basic(e);
	ck_assert_str_eq(basic, "Basic dTpwIHc=");
	proto_msg_start(&m, "endpoint");
	ck_assert_int_eq(endpoint_add(&s, &m, NULL), -EINVAL);
	for (i = 0; i < s.n_endpoints; i++) {
		e = &s.endpoints[i];
		free(e->host);
		free(e->prefix);
		free(e->user);
		free(e->password);
		strlist_clear(&e->schemes);
	}
	free(s.endpoints);
}
END_TEST

static Suite *test_endpoint(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_test(t, owners);
	tcase_add_loop_test(t, token_url, 0, (int) ARRAY_SIZE(rows));
	tcase_add_loop_test(t, token, 0, (int) ARRAY_SIZE(tokens));
	tcase_add_test(t, origins);
	tcase_add_test(t, schemes);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_endpoint);
