/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "apply.h"
#include "delete_targets.h"
#include "engine_dir.h"
#include "plan_delete.h"
#include "str.h"

#define REALM "kind: Realm\nmetadata: {name: r}\n---\n"
#define SPACE "kind: Space\nmetadata: {name: s}\nspec: {realmId: r}\n---\n"
#define STACK "kind: Stack\nmetadata: {name: t}\nspec: {realmId: r, spaceId: s}\n---\n"
#define CELL(image)                                                                     \
	"kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t,\n" \
	"  containers: [{id: main, image: " image ", command: sh}]}\n---\n"
#define CONTAINER(id, more)                                                           \
	"kind: Container\nmetadata: {name: " id "}\nspec: {id: " id ", realmId: r,\n" \
	"  spaceId: s, stackId: t, cellId: c, image: \"a:1\"" more "}\n---\n"

#define LABELLED(id, l)                                                       \
	"kind: Container\nmetadata: {name: " id ", labels: {l: \"" l "\"}}\n" \
	"spec: {id: " id ", realmId: r, spaceId: s, stackId: t, cellId: c, image: \"a:1\"}\n---\n"

/* What a dry run of the documents says: "Kind name: action", and an error's text. */
static void plans(const char *yaml, const char *want)
{
	struct rpc_apply_result got = { 0 };
	struct buf in cleanup_buf = BUF_INIT(65536), said cleanup_buf = BUF_INIT(65536);
	struct buf text cleanup_buf = BUF_INIT(65536);
	struct kerr err = { 0 };
	int r;

	buf_adds(&in, yaml);
	r = apply_documents(e, &in, APPLY_DRY_RUN, &got, &text, &err);
	ck_assert_msg(r == 0, "%s %s", err.msg, buf_str(&text));
	for (size_t i = 0; i < got.resources.n; i++) {
		const struct rpc_apply_resource *res = &got.resources.v[i];

		buf_addf(&said, "%s %s: %s\n", res->kind, res->name, res->action);
		for (size_t k = 0; k < res->changes.n; k++)
			buf_addf(&said, "  %s\n", res->changes.v[k]);
		if (!str_empty(res->error))
			buf_addf(&said, "  %s\n", res->error);
	}
	ck_assert_str_eq(buf_str(&said), want);
	for (size_t i = 0; i < got.resources.n; i++) {
		struct rpc_apply_resource *res = &got.resources.v[i];

		free(res->kind);
		free(res->name);
		free(res->action);
		free(res->error);
		strlist_clear(&res->changes);
		strmap_clear(&res->details);
	}
	free(got.resources.v);
}

static bool is_there(const struct addr *a)
{
	return store_exists(&e->layout, a, NULL) > 0;
}

/* Each document sees what the ones before it would have made; nothing is made. */
START_TEST(a_hierarchy)
{
	struct addr realm = { .realm = "r" };

	plans(CONTAINER("x", "") CELL("a:1") STACK SPACE REALM,
	      "Realm r: created\nSpace s: created\nStack t: created\nCell c: created\n"
	      "Container x: created\n");
	ck_assert(!is_there(&realm));
}
END_TEST

START_TEST(what_is_there_is_unchanged)
{
	struct addr t = engine_hierarchy();
	struct addr cell = addr_child(&t, "c");

	plans(REALM SPACE STACK, "Realm r: unchanged\nSpace s: unchanged\nStack t: unchanged\n");
	plans(CELL("a:1"), "Cell c: created\n");
	ck_assert(!is_there(&cell));
	plans("kind: Space\nmetadata: {name: s, labels: {a: b}}\nspec: {realmId: r}\n",
	      "Space s: updated\n  metadata.labels\n");
}
END_TEST

/* What may not change is refused by the field's name, and the others go on. */
START_TEST(a_refusal)
{
	(void) engine_hierarchy();
	plans("kind: Realm\nmetadata: {name: r}\nspec: {namespace: other}\n---\n" SPACE,
	      "Realm r: failed\n  realm \"r\" has breaking changes: [spec.namespace]. Delete the "
	      "realm and recreate it with the new spec\nSpace s: unchanged\n");
}
END_TEST

/* The same object twice: the second is compared with what the first would have left. */
START_TEST(the_same_object_twice)
{
	(void) engine_hierarchy();
	plans("kind: Stack\nmetadata: {name: u, labels: {a: b}}\nspec: {realmId: r, spaceId: s}\n---\n"
	      "kind: Stack\nmetadata: {name: u, labels: {a: b}}\nspec: {realmId: r, spaceId: s}\n---\n"
	      "kind: Stack\nmetadata: {name: u, labels: {a: c}}\nspec: {realmId: r, spaceId: s}\n",
	      "Stack u: created\nStack u: unchanged\nStack u: updated\n  metadata.labels\n");
}
END_TEST

START_TEST(containers_of_no_cell)
{
	(void) engine_hierarchy();
	plans(CONTAINER("x", ""),
	      "Container x: failed\n  parent cell \"c\" not found: cell not found\n");
}
END_TEST

#define WITH_ID(name, id)                                                                      \
	"kind: Cell\nmetadata: {name: " name "}\nspec: {id: " id ", realmId: r, spaceId: s,\n" \
	"  stackId: t, containers: [{id: main, image: \"a:1\", command: sh}]}\n---\n"

/* An id, a namespace, a bridge that a document before has, or would have by then. */
START_TEST(what_is_anothers)
{
	(void) engine_hierarchy();
	plans(WITH_ID("a", "x") WITH_ID("b", "x") WITH_ID("x", "x") WITH_ID("d", "a"),
	      "Cell a: created\n"
	      "Cell b: failed\n  failed to create cell: spec.id \"x\" is already used by cell "
	      "\"a\" in the same stack\n"
	      "Cell x: failed\n  failed to create cell: spec.id \"x\" is already used by cell "
	      "\"a\" in the same stack\n"
	      "Cell d: failed\n  failed to create cell: spec.id \"a\" is already used by cell "
	      "\"a\" in the same stack\n");
	plans("kind: Realm\nmetadata: {name: a}\nspec: {namespace: n}\n---\n"
	      "kind: Realm\nmetadata: {name: b}\nspec: {namespace: n}\n---\n"
	      "kind: Realm\nmetadata: {name: c}\nspec: {namespace: r.unit.test}\n---\n",
	      "Realm a: created\n"
	      "Realm b: failed\n  failed to create realm: namespace \"n\" belongs to realm \"a\"\n"
	      "Realm c: failed\n  failed to create realm: namespace \"r.unit.test\" belongs to "
	      "realm \"r\"\n");
}
END_TEST

/* What a document leaves out stays as it was, also where that is only planned. */
START_TEST(what_is_carried_over)
{
	plans("kind: Realm\nmetadata: {name: a}\nspec: {namespace: n}\n---\n"
	      "kind: Realm\nmetadata: {name: a, labels: {k: v}}\n---\n"
	      "kind: Realm\nmetadata: {name: a, labels: {k: v}}\nspec: {namespace: n}\n---\n"
	      "kind: Realm\nmetadata: {name: a}\nspec: {namespace: m}\n---\n",
	      "Realm a: created\nRealm a: updated\n  metadata.labels\nRealm a: unchanged\n"
	      "Realm a: failed\n  realm \"a\" has breaking changes: [spec.namespace]. Delete the "
	      "realm and recreate it with the new spec\n");
}
END_TEST

#define LOGIN(password)                                                                   \
	"kind: Realm\nmetadata: {name: a}\nspec:\n  registryCredentials: [{username: u, " \
	"password: \"" password "\", serverAddress: h}]\n---\n"

/* A mask keeps the password that is stored, or planned; without one it is refused. */
START_TEST(passwords)
{
	plans(LOGIN("********"),
	      "Realm a: failed\n  failed to create realm: registryCredentials[0]: no stored "
	      "password for user 'u' of 'h' to keep\n");
	plans(LOGIN("p") LOGIN("********") LOGIN("q"),
	      "Realm a: created\nRealm a: unchanged\nRealm a: updated\n"
	      "  spec.registryCredentials\n");
}
END_TEST

START_TEST(labels_of_containers)
{
	plans(REALM SPACE STACK CELL("a:1") CONTAINER("x", "") LABELLED("x", "1") LABELLED("x", "1")
		      LABELLED("x", "2"),
	      "Realm r: created\nSpace s: created\nStack t: created\nCell c: created\n"
	      "Container x: created\nContainer x: updated\n  metadata.labels\n"
	      "Container x: unchanged\nContainer x: updated\n  metadata.labels\n");
}
END_TEST

/* ---- deleting ---- */

static struct rpc_plan_target target(const char *kind, const char *name, const struct addr *where)
{
	return (struct rpc_plan_target){ .kind = (char *) (uintptr_t) kind,
					 .name = (char *) (uintptr_t) name,
					 .realm_name = (char *) (uintptr_t) where->realm,
					 .space_name = (char *) (uintptr_t) where->space,
					 .stack_name = (char *) (uintptr_t) where->stack,
					 .cell_name = (char *) (uintptr_t) where->cell };
}

/* What deleting the n targets in turn would say. */
static void deletes(struct rpc_plan_target *targets, size_t n, enum delete_flags flags,
		    const char *want)
{
	struct rpc_plan_delete_args args = { .targets = { .v = targets, .n = n },
					     .force = flags & DELETE_FORCE,
					     .cascade = flags & DELETE_CASCADE };
	struct rpc_plan_delete_result got = { 0 };
	struct buf said cleanup_buf = BUF_INIT(65536);

	plan_delete_targets(e, &args, &got);
	ck_assert_uint_eq(got.planned.n, n);
	for (size_t i = 0; i < n; i++) {
		struct rpc_planned *p = &got.planned.v[i];

		buf_addf(&said, "%s", p->action);
		for (size_t k = 0; k < p->deleted.n; k++)
			buf_addf(&said, " %s", p->deleted.v[k]);
		buf_addf(&said, "%s%s\n", p->error ? ": " : "", p->error ? p->error : "");
		free(p->action);
		free(p->error);
		strlist_clear(&p->deleted);
	}
	free(got.planned.v);
	ck_assert_str_eq(buf_str(&said), want);
}

/* From the bottom up nothing is in the way of what comes next; top down it is. */
START_TEST(in_turn)
{
	struct addr t = engine_hierarchy(), s = { .realm = "r", .space = "s" };
	struct addr r = { .realm = "r" }, none = { 0 };
	struct addr c = engine_cell(&t, "c");
	struct rpc_plan_target up[] = { target("Cell", "c", &t), target("Stack", "t", &s),
					target("Space", "s", &r), target("Realm", "r", &none),
					target("Cell", "c", &t) };
	struct rpc_plan_target down[] = { up[2], up[1], up[0] };

	deletes(up, 5, 0,
		"deleted\ndeleted\ndeleted\ndeleted\nnot found: cell \"c\" not found in "
		"realm \"r\", space \"s\", stack \"t\"\n");
	deletes(down, 3, 0,
		"failed: failed to delete space: resource has child resources: space \"s\" has 1 "
		"stack(s). Use --cascade to delete them or --force to skip validation\n"
		"failed: failed to delete stack: resource has child resources: stack \"t\" has 1 "
		"cell(s). Use --cascade to delete them or --force to skip validation\n"
		"deleted\n");
	ck_assert(is_there(&c));
}
END_TEST

/* A cascade takes all below along: they are gone for what comes after. */
START_TEST(cascade)
{
	struct addr t = engine_hierarchy(), r = { .realm = "r" }, none = { 0 };
	struct addr s2 = engine_space("r", "s2");
	struct rpc_plan_target all[] = { target("Space", "s", &r), target("Cell", "c", &t),
					 target("Realm", "r", &none), target("Space", "s2", &r) };

	(void) engine_cell(&t, "c");
	deletes(all, 4, DELETE_CASCADE,
		"deleted stack:t\nnot found: cell \"c\" not found in realm \"r\", space \"s\", "
		"stack \"t\"\ndeleted space:s2\nnot found: space \"s2\" not found in realm \"r\"\n");
	ck_assert(is_there(&s2));
	/* --force does not ask what is there, and takes nothing along by name. */
	deletes(all, 1, DELETE_FORCE, "deleted\n");
}
END_TEST

START_TEST(containers)
{
	struct addr t = engine_hierarchy();
	struct addr c = engine_cell(&t, "c");
	struct rpc_plan_target some[] = {
		target("Container", "main", &c), target("Container", "root", &c),
		target("Container", "x", &c),	 target("Container", "main", &c),
		target("Pod", "x", &c),		 target("Cell", "", &t)
	};

	deletes(some, 6, 0,
		"deleted\n"
		"failed: root container cannot be deleted directly, delete the cell instead using "
		"'kuke delete cell c'\n"
		"not found: container \"x\" not found in cell \"c\"\n"
		"not found: container \"main\" not found in cell \"c\"\n"
		"failed: unknown kind: Pod\n"
		"failed: cell name is required\n");
}
END_TEST

static Suite *test_dry_run(void)
{
	Suite *s = suite_create("dry_run");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, a_hierarchy);
	tcase_add_test(t, what_is_there_is_unchanged);
	tcase_add_test(t, a_refusal);
	tcase_add_test(t, the_same_object_twice);
	tcase_add_test(t, containers_of_no_cell);
	tcase_add_test(t, what_is_anothers);
	tcase_add_test(t, what_is_carried_over);
	tcase_add_test(t, passwords);
	tcase_add_test(t, labels_of_containers);
	tcase_add_test(t, in_turn);
	tcase_add_test(t, cascade);
	tcase_add_test(t, containers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dry_run);
