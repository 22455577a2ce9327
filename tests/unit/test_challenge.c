/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "challenge.h"
#include "http.h"
#include "str.h"
#include "unit.h"

/* Headers, up to two; what is picked of them. */
static const struct {
	const char *headers[2];
	enum challenge_scheme scheme;
	const char *realm, *service, *scope, *error;
} rows[] = {
	{ { "Basic realm=\"x\"" }, CHALLENGE_BASIC, "x", "", "", "" },
	{ { "basic" }, CHALLENGE_BASIC, "", "", "", "" },
	{ { "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull\"" },
	  CHALLENGE_BEARER,
	  "https://a/t",
	  "s",
	  "repository:a/b:pull",
	  "" },
	{ { "Bearer  realm = \"https://a/t\" , service=s ,error=\"invalid_token\"" },
	  CHALLENGE_BEARER,
	  "https://a/t",
	  "s",
	  "",
	  "invalid_token" },
	/* several in one header, and in two */
	{ { "Basic realm=\"b\", Bearer realm=\"https://a/t\"" },
	  CHALLENGE_BEARER,
	  "https://a/t",
	  "",
	  "",
	  "" },
	{ { "Bearer realm=\"https://a/t\"", "Basic realm=\"b\"" },
	  CHALLENGE_BEARER,
	  "https://a/t",
	  "",
	  "",
	  "" },
	{ { "Negotiate YII=, Basic realm=b" }, CHALLENGE_BASIC, "b", "", "", "" },
	{ { "Negotiate" }, CHALLENGE_NONE, "", "", "", "" },
	/* escapes, and commas within quotes */
	{ { "Bearer realm=\"https://a/\\\"q\\\"\",scope=\"a:b:pull,push\"" },
	  CHALLENGE_BEARER,
	  "https://a/\"q\"",
	  "",
	  "a:b:pull,push",
	  "" },
	/* a token from nowhere is none; a password will do */
	{ { "Bearer service=\"s\", Basic realm=\"b\"" }, CHALLENGE_BASIC, "b", "", "", "" },
	{ { "Bearer" }, CHALLENGE_NONE, "", "", "", "" },
	{ { "Bearer realm=\"keeper\", Basic realm=\"b\"" }, CHALLENGE_BASIC, "b", "", "", "" },
	{ { "Basic realm=\"b\"", "Bearer realm=\"keeper\"" }, CHALLENGE_BASIC, "b", "", "", "" },
	{ { "Bearer realm=\"keeper\"" }, CHALLENGE_LOST, "keeper", "", "", "" },
	/* no sense: what was whole before it counts */
	{ { "" }, CHALLENGE_NONE, "", "", "", "" },
	{ { ",,, ,", "\"" }, CHALLENGE_NONE, "", "", "", "" },
	{ { "Bearer realm=\"https://cut off" }, CHALLENGE_NONE, "", "", "", "" },
	{ { "Basic realm=\"b\", Bearer realm=\"cut" }, CHALLENGE_BASIC, "b", "", "", "" },
};

START_TEST(picks)
{
	struct strlist headers cleanup_strlist = { 0 };
	struct challenge c cleanup_challenge = { 0 };
	size_t i;

	for (i = 0; i < 2 && rows[_i].headers[i]; i++)
		strlist_add(&headers, rows[_i].headers[i]);
	challenge_pick(&headers, http_is_url, &c);
	ck_assert_int_eq(c.scheme, rows[_i].scheme);
	if (c.scheme == CHALLENGE_NONE)
		return;
	ck_assert_str_eq(c.realm, rows[_i].realm);
	ck_assert_str_eq(c.service, rows[_i].service);
	ck_assert_str_eq(c.scope, rows[_i].scope);
	ck_assert_str_eq(c.error, rows[_i].error);
}
END_TEST

START_TEST(too_long)
{
	struct strlist headers cleanup_strlist = { 0 };
	struct challenge c cleanup_challenge = { 0 };
	char realm[8000];

	memset(realm, 'x', sizeof(realm) - 1);
	realm[sizeof(realm) - 1] = '\0';
	strlist_addf(&headers, "Bearer realm=\"%s\"", realm);
	challenge_pick(&headers, http_is_url, &c);
	ck_assert_int_eq(c.scheme, CHALLENGE_NONE);
}
END_TEST

static Suite *test_challenge(void)
{
	Suite *s = suite_create("challenge");
	TCase *t = tcase_create("challenge");

	tcase_add_loop_test(t, picks, 0, (int) ARRAY_SIZE(rows));
	tcase_add_test(t, too_long);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_challenge);
