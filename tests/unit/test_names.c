/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that answers have opened, and what of them a policy lets into the rules. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "egress.h"
#include "egress_hosts.h"
#include "mem.h"
#include "model.h"
#include "names_opened.h"
#include "net_egress.h"
#include "str.h"
#include "unit.h"

#define NOW 1000000

static struct ipnet addr(const char *text)
{
	struct ipnet a;

	ck_assert_int_eq(ipnet_parse_addr(text, &a), 0);
	return a;
}

static enum opened_result add(struct opened *o, const char *name, const char *text, int64_t until)
{
	struct ipnet a = addr(text);

	return opened_add(o, name, &a, until, NOW);
}

static char *text_of(const struct opened *o)
{
	cleanup_buf struct buf b = BUF_INIT(1 << 20);

	opened_text(o, &b);
	return buf_take(&b);
}

START_TEST(opening)
{
	cleanup_opened struct opened o = { 0 };
	cleanup_free char *text = NULL;

	ck_assert_int_eq(add(&o, "b.test", "192.0.2.2", NOW + 5), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.9", NOW + 5), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 5), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "2001:db8::1", NOW + 5), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 9), OPENED_LONGER);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 1),
			 OPENED_LONGER); /* never shorter */
	text = text_of(&o);
	ck_assert_str_eq(text, "1000009 192.0.2.1 a.test\n"
			       "1000005 192.0.2.9 a.test\n"
			       "1000005 2001:db8::1 a.test\n"
			       "1000005 192.0.2.2 b.test\n");
}
END_TEST

/* As opened_save does. */
static void save(struct opened *o)
{
	for (size_t i = 0; i < o->n; i++)
		o->v[i].saved_ms = o->v[i].until_ms;
}

/* One whose time was over has left the rules, whether it is still on record or not. */
START_TEST(ending)
{
	cleanup_opened struct opened o = { 0 };
	cleanup_free char *text = NULL;

	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW - 1), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.2", NOW), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.3", NOW + 1), OPENED_NEW);
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 7), OPENED_OTHER);
	save(&o);
	ck_assert(opened_age(&o, NOW, 0));
	ck_assert(!opened_age(&o, NOW, 0));
	text = text_of(&o);
	ck_assert_str_eq(text, "1000007 192.0.2.1 a.test\n1000001 192.0.2.3 a.test\n");
	ck_assert(opened_age(&o, NOW + 7, 0));
	ck_assert_uint_eq(o.n, 0);
}
END_TEST

/* What is asked for again is written again shortly before its end on record, and no earlier. */
START_TEST(lasting)
{
	cleanup_opened struct opened o = { 0 };

	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 1000), OPENED_NEW);
	ck_assert_int_eq(add(&o, "b.test", "192.0.2.2", NOW + 1000), OPENED_NEW);
	save(&o);
	ck_assert(!opened_age(&o, NOW, 100));
	ck_assert(!opened_age(&o, NOW + 950, 100)); /* nobody asked */
	ck_assert_int_eq(add(&o, "a.test", "192.0.2.1", NOW + 2000), OPENED_LONGER);
	ck_assert(!opened_age(&o, NOW + 900, 100));
	ck_assert(opened_age(&o, NOW + 901, 100));
	ck_assert_uint_eq(o.n, 2);
	save(&o);
	ck_assert(!opened_age(&o, NOW + 901, 100));
	ck_assert(opened_age(&o, NOW + 1000, 100)); /* of the other one */
	ck_assert_uint_eq(o.n, 1);
}
END_TEST

/* What ends first goes: of the name where that has too many, else of all. */
START_TEST(bounds)
{
	cleanup_opened struct opened o = { 0 };
	char name[32], text[IPNET_TEXT_MAX];
	size_t first = 0;

	ck_assert_int_eq(add(&o, "other.test", "198.51.100.1", NOW + 1), OPENED_NEW);
	for (int i = 0; i < 2 * OPENED_PER_NAME; i++) {
		(void) snprintf(text, sizeof(text), "192.0.%d.%d", i / 200, i % 200);
		ck_assert_int_eq(add(&o, "a.test", text, NOW + 100 + i),
				 i < OPENED_PER_NAME ? OPENED_NEW : OPENED_OTHER);
	}
	ck_assert_uint_eq(o.n, OPENED_PER_NAME + 1);
	for (size_t i = 0; i < o.n; i++)
		first += o.v[i].until_ms < NOW + 100 + OPENED_PER_NAME;
	ck_assert_uint_eq(first, 1); /* of the other name */
	for (int i = 0; i < OPENED_MAX; i++) {
		(void) snprintf(name, sizeof(name), "n%d.test", i);
		ck_assert_int_eq(add(&o, name, "203.0.113.1", NOW + 1000 + i),
				 i < OPENED_MAX - OPENED_PER_NAME - 1 ? OPENED_NEW : OPENED_OTHER);
	}
	ck_assert_uint_eq(o.n, OPENED_MAX);
	for (size_t i = 0; i < o.n; i++)
		ck_assert_int_ge(o.v[i].until_ms, NOW + 1000);
}
END_TEST

START_TEST(file_text)
{
	static const char odd[] = "1000009 192.0.2.1 a.test\n"
				  "\n"
				  "x 192.0.2.1 a.test\n"
				  "5 192.0.2.300 a.test\n"
				  "5 192.0.2.3\n"
				  "-5 192.0.2.3 a.test\n"
				  "5 192.0.2.3 \n"
				  "5 192.0.2.3 a.t1000009 192.0.2.4 b.test\n" /* cut, and went on */
				  "6 2001:db8::1 a.test\n"
				  "7 2001:db8::1 a.test\n"
				  "5 2001:db8::1 a.test\n"
				  "8 192.0.2.5 a.te"; /* cut */
	cleanup_opened struct opened o = { 0 };
	cleanup_free char *text = NULL;

	opened_read(odd, &o);
	text = text_of(&o);
	ck_assert_str_eq(text, "1000009 192.0.2.1 a.test\n7 2001:db8::1 a.test\n");
}
END_TEST

START_TEST(names_of_rules)
{
	static const struct {
		const char *host, *name;
		bool has;
	} cases[] = {
		{ "a.test", "a.test", true },	  { "a.test", "A.Test.", true },
		{ "A.test", "a.test", true },	  { "a.test", "b.a.test", false },
		{ "a.test", "xa.test", false },	  { "a.test", "", false },
		{ "*.a.test", "b.a.test", true }, { "*.a.test", "c.b.A.TEST.", true },
		{ "*.a.test", "a.test", false },  { "*.a.test", ".a.test", false },
		{ "*.a.test", "xa.test", false }, { "*.a.test", "b.a.test.x", false },
		{ "*.a.test", "*.a.test", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(egress_host_has(cases[i].host, cases[i].name) == cases[i].has,
			      "%s %s", cases[i].host, cases[i].name);
}
END_TEST

static void add_allow(struct egress_policy *p, const char *host, const char *cidr)
{
	struct egress_rule *r = vec_grow(&p->allow.v, &p->allow.n, sizeof(*p->allow.v));

	r->host = xstrdup_null(host);
	r->cidr = xstrdup_null(cidr);
}

static void clear_allow(struct egress_policy *p)
{
	for (size_t i = 0; i < p->allow.n; i++) {
		free(p->allow.v[i].host);
		free(p->allow.v[i].cidr);
	}
	free(p->allow.v);
}

/* What a name has in one's own network is opened only where a rule has the network, too. */
START_TEST(rebinding)
{
	static const char *const inside[] = { "10.1.2.3",   "172.31.0.1",      "192.168.9.9",
					      "100.64.1.1", "127.0.0.1",       "169.254.169.254",
					      "::1",	    "fe80::1",	       "fd00::1",
					      "0.0.0.0",    "224.0.0.1",       "255.255.255.255",
					      "ff02::1",    "::ffff:10.1.2.3", "64:ff9b::a01:203" };
	struct egress_policy p = { 0 };
	struct ipnet a;

	add_allow(&p, "a.test", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		a = addr(inside[i]);
		ck_assert_msg(!net_egress_opens(&p, &a), "%s", inside[i]);
	}
	a = addr("192.0.2.1");
	ck_assert(net_egress_opens(&p, &a));
	a = addr("172.32.0.1");
	ck_assert(net_egress_opens(&p, &a));
	add_allow(&p, NULL, "10.1.0.0/16");
	a = addr("10.1.2.3");
	ck_assert(net_egress_opens(&p, &a));
	a = addr("10.2.2.3");
	ck_assert(!net_egress_opens(&p, &a));
	clear_allow(&p);
}
END_TEST

static void set_names(struct net_egress_names *names, const struct egress_policy *p,
		      const struct egress_hosts *hosts)
{
	*names = (struct net_egress_names){
		.policy = p, .n_temporary = 1, .hosts = hosts, .now = { .sec = 1, .ms = NOW }
	};
}

/* A rule with a name has the addresses of that name, one without has none; all have their sets. */
START_TEST(rules)
{
	cleanup_opened struct opened o = { 0 };
	cleanup_egress_hosts struct egress_hosts none = { 0 };
	struct net_egress_names names;
	struct net_egress_rules r = { 0 };
	struct egress_policy p = { 0 };
	const struct ipnet want = addr("192.0.2.1");

	add_allow(&p, "a.test", NULL);
	add_allow(&p, NULL, "10.0.0.0/30");
	add_allow(&p, "quiet.test", NULL);
	add_allow(&p, "*.b.test", NULL);
	set_names(&names, &p, &none);
	opened_read("1000001 192.0.2.1 a.test\n"
		    "1000000 192.0.2.2 a.test\n" /* over */
		    "1000001 10.1.2.3 a.test\n" /* private */
		    "1000001 192.0.2.3 x.b.test\n"
		    "1000001 192.0.2.4 b.test\n" /* no rule has it any more */
		    "1000001 192.0.2.5 c.test\n",
		    &o);
	net_egress_rules_add_opened(&names, &o, &r);
	ck_assert_uint_eq(r.n, 3);
	ck_assert_str_eq(r.v[0].tag, "allow[0]:host=a.test");
	ck_assert_str_eq(r.v[0].names, "a0");
	ck_assert_uint_eq(r.v[0].n_addrs, 1);
	ck_assert(ipnet_eq(&r.v[0].addrs[0].addr, &want));
	ck_assert_int_eq(r.v[0].addrs[0].until_ms, NOW + 1);
	ck_assert_str_eq(r.v[0].addrs[0].tag, "allow[0]:host=a.test");
	ck_assert_str_eq(r.v[1].names, "a2");
	ck_assert_uint_eq(r.v[1].n_addrs, 0);
	ck_assert_str_eq(r.v[2].tag, "temporary[0]:host=*.b.test");
	ck_assert_str_eq(r.v[2].names, "t0");
	ck_assert_uint_eq(r.v[2].n_addrs, 1);
	ck_assert_str_eq(r.v[2].addrs[0].tag, "temporary[0]:host=x.b.test");
	net_egress_rules_clear(&r);
	clear_allow(&p);
}
END_TEST

/* However they come, the rules have them in one order. */
START_TEST(one_order)
{
	static const char *const lines[] = { "1000002 192.0.2.7 x.b.test\n",
					     "1000005 192.0.2.1 z.b.test\n",
					     "1000003 192.0.2.1 a.b.test\n",
					     "1000002 2001:db8::1 x.b.test\n" };
	cleanup_egress_hosts struct egress_hosts none = { 0 };
	struct net_egress_names names;
	struct egress_policy p = { 0 };

	add_allow(&p, "*.b.test", NULL);
	set_names(&names, &p, &none);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		cleanup_opened struct opened nothing = { 0 };
		struct net_egress_rules r = { 0 };
		const struct firewall_address *a;

		net_egress_rules_add_opened(&names, &nothing, &r);
		for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
			cleanup_opened struct opened one = { 0 };

			opened_read(lines[(i + k) % ARRAY_SIZE(lines)], &one);
			ck_assert_ptr_nonnull(net_egress_rules_open(&names, &r, 0, &one.v[0]));
		}
		a = r.v[0].addrs;
		ck_assert_uint_eq(r.v[0].n_addrs, 3);
		ck_assert(ipnet_cmp(&a[0].addr, &a[1].addr) < 0 &&
			  ipnet_cmp(&a[1].addr, &a[2].addr) < 0);
		ck_assert_str_eq(a[0].tag, "temporary[0]:host=a.b.test"); /* 192.0.2.1 */
		ck_assert_int_eq(a[0].until_ms, NOW + 5);
		net_egress_rules_clear(&r);
	}
	clear_allow(&p);
}
END_TEST

/* One more address, in the rules that were made: the same as if they were made with it. */
START_TEST(one_more)
{
	static const struct {
		const char *line;
		const char *sets; /* those that get it */
	} cases[] = {
		{ "1000001 192.0.2.1 a.test\n", "a0" }, { "1000001 192.0.2.1 x.b.test\n", "t0" },
		{ "1000001 192.0.2.1 b.test\n", "" },	{ "1000000 192.0.2.1 a.test\n", "" },
		{ "1000001 10.9.9.9 a.test\n", "" },	{ "1000001 10.0.0.1 a.test\n", "a0" },
	};
	cleanup_opened struct opened before = { 0 };
	cleanup_egress_hosts struct egress_hosts none = { 0 };
	struct net_egress_names names;
	struct egress_policy p = { 0 };

	add_allow(&p, "a.test", NULL);
	add_allow(&p, NULL, "10.0.0.0/30");
	add_allow(&p, "*.b.test", NULL);
	set_names(&names, &p, &none);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_opened struct opened one = { 0 };
		struct net_egress_rules r = { 0 };
		cleanup_buf struct buf got = BUF_INIT(64);

		opened_read(cases[i].line, &one);
		net_egress_rules_make(&p, 1, &none, 1, &r);
		net_egress_rules_add_opened(&names, &before, &r);
		for (size_t k = 0; k < r.n; k++) {
			const struct firewall_address *a =
				net_egress_rules_open(&names, &r, k, &one.v[0]);

			if (a) {
				buf_adds(&got, r.v[k].names);
				ck_assert(ipnet_eq(&a->addr, &one.v[0].addr));
			}
		}
		ck_assert_str_eq(buf_str(&got), cases[i].sets);
		net_egress_rules_clear(&r);
	}
	clear_allow(&p);
}
END_TEST

static Suite *test_names(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("names");

	tcase_add_test(t, opening);
	tcase_add_test(t, ending);
	tcase_add_test(t, lasting);
	tcase_add_test(t, bounds);
	tcase_add_test(t, file_text);
	tcase_add_test(t, names_of_rules);
	tcase_add_test(t, rebinding);
	tcase_add_test(t, rules);
	tcase_add_test(t, one_more);
	tcase_add_test(t, one_order);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_names);
