/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "policy.h"
#include "unit.h"

static const struct {
	const char *name;
	bool allowed;
} rows[] = {
	{ "example.com", true },
	{ "www.example.com", false },
	{ "xexample.com", false },
	{ "com", false },
	{ "", false },
	{ "example.com.evil", false },
	/* below, not the name itself */
	{ "example.org", false },
	{ "www.example.org", true },
	{ "a.b.c.example.org", true },
	{ "wwwexample.org", false },
	/* in another case and with a dot at the end in the list */
	{ "upper.test", true },
	{ "x.below.test", true },
	{ "under_score.test", true },
	{ "xn--bcher-kva.test", true },
	/* no names: not in the list */
	{ "bad name.test", false },
	{ "two..dots.test", false },
	{ "*", false },
	{ "x.*", false },
};

static void fill(struct policy *p)
{
	policy_allow(p, "example.com\n*.example.org\nUpper.TEST.\n*.Below.Test.\n\n");
	policy_allow(p,
		     "under_score.test\nxn--bcher-kva.test\nbad name.test\ntwo..dots.test\n*\n*.");
	policy_names(p, "10.0.0.2\tweb web.space # a comment web3\n# nothing\nfd00::2 web\n");
	policy_names(p, "  10.0.0.3   DB db.  bad!name\nnoaddress x\n10.0.0.4\n10.0.0.9 last");
	policy_commit(p);
}

START_TEST(allows)
{
	struct policy p = { .ready = false };

	fill(&p);
	ck_assert(p.ready);
	ck_assert_msg(policy_allows(&p, rows[_i].name) == rows[_i].allowed, "'%s'", rows[_i].name);
	policy_clear(&p);
}
END_TEST

static const struct {
	const char *name;
	const char *addrs; /* in the order of their bytes; "" none */
} own_rows[] = {
	{ "web", "10.0.0.2,fd00::2" },
	{ "web.space", "10.0.0.2" },
	{ "db", "10.0.0.3,10.0.0.3" },
	{ "last", "10.0.0.9" },
	{ "web3", "" },
	{ "x", "" },
	{ "space", "" },
	{ "", "" },
	{ "a", "" },
	{ "zzz", "" },
};

START_TEST(own_names)
{
	struct policy p = { .ready = false };
	char text[IPADDR_TEXT_MAX], all[256] = "";
	const struct policy_own *own;
	size_t n, len = 0;

	fill(&p);
	own = policy_find_own(&p, own_rows[_i].name, &n);
	for (size_t i = 0; i < n; i++)
		len += (size_t) snprintf(all + len, sizeof(all) - len, "%s%s", i ? "," : "",
					 ipaddr_text(&own[i].addr, text));
	ck_assert_str_eq(all, own_rows[_i].addrs);
	policy_clear(&p);
}
END_TEST

static Suite *test_dns_policy(void)
{
	Suite *s = suite_create("dns_policy");
	TCase *t = tcase_create("policy");

	tcase_add_loop_test(t, allows, 0, (int) ARRAY_SIZE(rows));
	tcase_add_loop_test(t, own_names, 0, (int) ARRAY_SIZE(own_rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_policy);
