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

static struct lease_holder cell(const char *name)
{
	return (struct lease_holder){
		.cell = { .realm = "r", .space = "s", .stack = "t", .cell = name }
	};
}

START_TEST(leases)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct lease_holder a = cell("a"), b = cell("b"), late = cell("late");
	struct kerr err = { 0 };
	uint32_t got, again;

	ck_assert_int_eq(lease_find(e, &a, &got), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct lease_holder c = cell(names[i]);

		ck_assert_msg(lease_take(e, &c, &net, &got, &err) == 0, "%s", err.msg);
		ck_assert_uint_eq(got, 0x0a580002 + i); /* after the gateway, in order */
	}
	/* A /29 has six addresses, one of them the gateway's. */
	ck_assert_int_eq(lease_take(e, &late, &net, &got, &err), -ENOSPC);
	ck_assert_str_eq(
		err.msg,
		"space \"s\" has no free address: all 5 of its subnet 10.88.0.0/29 are held; "
		"delete cells that are in it");
	ck_assert_int_eq(lease_take(e, &b, &net, &again, &err), 0);
	ck_assert_uint_eq(again, 0x0a580003); /* its own, once more */
	ck_assert(lease_stands(e, &b, 0x0a580003));
	ck_assert(!lease_stands(e, &a, 0x0a580003));
	ck_assert(!lease_stands(e, &b, 0x0a5800ff));
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
	struct lease_holder a = cell("a");
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
	struct lease_holder a = cell("a"), other = cell("a"), elsewhere = cell("a");
	struct kerr err = { 0 };
	uint32_t one, two, three;

	other.cell.stack = "u";
	elsewhere.cell.space = "s2";
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
	struct lease_holder a = cell("a");
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
	struct lease_holder a = cell("a"), b = cell("b");
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
	char names[256];
};

static void add(struct seen *s, const char *before, const char *word)
{
	(void) snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "%s%s",
			before, word);
}

static void see(void *ctx, const struct lease *l)
{
	struct seen *s = ctx;

	ck_assert_uint_gt(l->addr, s->last);
	s->last = l->addr;
	s->n++;
	add(s, "", l->stack);
	add(s, "/", l->cell);
	if (l->space)
		add(s, "@", l->space);
	for (size_t i = 0; i < l->aliases.n; i++)
		add(s, "=", l->aliases.v[i]);
	for (size_t i = 0; i < l->networks.n; i++)
		add(s, "+", l->networks.v[i]);
	add(s, " ", "");
}

static const char *all_of(const struct addr *of)
{
	static struct seen s;
	struct kerr err = { 0 };

	s = (struct seen){ 0 };
	ck_assert_int_eq(lease_each(e, of, see, &s, &err), 0);
	return s.names;
}

/* Each once, by address: what is no lease, or a damaged one, is nobody's. */
START_TEST(all_leases)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *odd cleanup_free = path_join(d, "10.88.0.3", NULL);
	char *gone cleanup_free = path_join(d, "10.88.0.3_t_b", NULL);
	struct lease_holder a = cell("a"), b = cell("b"), c = cell("c");
	struct seen s = { 0 };
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(lease_each(e, &space, see, &s, &err), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_int_eq(lease_take(e, &c, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &b, &net, &got, &err), 0);
	ck_assert_int_eq(lease_take(e, &a, &net, &got, &err), 0);
	ck_assert_int_eq(unlink(gone), 0);
	ck_assert_int_eq(symlink("damaged", odd), 0);
	ck_assert_int_eq(lease_each(e, &space, see, &s, &err), 0);
	ck_assert_str_eq(s.names, "t/c t/a ");
}
END_TEST

static void ok(int r, int expected, const struct kerr *err)
{
	ck_assert_msg(r == expected, "%d: %s", r, err->msg);
}

/* What a cell has beside its name is in its lease, and changes with it in one step. */
START_TEST(what_leases_say)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *next cleanup_free = path_join(d, ".next", NULL);
	struct strlist aliases = { 0 }, networks = { 0 };
	struct lease_holder a = cell("a"), b = cell("b"), bare = cell("a");
	struct kerr err = { 0 };
	uint32_t got;

	strlist_add(&aliases, "db");
	strlist_add(&aliases, "db.example.com");
	strlist_add(&networks, "back yard");
	a.aliases = &aliases;
	b.networks = &networks;
	ok(lease_take(e, &a, &net, &got, &err), 0, &err);
	ck_assert(lease_stands(e, &a, got));
	ck_assert(!lease_stands(e, &bare, got));
	ok(lease_take(e, &b, &net, &got, &err), 0, &err);
	ck_assert_str_eq(all_of(&space), "t/a=db=db.example.com t/b+back yard ");
	/* Left by a process that was killed while it wrote. */
	ck_assert_int_eq(symlink("x", next), 0);
	ok(lease_tell(e, &bare, &err), 1, &err);
	ok(lease_tell(e, &bare, &err), 0, &err);
	ck_assert_int_eq(access(next, F_OK), -1);
	ok(lease_keep(e, &b, got, &err), 0, &err);
	b.aliases = &aliases;
	ok(lease_keep(e, &b, got, &err), 1, &err);
	ck_assert_str_eq(all_of(&space), "t/a t/b=db=db.example.com+back yard ");
	ok(lease_take(e, &a, &net, &got, &err), 0, &err);
	ck_assert_uint_eq(got, 0x0a580002);
	ck_assert_str_eq(all_of(&space), "t/a=db=db.example.com t/b=db=db.example.com+back yard ");
	bare = cell("none");
	ok(lease_tell(e, &bare, &err), 0, &err);
	strlist_clear(&aliases);
	strlist_clear(&networks);
}
END_TEST

/* A lease has room for all that a cell may have. */
START_TEST(the_longest_lease)
{
	struct strlist aliases = { 0 }, networks = { 0 };
	struct lease_holder a = cell("a");
	size_t bytes = 0;
	struct kerr err = { 0 };
	uint32_t got;

	for (size_t i = 0; bytes + 4 <= KUKE_MAX_ALIASES; i++, bytes += 4)
		strlist_addf(&aliases, "a%02zx", i % 256);
	for (int i = 0; i < KUKE_MAX_NETWORKS; i++)
		strlist_addf(&networks, "%063d", i);
	a.aliases = &aliases;
	a.networks = &networks;
	ok(lease_take(e, &a, &net, &got, &err), 0, &err);
	ck_assert(lease_stands(e, &a, got));
	strlist_remove(&networks, KUKE_MAX_NETWORKS - 1);
	ck_assert(!lease_stands(e, &a, got));
	strlist_clear(&aliases);
	strlist_clear(&networks);
}
END_TEST

/* Links <ip> -> <stack>/<cell> of earlier versions count, and are written anew. */
START_TEST(leases_of_earlier_versions)
{
	char *d cleanup_free = layout_object(&e->layout, &space, SPACE_LEASES);
	char *one cleanup_free = path_join(d, "10.88.0.2", NULL);
	char *two cleanup_free = path_join(d, "10.88.0.3", NULL);
	char *both cleanup_free = path_join(d, "10.88.0.3_t_b", NULL);
	struct lease_holder a = cell("a"), b = cell("b"), c = cell("c");
	struct kerr err = { 0 };
	uint32_t got;

	ck_assert_int_eq(mkdir_p(d, 0755, &err), 0);
	ck_assert_int_eq(symlink("t/a", one), 0);
	ck_assert_int_eq(symlink("t/b", two), 0);
	ck_assert_str_eq(all_of(&space), "t/a t/b ");
	ok(lease_find(e, &b, &got), 0, &err);
	ck_assert_uint_eq(got, 0x0a580003);
	/* Killed between writing the new one and removing the old one. */
	ck_assert_int_eq(symlink("x", both), 0);
	ck_assert_str_eq(all_of(&space), "t/a t/b=x ");
	ok(lease_take(e, &c, &net, &got, &err), 0, &err);
	ck_assert_uint_eq(got, 0x0a580004);
	ck_assert_int_eq(access(one, F_OK), -1);
	ck_assert_int_eq(access(two, F_OK), -1);
	ck_assert_str_eq(all_of(&space), "t/a t/b=x t/c ");
	ok(lease_drop(e, &a, &err), 0, &err);
	ck_assert_int_eq(symlink("t/a", one), 0);
	ok(lease_drop(e, &a, &err), 0, &err);
	ck_assert_str_eq(all_of(&space), "t/b=x t/c ");
}
END_TEST

/* A cell of another space has a lease of its own, beside the one in its space. */
START_TEST(guests)
{
	static const struct addr other = { .realm = "r", .space = "s2" };
	struct lease_holder a = cell("a"), guest = cell("a"), native = cell("a"), none = cell("a");
	struct space_net net2 = { .subnet = { .addr = 0x0a590000, .prefix = 29 },
				  .gateway = 0x0a590001,
				  .bridge = "k-two" };
	struct kerr err = { 0 };
	uint32_t got;

	(void) engine_realm("r");
	(void) engine_space("r", "s2");
	guest.space = "s2";
	native.cell.space = "s2";
	none.space = "nowhere";
	ok(lease_take(e, &a, &net, &got, &err), 0, &err);
	ok(lease_take(e, &guest, &net2, &got, &err), 0, &err);
	ck_assert_uint_eq(got, 0x0a590002);
	ok(lease_take(e, &native, &net2, &got, &err), 0, &err);
	ck_assert_uint_eq(got, 0x0a590003);
	ck_assert_str_eq(all_of(&other), "t/a@s t/a ");
	ok(lease_take(e, &guest, &net2, &got, &err), 0, &err);
	ck_assert_uint_eq(got, 0x0a590002);
	ok(lease_drop(e, &native, &err), 0, &err);
	ck_assert_str_eq(all_of(&other), "t/a@s ");
	ok(lease_drop(e, &a, &err), 0, &err);
	ck_assert_str_eq(all_of(&other), "t/a@s ");
	ok(lease_drop(e, &guest, &err), 0, &err);
	ck_assert_str_eq(all_of(&other), "");
	ck_assert_int_eq(lease_take(e, &none, &net2, &got, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "space \"nowhere\" to join not found in realm \"r\"");
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
	tcase_add_test(t, what_leases_say);
	tcase_add_test(t, the_longest_lease);
	tcase_add_test(t, leases_of_earlier_versions);
	tcase_add_test(t, guests);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_lease);
