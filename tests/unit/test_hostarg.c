/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "hostarg.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

START_TEST(taken_apart)
{
	static const struct {
		const char *text, *host;
		int64_t port;
	} rows[] = {
		{ "name", "name", 0 },
		{ "name.example:443", "name.example", 443 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 },
		{ "10.0.0.0/8:22", "10.0.0.0/8", 22 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		{ "2001:db8::/32", "2001:db8::/32", 0 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "[2001:db8::1]:443", "2001:db8::1", 443 },
		{ "[2001:db8::/32]:443", "2001:db8::/32", 443 },
		{ "[2001:db8::1]443", "[2001:db8::1]443", 0 }, /* for the engine to refuse */
		{ "", "", 0 },
		{ "[]", "", 0 },
		{ "[", "[", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *host = xstrdup(rows[i].text);
		struct kerr err = { 0 };
		int64_t port = -1;

		ck_assert_msg(hostarg_split(host, &port, &err) == 0, "%s", rows[i].text);
		ck_assert_str_eq(host, rows[i].host);
		ck_assert_int_eq(port, rows[i].port);
	}
}
END_TEST

START_TEST(no_ports)
{
	static const char *const texts[] = { "name:",	"name:0", "name:65536", "name:http",
					     "name:-1", "[::1]:", "[::1]:x" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_free char *host = xstrdup(texts[i]);
		struct kerr err = { 0 };
		int64_t port;

		ck_assert_msg(hostarg_split(host, &port, &err) == -EINVAL, "%s", texts[i]);
		ck_assert_msg(str_has_prefix(err.msg, "invalid port \""), "%s", err.msg);
	}
}
END_TEST

static Suite *test_hostarg(void)
{
	Suite *s = suite_create("hostarg");
	TCase *t = tcase_create("all");

	tcase_add_test(t, taken_apart);
	tcase_add_test(t, no_ports);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_hostarg);
