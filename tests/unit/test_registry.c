/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "hostport.h"
#include "mem.h"
#include "registry.h"
#include "str.h"
#include "unit.h"

static const struct registry_login logins[] = {
	{ "https://index.docker.io/v1/", "hub", "p" },
	{ "ghcr.io", "gh", "p" },
	{ "mirror.lan:5000", "mirror", "p" },
	{ "", "any", "p" },
};

/* All endpoints of a reference as one text: "scheme(s) host prefix user" each. */
static void endpoints_of(const struct registry_config *c, const char *image, size_t n_logins,
			 struct buf *out)
{
	cleanup_(registry_endpoints_clear) struct registry_endpoints e = { 0 };
	cleanup_ref struct ref ref = { 0 };
	struct kerr err = { 0 };
	size_t i;

	ck_assert_int_eq(ref_parse(image, &ref, NULL), 0);
	ck_assert_msg(registry_endpoints_of(c, &ref, logins, n_logins, &e, &err) == 0, "%s",
		      err.msg);
	for (i = 0; i < e.n; i++)
		buf_addf(out, "%s%s %s%s %s", i ? "; " : "", e.v[i].schemes, e.v[i].host,
			 e.v[i].prefix, e.v[i].login ? e.v[i].login->user : "-");
}

static const struct {
	const char *image;
	size_t n_logins;
	const char *endpoints;
} rows[] = {
	{ "alpine", 4, "https registry-1.docker.io hub" },
	{ "alpine", 0, "https registry-1.docker.io -" },
	{ "ghcr.io/a/b", 4, "https ghcr.io gh" },
	{ "quay.io/a/b", 3, "https quay.io -" },
	{ "quay.io/a/b", 4, "https quay.io any" },
	{ "localhost/a", 4, "http,https localhost any" },
	{ "127.0.0.2:5000/a", 3, "http,https 127.0.0.2:5000 -" },
	{ "[::1]:5000/a", 3, "http,https [::1]:5000 -" },
	{ "127.evil.example/a", 3, "https 127.evil.example -" },
	{ "plain.lan/a", 3, "https,http plain.lan -" },
	{ "plain.lan:81/a", 3, "https,http plain.lan:81 -" },
	{ "half.lan:80/a", 3, "https,http half.lan:80 -" },
	{ "half.lan/a", 3, "https half.lan -" },
	/* the login that names nobody does not go to a mirror */
	{ "gcr.io/a", 4, "https mirror.lan:5000/proxy mirror; https gcr.io any" },
	{ "k8s.example/a", 4, "http plain.lan -; https k8s.example any" },
};

START_TEST(endpoints)
{
	struct registry_config c cleanup_(registry_config_clear) = { 0 };
	cleanup_buf struct buf out = BUF_INIT(1024);

	strlist_add(&c.insecure, "plain.lan");
	strlist_add(&c.insecure, "half.lan:80");
	strmap_set(&c.mirrors, "gcr.io", "mirror.lan:5000/proxy/");
	strmap_set(&c.mirrors, "k8s.example", "http://plain.lan");
	endpoints_of(&c, rows[_i].image, rows[_i].n_logins, &out);
	ck_assert_str_eq(buf_str(&out), rows[_i].endpoints);
}
END_TEST

START_TEST(aliases)
{
	static const char *const names[] = { "docker.io", "index.docker.io",
					     "registry-1.docker.io" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct registry_config c cleanup_(registry_config_clear) = { 0 };
		cleanup_buf struct buf out = BUF_INIT(1024);

		strmap_set(&c.mirrors, names[i], "m.lan");
		endpoints_of(&c, "alpine", 4, &out);
		ck_assert_str_eq(buf_str(&out), "https m.lan -; https registry-1.docker.io hub");
	}
}
END_TEST

static const struct {
	const char *insecure, *mirror, *ca, *text;
} bad[] = {
	{ "http://x", NULL, NULL, "insecureRegistries[0] \"http://x\" must be host or host:port" },
	{ "x:port", NULL, NULL, "insecureRegistries[0] \"x:port\" must be host or host:port" },
	{ "x,y", NULL, NULL, "insecureRegistries[0] \"x,y\" must be host or host:port" },
	{ NULL, "", NULL, "registryMirrors[a.b] \"\" must be host[:port][/prefix]" },
	{ NULL, "ftp://x", NULL, "registryMirrors[a.b] \"ftp://x\" must be" },
	{ NULL, "x/y?z", NULL, "registryMirrors[a.b] \"x/y?z\" must be" },
	{ NULL, "http://x", NULL,
	  "registryMirrors[a.b] \"http://x\" is plain http: add x to insecureRegistries" },
	{ NULL, NULL, "ca.pem", "registryCAFile \"ca.pem\" must be an absolute path" },
	{ "x", "http://x/y", "/ca.pem", NULL },
};

START_TEST(checks)
{
	struct registry_config c cleanup_(registry_config_clear) = { 0 };
	struct kerr err = { 0 };
	int r;

	if (bad[_i].insecure)
		strlist_add(&c.insecure, bad[_i].insecure);
	if (bad[_i].mirror)
		strmap_set(&c.mirrors, "a.b", bad[_i].mirror);
	c.ca_file = xstrdup_null(bad[_i].ca);
	r = registry_config_check(&c, &err);
	ck_assert_int_eq(r, bad[_i].text ? -EINVAL : 0);
	ck_assert_msg(!bad[_i].text || str_has_prefix(err.msg, bad[_i].text), "%s", err.msg);
}
END_TEST

START_TEST(hostports)
{
	static const struct {
		const char *s, *host, *port;
	} table[] = {
		{ "a", "a", "" },	  { "a:1", "a", "1" },
		{ "[::1]", "[::1]", "" }, { "[::1]:1", "[::1]", "1" },
		{ "::1", "::1", "" },	  { "", "", "" },
	};
	char *const list[] = { (char *) (uintptr_t) "A.lan", (char *) (uintptr_t) "[::2]:1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		cleanup_free char *host = NULL, *port = NULL;

		hostport_split(table[i].s, &host, &port);
		ck_assert_str_eq(host, table[i].host);
		ck_assert_str_eq(port, table[i].port);
	}
	ck_assert(hostport_listed(list, 2, "a.LAN", "99"));
	ck_assert(hostport_listed(list, 2, "[::2]", "1"));
	ck_assert(!hostport_listed(list, 2, "[::2]", "2"));
	ck_assert(!hostport_listed(list, 2, "b.lan", ""));
	ck_assert(host_is_loopback("LOCALHOST") && host_is_loopback("127.1.2.3"));
	ck_assert(host_is_loopback("[::1]") && !host_is_loopback("127.0.0.1.evil.example"));
	ck_assert(!host_is_loopback("localhost.evil.example") && !host_is_loopback("128.0.0.1"));
}
END_TEST

static Suite *test_registry(void)
{
	Suite *s = suite_create("registry");
	TCase *t = tcase_create("registry");

	tcase_add_loop_test(t, endpoints, 0, (int) ARRAY_SIZE(rows));
	tcase_add_test(t, aliases);
	tcase_add_loop_test(t, checks, 0, (int) ARRAY_SIZE(bad));
	tcase_add_test(t, hostports);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_registry);
