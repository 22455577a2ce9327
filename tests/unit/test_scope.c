/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine_dir.h"
#include "errkind.h"
#include "model.h"
#include "str.h"

/* ---- names ---- */

START_TEST(scopes)
{
	static const struct {
		struct addr a;
		enum addr_level level;
		enum scope_flags flags;
		const char *says; /* NULL: fine */
	} cases[] = {
		{ { .realm = "r" }, ADDR_REALM, SCOPE_STRICT, NULL },
		{ { 0 }, ADDR_REALM, 0, "realm name is required" },
		{ { .realm = "  " }, ADDR_REALM, 0, "realm name is required" },
		{ { .realm = "r" }, ADDR_SPACE, 0, "space name is required" },
		{ { .realm = "r", .space = "s", .stack = "", .cell = "c" },
		  ADDR_CELL,
		  0,
		  "stack name is required" },
		{ { .realm = "r", .space = "s", .stack = "t" },
		  ADDR_CELL,
		  0,
		  "cell name is required" },
		{ { .realm = ".." }, ADDR_REALM, 0, "realm" },
		{ { .realm = "r", .space = "a/b" }, ADDR_SPACE, 0, "disallowed" },
		{ { .realm = "r", .space = "a_b" }, ADDR_SPACE, SCOPE_STRICT, "disallowed" },
		{ { .realm = "r", .space = "a_b" }, ADDR_SPACE, 0, NULL }, /* not found, later */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kerr err = { 0 };
		int r = scope_check(&cases[i].a, cases[i].level, cases[i].flags, &err);

		ck_assert_int_eq(r == 0, cases[i].says == NULL);
		if (cases[i].says)
			ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(levels_of_kinds)
{
	ck_assert_int_eq(scope_level(KIND_REALM), ADDR_REALM);
	ck_assert_int_eq(scope_level(KIND_CELL), ADDR_CELL);
	ck_assert_int_eq(scope_level(KIND_CONTAINER), ADDR_ROOT);
	ck_assert_int_eq(scope_level(KIND_INVALID), ADDR_ROOT);
}
END_TEST

/* The address of a document is made of what it says, its parents' names included. */
START_TEST(addresses_of_documents)
{
	char r[] = "r", s[] = "s", t[] = "t", c[] = "c";
	struct cell_doc cell = { .head.metadata.name = c,
				 .spec = { .realm_id = r, .space_id = s, .stack_id = t } };
	struct container_doc one = {
		.spec = { .realm_id = r, .space_id = s, .stack_id = t, .cell_id = c }
	};
	struct container_doc lost = { .spec = { .realm_id = r, .space_id = s, .stack_id = t } };
	struct addr a = addr_of_doc(KIND_CELL, &cell), b = addr_of_doc(KIND_CONTAINER, &one);
	struct addr none = addr_of_doc(KIND_CELL_PROFILE, &cell);
	char *text cleanup_free = addr_text(&a);
	char *same cleanup_free = addr_text(&b);

	ck_assert_int_eq(addr_level(&a), ADDR_CELL);
	ck_assert_str_eq(text, same); /* a container is in its cell */
	ck_assert_int_eq(addr_level(&none), ADDR_ROOT);
	/* One that names no cell is not taken for its stack: scope_check tells. */
	b = addr_of_doc(KIND_CONTAINER, &lost);
	ck_assert_int_eq(scope_check(&b, ADDR_CELL, 0, NULL), -EINVAL);
}
END_TEST

/* A copy outlives the names it was made from, and has no blanks around them. */
START_TEST(copies_of_addresses)
{
	char name[] = " r ", other[] = "s";
	struct addr a = { .realm = name, .space = other };
	struct addr_copy c = { 0 };

	addr_copy_set(&c, &a);
	memset(name, 'x', 3);
	memset(other, 'x', 1);
	ck_assert_str_eq(c.a.realm, "r");
	ck_assert_str_eq(c.a.space, "s");
	ck_assert_ptr_null(c.a.stack);
	a = (struct addr){ .realm = c.a.realm }; /* of itself */
	ck_assert_int_eq(addr_level(&a), ADDR_REALM);
	addr_copy_clear(&c);
	ck_assert_ptr_null(c.a.realm);
	addr_copy_clear(&c);
}
END_TEST

START_TEST(cgroups)
{
	static const struct {
		struct addr a;
		const char *path;
	} cases[] = {
		{ { 0 }, "/kukeon-unit" },
		{ { .realm = "r" }, "/kukeon-unit/r" },
		{ { .realm = "r", .space = "s" }, "/kukeon-unit/r/s" },
		{ { .realm = "r", .space = "s", .stack = "t" }, "/kukeon-unit/r/s/t" },
		{ { .realm = "r", .space = "s", .stack = "t", .cell = "c" },
		  "/kukeon-unit/r/s/t/c" },
		/* what stands below a name that is missing does not count */
		{ { .realm = "r", .space = "", .stack = "t" }, "/kukeon-unit/r" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *path cleanup_free = scope_cgroup(e, &cases[i].a);

		ck_assert_str_eq(path, cases[i].path);
	}
}
END_TEST

/* ---- what is there ---- */

START_TEST(not_found)
{
	static const struct {
		struct addr a;
		int kind;
		const char *says;
	} cases[] = {
		{ { .realm = "r" }, ERR_REALM_NOT_FOUND, "realm \"r\" not found" },
		{ { .realm = "r", .space = "s" },
		  ERR_SPACE_NOT_FOUND,
		  "space \"s\" not found in realm \"r\"" },
		{ { .realm = "r", .space = "s", .stack = "t" },
		  ERR_STACK_NOT_FOUND,
		  "stack \"t\" not found in realm \"r\", space \"s\"" },
		{ { .realm = "r", .space = "s", .stack = "t", .cell = "c" },
		  ERR_CELL_NOT_FOUND,
		  "cell \"c\" not found in realm \"r\", space \"s\", stack \"t\"" },
	};
	struct addr nothing = { 0 };
	struct kerr err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		err = (struct kerr){ 0 };
		ck_assert_int_eq(scope_not_found(&cases[i].a, &err), -ENOENT);
		ck_assert_str_eq(err.msg, cases[i].says);
		ck_assert_int_eq(err.kind, cases[i].kind);
	}
	ck_assert_int_eq(scope_not_found(&nothing, &err), -EINVAL);
}
END_TEST

/* Of parents that are missing the highest is named. */
START_TEST(parents)
{
	struct addr c = { .realm = "r", .space = "s", .stack = "t", .cell = "c" };
	struct addr realm = { .realm = "new" };
	struct kerr err = { 0 };
	struct addr stack;

	ck_assert_int_eq(scope_parents_exist(e, &realm, &err), 0); /* it has none */
	ck_assert_int_eq(scope_parents_exist(e, &c, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "realm \"r\" not found");
	(void) engine_realm("r");
	ck_assert_int_eq(scope_parents_exist(e, &c, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "space \"s\" not found"));
	stack = engine_space("r", "s");
	ck_assert_int_eq(scope_parents_exist(e, &c, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "stack \"t\" not found"));
	stack = engine_stack(&stack, "t");
	ck_assert_int_eq(scope_parents_exist(e, &c, &err),
			 0); /* that it is not there itself is fine */
	ck_assert_int_eq(scope_parents_exist(e, &stack, &err), 0);
}
END_TEST

START_TEST(nothing_new_in_a_realm_that_goes)
{
	struct addr stack = engine_hierarchy();
	struct addr c = addr_child(&stack, "c"), realm = { .realm = "r" };
	struct realm_doc d = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(scope_refuse_deleting(e, &c, &err), 0);
	ck_assert_int_eq(store_load(&e->layout, &realm, 0, &d, &err), 0);
	d.status.state = REALM_STATE_DELETING;
	engine_store(KIND_REALM, &d);
	ck_assert_int_eq(scope_refuse_deleting(e, &c, &err), -EBUSY);
	ck_assert_int_eq(scope_parents_exist(e, &c, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.msg, "kuke delete realm r --cascade"));
	/* The realm itself: who deletes it goes on. */
	ck_assert_int_eq(scope_parents_exist(e, &realm, &err), 0);
}
END_TEST

START_TEST(namespaces)
{
	struct realm_doc d = { .head.metadata.name = xstrdup("own"),
			       .spec.namespace = xstrdup("mine") };
	char *ns = NULL;
	struct kerr err = { 0 };

	ck_assert_int_eq(scope_namespace(e, "none", &ns, &err), -ENOENT);
	ck_assert_ptr_null(ns);
	(void) engine_realm("r");
	ck_assert_int_eq(scope_namespace(e, "r", &ns, &err), 0);
	ck_assert_str_eq(ns, "r.unit.test");
	free(ns);
	engine_store(KIND_REALM, &d);
	ck_assert_int_eq(scope_namespace(e, "own", &ns, &err), 0);
	ck_assert_str_eq(ns, "mine");
	/* Its directory is unfinished until the realm is stored for good. */
	ck_assert(!scope_namespace_ready(e, ns));
	ck_assert(!scope_namespace_unfinished(e, ns));
	ck_assert_int_eq(scope_namespace_make(e, ns, &err), 1);
	ck_assert(scope_namespace_ready(e, ns));
	ck_assert(scope_namespace_unfinished(e, ns));
	ck_assert_int_eq(scope_namespace_make(e, ns, &err), 0);
	scope_namespace_finish(e, ns);
	ck_assert(scope_namespace_ready(e, ns));
	ck_assert(!scope_namespace_unfinished(e, ns));
	free(ns);
}
END_TEST

/* ---- walking ---- */

static int note(void *ctx, struct engine *engine, const struct addr *a, struct kerr *err)
{
	char *text cleanup_free = addr_text(a);

	ck_assert_ptr_eq(engine, e);
	strlist_add(ctx, text);
	return streq_null(a->cell, "stop") ? kerr_plain(err, -ECANCELED, "stopped") : 0;
}

static void walk(enum addr_level level, struct addr filter, const char *want)
{
	struct strlist seen cleanup_strlist = { 0 };
	struct buf all cleanup_buf = BUF_INIT(4096);
	struct kerr err = { 0 };

	ck_assert_msg(scope_each(e, level, &filter, note, &seen, &err) == 0, "%s", err.msg);
	for (size_t i = 0; i < seen.n; i++)
		buf_addf(&all, "%s%s", i == 0 ? "" : " ", seen.v[i]);
	ck_assert_str_eq(buf_str(&all), want);
}

START_TEST(walking)
{
	struct addr t = engine_hierarchy(), s2 = engine_space("r", "s2");
	struct addr t2 = engine_stack(&s2, "t");
	struct strlist seen cleanup_strlist = { 0 };
	struct addr all = { 0 };
	struct kerr err = { 0 };

	walk(ADDR_CELL, all, "");
	(void) engine_cell(&t, "b");
	(void) engine_cell(&t, "a");
	(void) engine_cell(&t2, "a");
	(void) engine_realm("q");
	walk(ADDR_REALM, all, "q r");
	walk(ADDR_SPACE, all, "r/s r/s2");
	walk(ADDR_CELL, all, "r/s/t/a r/s/t/b r/s2/t/a");
	walk(ADDR_CELL, (struct addr){ .realm = "" }, "r/s/t/a r/s/t/b r/s2/t/a");
	walk(ADDR_CELL, (struct addr){ .space = "s2" }, "r/s2/t/a");
	walk(ADDR_CELL, (struct addr){ .cell = "a" }, "r/s/t/a r/s2/t/a");
	walk(ADDR_CELL, (struct addr){ .realm = "q" }, "");
	walk(ADDR_CELL, (struct addr){ .realm = "none" }, "");
	/* The first failure ends it, and is the result. */
	(void) engine_cell(&t, "stop");
	(void) engine_cell(&t, "z");
	ck_assert_int_eq(scope_each(e, ADDR_CELL, &all, note, &seen, &err), -ECANCELED);
	ck_assert_str_eq(err.msg, "stopped");
	ck_assert_uint_eq(seen.n, 3);
	ck_assert(strlist_has(&seen, "r/s/t/stop"));
}
END_TEST

static Suite *test_scope(void)
{
	Suite *s = suite_create("scope");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, scopes);
	tcase_add_test(t, levels_of_kinds);
	tcase_add_test(t, addresses_of_documents);
	tcase_add_test(t, copies_of_addresses);
	tcase_add_test(t, cgroups);
	tcase_add_test(t, not_found);
	tcase_add_test(t, parents);
	tcase_add_test(t, nothing_new_in_a_realm_that_goes);
	tcase_add_test(t, namespaces);
	tcase_add_test(t, walking);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_scope);
