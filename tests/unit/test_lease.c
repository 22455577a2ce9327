/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine_dir.h"
#include "lease.h"

static const struct addr space = { .realm = "r", .space = "s" };
static const struct space_net net = { .subnet = { .addr = 0x0a580000, .prefix = 29 },
				      .gateway = 0x0a580001,
				      .bridge = "k-unit" };

static struct addr cell(const char *name)
{
	return (struct addr){ .realm = "r", .space = "s", .stack = "t", .cell = name };
}

START_TEST(leases)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct addr a = cell("a"), b = cell("b"), late = cell("late");
	struct kerr err = { 0 };
	uint32_t got, again;

	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct addr c = cell(names[i]);

		ck_assert_msg(lease_take(e, &c, &net, &got, &err) == 0, "%s", err.msg);
		ck_assert_uint_eq(got, 0x0a580002 + i); /* after the gateway, in order */
	}
	/* A /29 has six addresses, one of them the gateway's. */
	ck_assert_int_eq(lease_take(e, &late, &net, &got, &err), -ENOSPC);
	ck_assert_str_eq(err.msg, "no free address on bridge k-unit; delete cells of the space");
	ck_assert_int_eq(lease_take(e, &b, &net, &again, &err), 0);
	ck_assert_uint_eq(again, 0x0a580003); /* its own, once more */
	ck_assert(lease_holds(e, &b, 0x0a580003));
	ck_assert(!lease_holds(e, &a, 0x0a580003));
	ck_assert(!lease_holds(e, &b, 0x0a5800ff));
	ck_assert_int_eq(lease_drop(e, &b, &err), 0);
	ck_assert_int_eq(lease_drop(e, &b, &err), 0);
	ck_assert_int_eq(lease_find(e, &b, &got), -ENOENT);
	ck_assert_int_eq(lease_take(e, &late, &net, &got, &err), 0);
	ck_assert_uint_eq(got, 0x0a580003); /* the lowest that is free */
}
END_TEST

START_TEST(what_is_no_lease)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *odd cleanup_free = path_join(d, "10.88.0.2", NULL);
	char *word cleanup_free = path_join(d, "readme", NULL);
	struct addr a = cell("a");
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(mkdir_p(d, 0755, &err), 0);
	ck_assert_int_eq(symlink("nothing-of-ours", odd), 0);
	ck_assert_int_eq(symlink("t/a", word), 0);
	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
	/* A damaged one may be that of a cell that runs: the address is no other's. */
	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_uint_eq(got, net.gateway + 2);
	/* One that was lost is made again for the cell that is up with it. */
	ck_assert_int_eq(lease_drop(e, &a, &err), 0);
	ck_assert_int_eq(lease_keep(e, &a, got, &err), 1);
	ck_assert_int_eq(lease_keep(e, &a, got, &err), 0);
}
END_TEST

/* Spaces have addresses of their own, and a cell of the same name in another stack another. */
START_TEST(leases_are_a_cells)
{
	struct addr a = cell("a"), other = cell("a"), elsewhere = cell("a");
	struct kerr err = { 0 };
	uint32_t one, two, three;

	other.stack = "u";
	elsewhere.space = "s2";
	ck_assert_int_eq(lease_take(e, &a, &net, &one, &err), 0);
	ck_assert_int_eq(lease_take(e, &other, &net, &two, &err), 0);
	ck_assert_uint_ne(one, two);
	ck_assert_int_eq(lease_take(e, &elsewhere, &net, &three, &err), 0);
	ck_assert_uint_eq(one, three);
	ck_assert_int_eq(lease_drop(e, &other, &err), 0);
	ck_assert_int_eq(lease_find(e, &a, &two), 0);
	ck_assert_uint_eq(one, two);
}
END_TEST

/* A lease of another subnet, from before its space had this one, is not handed out again. */
START_TEST(another_subnet)
{
	struct space_net moved = { .subnet = { .addr = 0x0a590000, .prefix = 29 },
				   .gateway = 0x0a590001,
				   .bridge = "k-unit" };
	struct addr a = cell("a");
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &a, &moved, &got, &err), 0);
	ck_assert_uint_eq(got, 0x0a590002);
	/* Dropping gives both back. */
	ck_assert_int_eq(lease_drop(e, &a, &err), 0);
	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
}
END_TEST

/* What a cell that is up has stays another's where it is another's. */
START_TEST(an_address_has_one_holder)
{
	struct addr a = cell("a"), b = cell("b");
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_int_eq(lease_keep(e, &b, got, &err), 0);
	ck_assert_int_eq(lease_find(e, &b, &got), -ENOENT);
	ck_assert_int_eq(lease_find(e, &a, &got), 0);
}
END_TEST

struct seen {
	uint32_t last;
	size_t n;
	char names[64];
};

static void see(void *ctx, uint32_t addr, const char *stack, const char *name)
{
	struct seen *s = ctx;

	ck_assert_uint_gt(addr, s->last);
	s->last = addr;
	s->n++;
	(void) snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "%s/%s ",
			stack, name);
}

/* Each once, by address: what is no lease, or a damaged one, is nobody's. */
START_TEST(all_leases)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *odd cleanup_free = path_join(d, "10.88.0.3", NULL);
	struct addr a = cell("a"), b = cell("b"), c = cell("c");
	struct seen s = { 0 };
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(lease_each(e, &space, see, &s, &err), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_int_eq(lease_take(e, &c, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &b, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_int_eq(unlink(odd), 0);
	ck_assert_int_eq(symlink("damaged", odd), 0);
	ck_assert_int_eq(lease_each(e, &space, see, &s, &err), 0);
	ck_assert_str_eq(s.names, "t/c t/a ");
}
END_TEST

static Suite *test_lease(void)
{
	Suite *s = suite_create("lease");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, leases);
	tcase_add_test(t, what_is_no_lease);
	tcase_add_test(t, leases_are_a_cells);
	tcase_add_test(t, another_subnet);
	tcase_add_test(t, an_address_has_one_holder);
	tcase_add_test(t, all_leases);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_lease);
