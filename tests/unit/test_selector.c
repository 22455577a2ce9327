/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "selector.h"
#include "str.h"
#include "unit.h"

/* Which of the objects match: a has app=web and tier="", b app=db and x.y/z=1, c nothing. */
static const struct {
	const char *text;
	const char *match; /* NULL: refused, with */
	const char *error;
} cases[] = {
	{ "app=web", "a" },
	{ "app==web", "a" },
	{ " app = web ", "a" },
	{ "app!=web", "bc" },
	{ "app", "ab" },
	{ "!app", "c" },
	{ "! app", "c" },
	{ "app in (web,db)", "ab" },
	{ "app in(web)", "a" },
	{ "app in ( web , other )", "a" },
	{ "app notin (web)", "bc" },
	{ "app notin (web,db)", "c" },
	{ "app,tier", "a" },
	{ "app=web,app=db", "" },
	{ "app!=web,app!=db", "c" },
	{ "app in (web,db),!tier", "b" },
	{ "tier=", "a" },
	{ "tier", "a" },
	{ "tier in ()", "a" },
	{ "tier in (,x)", "a" },
	{ "x.y/z=1", "b" },
	{ "in", "" },
	{ "in=1", "" },
	{ "notin", "" },
	{ "inner", "" },
	{ "", NULL, "the selector is empty" },
	{ "  ", NULL, "the selector is empty" },
	{ ",", NULL, "invalid selector \",\": a key is missing" },
	{ "app=web,", NULL, "invalid selector \"app=web,\": a key is missing" },
	{ "=web", NULL, "invalid selector \"=web\": a key is missing" },
	{ "!", NULL, "invalid selector \"!\": a key is missing" },
	{ "app in web", NULL,
	  "invalid selector \"app in web\": values of in and notin stand in parentheses" },
	{ "app in", NULL,
	  "invalid selector \"app in\": values of in and notin stand in parentheses" },
	{ "app inner", NULL, "invalid selector \"app inner\": terms are separated by commas" },
	{ "app in (web", NULL, "invalid selector \"app in (web\": a ')' is missing" },
	{ "app web", NULL, "invalid selector \"app web\": terms are separated by commas" },
	{ "app=a=b", NULL, "invalid selector \"app=a=b\": terms are separated by commas" },
	{ "!app=web", NULL, "invalid selector \"!app=web\": terms are separated by commas" },
	{ "app=(web)", NULL, "invalid selector \"app=(web)\": terms are separated by commas" },
};

START_TEST(selects)
{
	struct strmap labels[3] = { 0 };
	struct selector s cleanup_(selector_clear) = { 0 };
	struct kerr err = { 0 };
	char match[4] = "";
	size_t n = 0;
	size_t i;
	int r;

	strmap_set(&labels[0], "app", "web");
	strmap_set(&labels[0], "tier", "");
	strmap_set(&labels[1], "app", "db");
	strmap_set(&labels[1], "x.y/z", "1");
	r = selector_parse(&s, cases[_i].text, &err);
	if (!cases[_i].match) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(err.msg, cases[_i].error);
	} else {
		ck_assert_msg(r == 0, "%s", err.msg);
		for (i = 0; i < ARRAY_SIZE(labels); i++)
			if (selector_matches(&s, &labels[i]))
				match[n++] = (char) ('a' + i);
		ck_assert_str_eq(match, cases[_i].match);
	}
	for (i = 0; i < ARRAY_SIZE(labels); i++)
		strmap_clear(&labels[i]);
}
END_TEST

START_TEST(terms_add_up)
{
	struct selector s cleanup_(selector_clear) = { 0 };
	struct strmap labels = { 0 };

	ck_assert(selector_matches(&s, &labels)); /* none */
	strmap_set(&labels, "a", "1");
	ck_assert_int_eq(selector_parse(&s, "a", NULL), 0);
	ck_assert(selector_matches(&s, &labels));
	ck_assert_int_eq(selector_parse(&s, "b", NULL), 0);
	ck_assert(!selector_matches(&s, &labels));
	strmap_clear(&labels);
}
END_TEST

Suite *test_selector(void);
Suite *test_selector(void)
{
	Suite *s = suite_create("selector");
	TCase *t = tcase_create("selector");

	tcase_add_loop_test(t, selects, 0, (int) ARRAY_SIZE(cases));
	tcase_add_test(t, terms_add_up);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_selector);
