/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "proxy.h"
#include "unit.h"

/* As golang.org/x/net/http/httpproxy documents its list. */
static const struct {
	const char *list, *host, *port;
	bool excepted;
} rows[] = {
	{ "", "example.org", "443", false },
	{ "*", "example.org", "443", true },
	{ " , * ,", "example.org", "443", true },
	/* names */
	{ "example.org", "example.org", "443", true },
	{ "EXAMPLE.org", "example.ORG", "443", true },
	{ "example.org", "a.b.example.org", "443", true },
	{ "example.org", "anexample.org", "443", false },
	{ "example.org", "example.org.evil", "443", false },
	{ ".example.org", "a.example.org", "443", true },
	{ ".example.org", "example.org", "443", false },
	{ "*.example.org", "a.example.org", "443", true },
	{ "*.example.org", "example.org", "443", false },
	{ "a.test, example.org ,b.test", "example.org", "443", true },
	{ "a.test example.org", "example.org", "443", false },
	/* ports */
	{ "example.org:5011", "example.org", "5011", true },
	{ "example.org:5011", "a.example.org", "5011", true },
	{ "example.org:5011", "example.org", "443", false },
	{ "*.example.org:443", "a.example.org", "443", true },
	{ ":443", "example.org", "443", false },
	/* addresses */
	{ "192.0.2.1", "192.0.2.1", "443", true },
	{ "192.0.2.1", "192.0.2.10", "443", false },
	{ "192.0.2.1:5000", "192.0.2.1", "5000", true },
	{ "192.0.2.1:5000", "192.0.2.1", "5001", false },
	{ "2001:db8::1", "2001:0db8::1", "443", true },
	{ "[2001:db8::1]:5000", "2001:db8::1", "5000", true },
	{ "[2001:db8::1]:5000", "2001:db8::1", "443", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", "443", true },
	{ ".2.1", "192.0.2.1", "443", true }, /* a name below ".2.1", for Go as well */
	/* blocks */
	{ "192.0.2.0/24", "192.0.2.77", "443", true },
	{ "192.0.2.0/25", "192.0.2.128", "443", false },
	{ "192.0.2.128/25", "192.0.2.129", "443", true },
	{ "0.0.0.0/0", "192.0.2.1", "443", true },
	{ "0.0.0.0/0", "2001:db8::1", "443", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", "443", true },
	{ "2001:db8::/33", "2001:db8:8000::1", "443", false },
	{ "192.0.2.0/33", "192.0.2.1", "443", false },
	{ "192.0.2.0/24", "example.org", "443", false },
	{ "10.0.0.0/8,192.0.2.7/32", "192.0.2.7", "443", true },
};

START_TEST(excepts)
{
	ck_assert_msg(proxy_excepts(rows[_i].list, rows[_i].host, rows[_i].port) ==
			      rows[_i].excepted,
		      "'%s' and %s:%s", rows[_i].list, rows[_i].host, rows[_i].port);
}
END_TEST

static void clean(void)
{
	static const char *const names[] = { "http_proxy",  "HTTP_PROXY", "https_proxy",
					     "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
					     "no_proxy",    "NO_PROXY" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		(void) unsetenv(names[i]);
}

START_TEST(environment)
{
	clean();
	ck_assert_str_eq(proxy_for("https", "a.test", "443"), "");
	(void) setenv("ALL_PROXY", "http://all:1", 1);
	ck_assert_str_eq(proxy_for("https", "a.test", "443"), "http://all:1");
	(void) setenv("HTTP_PROXY", "http://plain:1", 1);
	(void) setenv("HTTPS_PROXY", "http://UPPER:1", 1);
	(void) setenv("https_proxy", "http://lower:1", 1);
	ck_assert_str_eq(proxy_for("http", "a.test", "80"), "http://plain:1");
	ck_assert_str_eq(proxy_for("https", "a.test", "443"), "http://UPPER:1");
	(void) setenv("HTTPS_PROXY", "", 1);
	ck_assert_str_eq(proxy_for("https", "a.test", "443"), "http://lower:1");
	(void) setenv("NO_PROXY", "b.test,[2001:db8::1]:443", 1);
	ck_assert_str_eq(proxy_for("https", "b.test", "443"), "");
	ck_assert_str_eq(proxy_for("https", "[2001:db8::1]", "443"), "");
	ck_assert_str_eq(proxy_for("https", "a.test", "443"), "http://lower:1");
	ck_assert_str_eq(proxy_for("https", "localhost", "5000"), "");
	ck_assert_str_eq(proxy_for("http", "127.0.0.9", "5000"), "");
	ck_assert_str_eq(proxy_for("http", "[::1]", "5000"), "");
	clean();
}
END_TEST

static Suite *test_proxy(void)
{
	Suite *s = suite_create("proxy");
	TCase *t = tcase_create("proxy");

	tcase_add_loop_test(t, excepts, 0, (int) ARRAY_SIZE(rows));
	tcase_add_test(t, environment);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_proxy);
