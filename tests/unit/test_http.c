/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "http.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

static const struct {
	const char *url, *scheme, *host, *port; /* scheme NULL: none */
} origins[] = {
	{ "https://a.b/c", "https", "a.b", "443" },
	{ "http://a.b:5000/c?d", "http", "a.b", "5000" },
	{ "HTTPS://A.b", "https", "A.b", "443" },
	{ "http://[::1]:5000/", "http", "[::1]", "5000" },
	{ "ftp://a.b/", NULL },
	{ "file:///etc/passwd", NULL },
	{ "https://user:word@a.b/", NULL },
	{ "https://user@a.b/", NULL },
	{ "", NULL },
	{ "/only/a/path", NULL },
};

START_TEST(origin)
{
	struct http_origin o = { 0 };
	int r = http_origin_of(origins[_i].url, &o);

	ck_assert_int_eq(r == 0, origins[_i].scheme != NULL);
	if (r == 0) {
		ck_assert_str_eq(o.scheme, origins[_i].scheme);
		ck_assert_str_eq(o.host, origins[_i].host);
		ck_assert_str_eq(o.port, origins[_i].port);
	}
	http_origin_clear(&o);
}
END_TEST

START_TEST(same_origin)
{
	ck_assert(http_same_origin("https://a.b/x", "https://A.B:443/y"));
	ck_assert(!http_same_origin("https://a.b/x", "http://a.b:443/x"));
	ck_assert(!http_same_origin("https://a.b/x", "https://a.b:8443/x"));
	ck_assert(!http_same_origin("https://a.b/x", "https://a.b.c/x"));
	ck_assert(!http_same_origin("nonsense", "nonsense"));
}
END_TEST

static const struct {
	const char *url, *location, *joined; /* NULL: refused */
} joins[] = {
	{ "https://a.b/v2/x/blobs/y", "/z", "https://a.b/z" },
	{ "https://a.b/v2/x/blobs/y", "z?a=b#f", "https://a.b/v2/x/blobs/z?a=b" },
	{ "https://a.b/v2", "//c.d/e", "https://c.d/e" },
	{ "https://a.b/v2", "https://c.d/e?sig=%2F", "https://c.d/e?sig=%2F" },
	{ "https://a.b/v2", "https://u:p@c.d/e", NULL },
	{ "https://a.b/v2", "https://c.d/a b/?n=x y", "https://c.d/a%20b/?n=x%20y" },
	{ "https://a.b/v2", "/\xc3\xa4", "https://a.b/%C3%A4" },
	{ "https://a.b/v2", "/a\tb", NULL },
	{ "https://a.b/v2", "https://c d/e", NULL },
};

START_TEST(join)
{
	cleanup_free char *url = NULL;
	int r = http_url_join(joins[_i].url, joins[_i].location, &url);

	ck_assert_int_eq(r == 0, joins[_i].joined != NULL);
	if (r == 0)
		ck_assert_str_eq(url, joins[_i].joined);
}
END_TEST

START_TEST(small_ones)
{
	cleanup_free char *e = http_escape("repository:a/b:pull,push &x");

	ck_assert_str_eq(e, "repository%3Aa%2Fb%3Apull%2Cpush%20%26x");
	ck_assert_int_eq(http_date("Thu, 01 Jan 1970 00:01:40 GMT"), 100);
	ck_assert_int_eq(http_date("soon"), -1);
}
END_TEST

static Suite *test_http(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_add_loop_test(t, origin, 0, (int) ARRAY_SIZE(origins));
	tcase_add_test(t, same_origin);
	tcase_add_loop_test(t, join, 0, (int) ARRAY_SIZE(joins));
	tcase_add_test(t, small_ones);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_http);
