/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "hosts_text.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

/* "SECTION STACK/CELL[@SPACE] ALIAS…": the i-th line gets 10.0.0.i; where IPv6 is on, fd00::i. */
static bool ipv6;

static void add(struct hosts_cells *l, const char *line)
{
	struct hosts_cell *c = vec_grow(&l->v, &l->n, sizeof(*c));
	cleanup_free char *copy = xstrdup(line);
	char *at = copy, *who;

	c->addr = 0x0a000000 + (uint32_t) l->n;
	if (ipv6)
		c->addr6 = (struct ipnet){ .family = IPNET_V6,
					   .prefix = 64,
					   .addr = { 0xfd, [15] = (uint8_t) l->n } };
	c->section = (unsigned) (strsep(&at, " ")[0] - '0');
	who = strsep(&at, " ");
	c->stack = xstrdup(strsep(&who, "/"));
	c->cell = xstrdup(strsep(&who, "@"));
	c->space = xstrdup_null(who);
	while (at)
		strlist_add(&c->aliases, strsep(&at, " "));
}

/* What comes after the local host's lines; lines are separated by "|". */
static void is(const char *want, const char *const *lines)
{
	struct hosts_cells l = { 0 };
	struct buf out = BUF_INIT(1 << 20);
	char *at;

	for (; *lines; lines++)
		add(&l, *lines);
	hosts_text(&out, &l);
	ck_assert(str_has_prefix(buf_str(&out), hosts_head));
	for (at = out.data; (at = strchr(at, '\n')); *at = '|')
		;
	ck_assert_str_eq(buf_str(&out) + strlen(hosts_head), want);
	hosts_cells_clear(&l);
	buf_clear(&out);
}

#define IS(want, ...) is(want, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(cells_of_a_space)
{
	IS("10.0.0.1\ta a.t|10.0.0.2\tb b.t|", "0 t/a", "0 t/b");
	/* One name, two stacks: both, and each by its stack. */
	IS("10.0.0.1\ta a.t|10.0.0.2\ta a.u|", "0 t/a", "0 u/a");
	/* What is no host name has no entry. */
	IS("10.0.0.2\tb|", "0 t/no_name", "0 no_stack/b", "0 t/localhost");
	IS("10.0.0.1\ta|", "0 localhost/a");
}
END_TEST

START_TEST(two_families)
{
	ipv6 = true;
	IS("10.0.0.1\ta a.t db|fd00::1\ta a.t db|10.0.0.2\tb b.t|fd00::2\tb b.t|", "0 t/a db",
	   "0 t/b a");
	IS("", "0 t/localhost");
	ipv6 = false;
}
END_TEST

START_TEST(aliases)
{
	IS("10.0.0.1\ta a.t db www.example.com|10.0.0.2\tb b.t|", "0 t/a db www.example.com",
	   "0 t/b");
	/* Cells may share one. */
	IS("10.0.0.1\ta a.t db|10.0.0.2\tb b.t DB|", "0 t/a db", "0 t/b DB");
	/* The name of a cell, in either form, is never another's. */
	IS("10.0.0.1\ta a.t|10.0.0.2\tb b.t|", "0 t/a B b.T a A.t", "0 t/b");
	IS("10.0.0.1\ta a.t|10.0.0.2\tb b.t|", "0 t/a", "0 t/b a");
	/* A cell without an entry of its own is found by its alias. */
	IS("10.0.0.1\tdb|", "0 t/no_name db");
	IS("", "0 t/localhost no_name localhost 10.0.0.9");
}
END_TEST

START_TEST(cells_that_joined)
{
	IS("10.0.0.1\ta a.t|10.0.0.2\tb b.t b.t.s db|", "0 t/a", "0 t/b@s db");
	/* The space's own cells have the name, an alias comes last. */
	IS("10.0.0.1\ta.t.s|10.0.0.2\ta a.t|10.0.0.3\tb b.t|", "0 t/a@s", "0 t/a", "0 t/b a");
	IS("10.0.0.1\ta a.t a.t.s|10.0.0.2\tb b.t|", "0 t/a@s", "0 t/b a");
	/* Two that joined share one; their full names tell them apart. */
	IS("10.0.0.1\ta a.t a.t.s|10.0.0.2\ta a.t a.t.s2|", "0 t/a@s", "0 t/a@s2");
	IS("10.0.0.1\ta|", "0 no_stack/a@s");
}
END_TEST

/* The file of a cell in several networks: the first that has a name keeps it. */
START_TEST(several_networks)
{
	IS("10.0.0.1\ta a.t|10.0.0.2\tb b.t db|10.0.0.3\ta.t.s|10.0.0.4\tc c.t|", "0 t/a",
	   "0 t/b db", "1 t/a@s", "1 t/c b db");
	IS("10.0.0.1\tdb.t|10.0.0.2\ta a.t db|", "1 t/db", "0 t/a db");
	IS("10.0.0.1\tx x.t|10.0.0.2\ty y.t x.u|", "1 t/x x.u", "0 t/y x.u");
}
END_TEST

/* Many of them: who keeps a name is looked up, not searched for. */
START_TEST(many)
{
	struct hosts_cells l = { 0 };
	struct buf out = BUF_INIT(16 << 20);
	size_t lines = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct hosts_cell *c = vec_grow(&l.v, &l.n, sizeof(*c));

		c->addr = 0x0a000000 + i;
		c->cell = xasprintf("cell-%u", i);
		c->stack = xstrdup("t");
		strlist_add(&c->aliases, "all");
		strlist_addf(&c->aliases, "cell-%u", i + 1);
	}
	hosts_text(&out, &l);
	for (const char *at = buf_str(&out); (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_uint_eq(lines, 20006);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "\tcell-7 cell-7.t all\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "\tcell-19999 cell-19999.t all cell-20000\n"));
	hosts_cells_clear(&l);
	buf_clear(&out);
}
END_TEST

static Suite *test_hosts_text(void)
{
	Suite *s = suite_create("hosts_text");
	TCase *t = tcase_create("all");

	tcase_add_test(t, cells_of_a_space);
	tcase_add_test(t, two_families);
	tcase_add_test(t, aliases);
	tcase_add_test(t, cells_that_joined);
	tcase_add_test(t, several_networks);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_hosts_text);
