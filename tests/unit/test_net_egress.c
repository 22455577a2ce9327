/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "egress.h"
#include "egress_hosts.h"
#include "engine_dir.h"
#include "net_egress.h"
#include "resolve.h"
#include "str.h"

#define NOW 1700000000

static const struct addr space = { .realm = "r", .space = "s" };

/* "host a.example", "cidr 10.0.0.0/8 80 443" */
static void allow(struct egress_policy *p, const char *what)
{
	struct egress_rule *r = vec_grow(&p->allow.v, &p->allow.n, sizeof(*r));
	cleanup_free char *copy = xstrdup(what);
	char *rest = copy;
	const char *kind = strsep(&rest, " "), *value = strsep(&rest, " "), *port;
	uint64_t n;

	if (streq(kind, "host"))
		r->host = xstrdup(value);
	else
		r->cidr = xstrdup(value);
	while ((port = strsep(&rest, " ")) != NULL) {
		ck_assert_int_eq(str_to_u64(port, 0, 65535, &n), 0);
		*(int64_t *) vec_grow(&r->ports.v, &r->ports.n, sizeof(*r->ports.v)) = (int64_t) n;
	}
}

static void policy_clear(struct egress_policy *p)
{
	struct space_network n = { .egress = xcalloc(1, sizeof(*p)) };
	struct space_doc d = { .spec.network = xcalloc(1, sizeof(n)) };

	*n.egress = *p;
	*d.spec.network = n;
	model_clear(&space_doc_type, &d);
	*p = (struct egress_policy){ 0 };
}

/* What a resolver would have said: "a.example=192.0.2.1,fd00::1" or "a.example!error". */
static void answer(struct resolve *to, const char *text)
{
	struct resolve_name *n = vec_grow(&to->v, &to->n, sizeof(*n));
	size_t len = strcspn(text, "=!");
	cleanup_free char *copy = xstrdup(text + len + 1);
	char *rest = copy;
	const char *one;

	n->name = xstrndup(text, len);
	n->fd = -EBADF;
	if (text[len] == '!') {
		n->error = xstrdup(text + len + 1);
		return;
	}
	while ((one = strsep(&rest, ",")) != NULL)
		ck_assert_int_eq(
			ipnet_parse_addr(one, vec_grow(&n->addrs, &n->n, sizeof(*n->addrs))), 0);
}

static bool learn(struct egress_hosts *h, const struct egress_policy *p, const char *text,
		  int64_t now)
{
	cleanup_(resolve_clear) struct resolve answers = { 0 };

	if (text)
		answer(&answers, text);
	return egress_hosts_update(h, p, &answers, now);
}

/* "a.example: 192.0.2.1 192.0.2.2+600 (error)\n" */
static void expect(const struct egress_hosts *h, const char *want)
{
	struct buf b = BUF_INIT(4096);
	cleanup_free char *have = NULL;
	char addr[IPNET_TEXT_MAX];

	for (size_t i = 0; i < h->n; i++) {
		buf_addf(&b, "%s:", h->v[i].name);
		for (size_t k = 0; k < h->v[i].n; k++) {
			buf_addf(&b, " %s", ipnet_addr_text(&h->v[i].addrs[k].addr, addr));
			if (h->v[i].addrs[k].until)
				buf_addf(&b, "+%lld", (long long) h->v[i].addrs[k].until - NOW);
		}
		if (h->v[i].error)
			buf_addf(&b, " (%s)", h->v[i].error);
		buf_addc(&b, '\n');
	}
	have = buf_take(&b);
	ck_assert_str_eq(have, want);
}

START_TEST(addresses_stay)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };
	struct egress_policy p = { 0 };

	allow(&p, "host a.example");
	allow(&p, "cidr 10.0.0.0/8");
	allow(&p, "host b.example 80");
	ck_assert(learn(&h, &p, "a.example=192.0.2.1,192.0.2.2", NOW));
	expect(&h, "a.example: 192.0.2.1 192.0.2.2\nb.example:\n");
	ck_assert(!learn(&h, &p, "a.example=192.0.2.2,192.0.2.1", NOW + 30)); /* nothing to write */
	/* One goes, and stays allowed for a while. */
	ck_assert(learn(&h, &p, "a.example=192.0.2.2", NOW + 60));
	expect(&h, "a.example: 192.0.2.1+660 192.0.2.2\nb.example:\n");
	ck_assert(!learn(&h, &p, "a.example=192.0.2.2", NOW + 90));
	ck_assert(egress_addr_holds(&h.v[0].addrs[0], NOW + 659));
	ck_assert(!egress_addr_holds(&h.v[0].addrs[0], NOW + 660));
	/* A failure keeps what there is, for as long as it lasts. */
	ck_assert(learn(&h, &p, "a.example!no answer", NOW + 100));
	ck_assert(!learn(&h, &p, "a.example!no answer", NOW + 100000));
	expect(&h, "a.example: 192.0.2.1+660 192.0.2.2 (no answer)\nb.example:\n");
	ck_assert(egress_addr_holds(&h.v[0].addrs[1], NOW + 100000));
	/* It comes back, also the one that had gone. */
	ck_assert(learn(&h, &p, "a.example=192.0.2.1,fd00::1", NOW + 120));
	expect(&h, "a.example: 192.0.2.1 192.0.2.2+720 fd00::1\nb.example:\n");
	ck_assert(learn(&h, &p, "a.example=192.0.2.1", NOW + 900));
	expect(&h, "a.example: 192.0.2.1 fd00::1+1500\nb.example:\n");
	/* A clock that was set back makes no address stay for longer. */
	ck_assert(!egress_addr_holds(&h.v[0].addrs[1], NOW));
	/* Names follow the policy. */
	policy_clear(&p);
	allow(&p, "host b.example");
	ck_assert(learn(&h, &p, NULL, NOW + 1000));
	expect(&h, "b.example:\n");
	ck_assert(learn(&h, NULL, NULL, NOW + 1000));
	expect(&h, "");
	policy_clear(&p);
}
END_TEST

/* Whoever answers for a name cannot make the record grow without end. */
START_TEST(addresses_are_bounded)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };
	struct egress_policy p = { 0 };

	allow(&p, "host a.example");
	for (int i = 0; i < 400; i++) {
		cleanup_free char *text = xasprintf("a.example=10.0.%d.%d", i / 256, i % 256);

		ck_assert(learn(&h, &p, text, NOW + i % 2));
	}
	ck_assert_uint_eq(h.v[0].n, EGRESS_ADDRS_MAX);
	policy_clear(&p);
}
END_TEST

START_TEST(record)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 }, again = { 0 }, none = { 0 };
	cleanup_free char *file = layout_object(&e->layout, &space, SPACE_EGRESS);
	struct egress_policy p = { 0 };
	struct kerr err = { 0 };
	struct stat st;

	(void) engine_hierarchy();
	allow(&p, "host a.example");
	allow(&p, "host b.example");
	ck_assert(learn(&h, &p, "a.example=192.0.2.1,192.0.2.2,fd00::1", NOW));
	ck_assert(learn(&h, &p, "a.example=192.0.2.1,fd00::1", NOW));
	ck_assert(learn(&h, &p, "b.example!it \"has\" no\nanswer", NOW));
	ck_assert_int_eq(egress_hosts_load(e, &space, &none, &err), 0);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_int_eq(egress_hosts_save(e, &space, &h, &err), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(egress_hosts_load(e, &space, &again, &err), 0);
	expect(&again, "a.example: 192.0.2.1 192.0.2.2+600 fd00::1\n"
		       "b.example: (it \"has\" no\nanswer)\n");
	ck_assert_int_eq(egress_hosts_save(e, &space, &none, &err), 0);
	ck_assert_int_eq(stat(file, &st), -1);
	policy_clear(&p);
}
END_TEST

START_TEST(damaged_record)
{
	static const char *const texts[] = {
		"x",
		"{\"hosts\":[{}]}",
		"{\"hosts\":[{\"name\":\"a\",\"addresses\":[{\"address\":\"a\"}]}]}",
		"{\"hosts\":[{\"name\":\"a\",\"addresses\":[{}]}]}",
		"{\"hosts\":[{\"name\":\"a\",\"addresses\":[{\"address\":\"::1\",\"until\":\"x\"}]}]}",
	};
	struct egress_hosts h = { 0 };
	struct kerr err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ck_assert_msg(egress_hosts_read(texts[i], strlen(texts[i]), "f", &h, &err) < 0,
			      "%s", texts[i]);
		ck_assert_uint_eq(h.n, 0);
	}
}
END_TEST

START_TEST(rules)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };
	struct net_egress_rules r;
	struct egress_policy p = { 0 };
	struct buf b = BUF_INIT(4096);
	cleanup_free char *have = NULL;
	char net[IPNET_TEXT_MAX];

	allow(&p, "host a.example 443 80 443");
	allow(&p, "cidr fd00::/8");
	allow(&p, "host unknown.example");
	allow(&p, "cidr 10.0.0.0/8 22"); /* the last one is temporary */
	ck_assert(learn(&h, &p, "a.example=192.0.2.1,192.0.2.2", NOW - 700));
	ck_assert(learn(&h, &p, "a.example=192.0.2.2,fd00::1", NOW - 650));
	net_egress_rules_make(&p, 1, &h, NOW, &r);
	for (size_t i = 0; i < r.n; i++) {
		buf_addf(&b, "%s %s", r.v[i].tag, ipnet_text(&r.v[i].dst, net));
		for (size_t k = 0; k < r.v[i].n_ports; k++)
			buf_addf(&b, " %u", r.v[i].ports[k]);
		buf_addc(&b, '\n');
	}
	have = buf_take(&b);
	ck_assert_str_eq(have, "allow[0]:host=a.example 192.0.2.2/32 80 443\n"
			       "allow[0]:host=a.example fd00::1/128 80 443\n"
			       "allow[1]:cidr=fd00::/8 fd00::/8\n"
			       "temporary[0]:cidr=10.0.0.0/8 10.0.0.0/8 22\n");
	net_egress_rules_clear(&r);
	net_egress_rules_make(NULL, 0, &h, NOW, &r);
	ck_assert_uint_eq(r.n, 0);
	policy_clear(&p);
}
END_TEST

START_TEST(denies)
{
	static const struct {
		const char *action;
		size_t rules;
		bool denies, effective;
	} rows[] = {
		{ NULL, 0, false, false },	{ "", 0, false, false },
		{ " Allow ", 0, false, false }, { "allow", 1, false, true },
		{ "deny", 0, true, true },	{ " DENY", 1, true, true },
	};
	struct egress_rule rule = { 0 };

	ck_assert(!egress_denies(NULL));
	ck_assert(!egress_effective(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct egress_policy p = { .default_action = (char *) (uintptr_t) rows[i].action,
					   .allow = { .v = &rule, .n = rows[i].rules } };

		ck_assert_msg(egress_denies(&p) == rows[i].denies, "%zu", i);
		ck_assert_msg(egress_effective(&p) == rows[i].effective, "%zu", i);
	}
}
END_TEST

START_TEST(usable)
{
	static const struct {
		const char *addr;
		bool usable;
	} rows[] = {
		{ "192.0.2.1", true },
		{ "10.0.0.1", true },
		{ "169.253.255.255", true },
		{ "223.255.255.255", true },
		{ "2001:db8::1", true },
		{ "fd00::1", true },
		{ "127.0.1.1", false },
		{ "0.0.0.0", false },
		{ "169.254.169.254", false },
		{ "224.0.0.251", false },
		{ "255.255.255.255", false },
		{ "::1", false },
		{ "::", false },
		{ "fe80::1", false },
		{ "ff02::1", false },
		{ "::ffff:10.0.0.1", false },
		{ "64:ff9b::a00:1", false },
	};
	struct ipnet a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(ipnet_parse_addr(rows[i].addr, &a), 0);
		ck_assert_msg(resolve_is_usable(&a) == rows[i].usable, "%s", rows[i].addr);
	}
}
END_TEST

/* The resolver itself: many at once; what is no name of the network needs no server. */
START_TEST(resolver)
{
	cleanup_(resolve_clear) struct resolve r = { 0 };
	const struct resolve_name *n;
	char text[IPNET_TEXT_MAX];

	for (int i = 1; i <= 20; i++) {
		cleanup_free char *name = xasprintf("198.51.100.%d", i);

		resolve_add(&r, name);
		resolve_add(&r, name);
	}
	resolve_add(&r, "2001:db8::7");
	resolve_add(&r, "127.0.0.1");
	resolve_add(&r, "bad..name");
	ck_assert_uint_eq(r.n, 23);
	resolve_finish(&r, 60000);
	for (int i = 1; i <= 20; i++) {
		cleanup_free char *name = xasprintf("198.51.100.%d", i);

		n = resolve_find(&r, name);
		ck_assert_msg(n && n->n == 1 && !n->error, "%s: %s", name, n ? n->error : "");
		ck_assert_str_eq(ipnet_addr_text(&n->addrs[0], text), name);
	}
	n = resolve_find(&r, "2001:db8::7");
	ck_assert(n && n->n == 1);
	n = resolve_find(&r, "127.0.0.1");
	ck_assert(n && n->n == 0 && strstr(n->error, "loopback"));
	n = resolve_find(&r, "bad..name");
	ck_assert(n && n->n == 0 && n->error);
	ck_assert_ptr_null(resolve_find(&r, "other"));
}
END_TEST

/* A resolver that is not waited for leaves no process. */
START_TEST(resolver_in_time)
{
	struct resolve r = { 0 };
	pid_t pid;

	resolve_add(&r, "192.0.2.1");
	resolve_start(&r);
	pid = r.v[0].pid;
	ck_assert_int_gt(pid, 0);
	resolve_finish(&r, 0);
	ck_assert(r.v[0].n == 1 || streq(r.v[0].error, "no answer in time"));
	ck_assert_int_eq(kill(pid, 0), -1);
	resolve_clear(&r);
}
END_TEST

static Suite *test_net_egress(void)
{
	Suite *s = suite_create("net_egress");
	TCase *t = tcase_create("pure");
	TCase *on_disk = tcase_create("disk");

	tcase_add_test(t, addresses_stay);
	tcase_add_test(t, addresses_are_bounded);
	tcase_add_test(t, damaged_record);
	tcase_add_test(t, rules);
	tcase_add_test(t, denies);
	tcase_add_test(t, usable);
	tcase_add_test(t, resolver);
	tcase_add_test(t, resolver_in_time);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(on_disk, engine_set_up, engine_tear_down);
	tcase_add_test(on_disk, record);
	suite_add_tcase(s, on_disk);
	return s;
}

UNIT_MAIN(test_net_egress);
