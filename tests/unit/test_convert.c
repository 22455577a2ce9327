/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "docs.h"
#include "errkind.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "unit.h"

#define CELL "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, "

static const struct {
	enum kind kind;
	const char *text;
	const char *want; /* after "conversion failed: "; NULL: fine */
} checks[] = {
	{ KIND_CELL, CELL "containers: [{id: a, tty: {prompt: x}}]}",
	  "container \"a\": tty fields require attachable: true" },
	{ KIND_CELL, CELL "containers: [{id: a, tty: {onInit: [{script: ''}, {script: x}]}}]}",
	  "container \"a\": tty fields require attachable: true" },
	{ KIND_CELL, CELL "containers: [{id: a, tty: {logFile: /x}}]}",
	  "container \"a\": tty fields require attachable: true" },
	{ KIND_CELL, CELL "containers: [{id: a, tty: {onInit: [{script: ''}]}}]}", NULL },
	{ KIND_CONTAINER, "kind: Container\nmetadata: {name: w}\nspec: {tty: {prompt: x}}",
	  "container \"w\": tty fields require attachable: true" },
	{ KIND_CELL, CELL "tty: {default: x}, containers: [{id: a}]}",
	  "cell tty.default \"x\" does not match any container in this cell" },
	{ KIND_CELL, CELL "tty: {default: a}, containers: [{id: a}]}",
	  "cell tty.default \"a\" references container that is not attachable" },
	{ KIND_CELL, CELL "tty: {default: a}, containers: [{id: a, attachable: true}]}", NULL },
	{ KIND_CELL, CELL "containers: [{id: a, root: true}, {id: x}, {id: b, root: true}]}",
	  "only one container in a cell may have root: true: [a b]" },
	{ KIND_CELL, CELL "rootContainerId: x, containers: [{id: a}]}",
	  "rootContainerId \"x\" not found in containers array" },
	{ KIND_CELL, CELL "rootContainerId: b, containers: [{id: a, root: true}, {id: b}]}",
	  "rootContainerId disagrees with container marked root: true: rootContainerId is \"b\" but "
	  "container \"a\" has root: true" },
	{ KIND_CELL, CELL "containers: [{id: a, root: true}, {id: b, hostNetwork: true}]}",
	  "explicit rootContainerId must have hostNetwork: true when any cell container has "
	  "hostNetwork: true: rootContainerId \"a\"" },
	{ KIND_CELL, CELL "containers: [{id: a, hostNetwork: true, root: true}, {id: b}]}", NULL },
	{ KIND_CELL, CELL "containers: [{id: a}, {id: b, hostNetwork: true}]}", NULL },
	{ KIND_CELL, CELL "containers: [{id: root}]}",
	  "container \"root\": the id \"root\" needs root: true" },
	{ KIND_CELL, CELL "rootContainerId: a, containers: [{id: a}, {id: root}]}",
	  "container \"root\": the id \"root\" needs root: true" },
	/* order: tty of containers, of the cell, root */
	{ KIND_CELL,
	  CELL "tty: {default: x}, rootContainerId: x, containers: [{id: a, tty: {prompt: x}}]}",
	  "container \"a\": tty fields require attachable: true" },
	{ KIND_CELL, CELL "tty: {default: x}, rootContainerId: x, containers: [{id: a}]}",
	  "cell tty.default \"x\" does not match any container in this cell" },
	{ KIND_CELL, "apiVersion: v2\nkind: Cell", "unsupported apiVersion for Cell: v2" },
	{ KIND_REALM, "apiVersion: v2\nkind: Realm", "unsupported apiVersion for Realm: v2" },
	{ KIND_CONTAINER, "kind: Container\nmetadata: {name: w}\nspec: {id: x}",
	  "container spec.id \"x\" differs from metadata.name \"w\"" },
};

START_TEST(check)
{
	cleanup_free char *want = NULL;
	struct kerr err = { 0 };
	void *doc = doc_from(checks[_i].text, checks[_i].kind);
	int r = convert_check(checks[_i].kind, doc, &err);

	if (checks[_i].want == NULL) {
		ck_assert_msg(r == 0, "row %d: %s", _i, err.msg);
	} else {
		want = xasprintf("conversion failed: %s", checks[_i].want);
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(err.msg, want);
		ck_assert_int_eq(err.kind, ERR_CONVERSION_FAILED);
		ck_assert_int_eq(convert_check(checks[_i].kind, doc, NULL), -EINVAL);
	}
	doc_free(checks[_i].kind, doc);
}
END_TEST

START_TEST(normal_form)
{
	cleanup_strlist struct strlist warnings = { 0 };
	struct cell_doc *doc = doc_from(
		"kind: Cell\nmetadata: {name: c}\nspec: {realmId: ' r ', spaceId: s, stackId: t, tty: "
		"{default: ''}, rootContainerId: b, containers: [{id: a, realmId: other, cellId: c, "
		"containerdId: x, tty: {}}, {id: b}]}",
		KIND_CELL);
	const struct container_spec *a, *b;

	ck_assert_int_eq(cell_normalise(doc, &warnings, NULL), 0);
	a = &doc->spec.containers.v[0];
	b = &doc->spec.containers.v[1];
	ck_assert_str_eq(doc->head.api_version, "v1beta1");
	ck_assert_str_eq(doc->spec.id, "c");
	ck_assert_str_eq(doc->spec.realm_id, "r");
	ck_assert_ptr_null(doc->spec.tty);
	ck_assert_ptr_nonnull(doc->head.metadata.labels.v);
	ck_assert_ptr_nonnull(a->args.v);
	ck_assert_ptr_nonnull(a->volumes.v);
	ck_assert_ptr_null(a->tty);
	ck_assert(!a->root && b->root);
	ck_assert_str_eq(a->realm_id, "r");
	ck_assert_str_eq(a->cell_id, "c");
	ck_assert_str_eq(a->containerd_id, "s_t_c_a");
	ck_assert_str_eq(b->containerd_id, "s_t_c_root");
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert_str_eq(warnings.v[0],
			 "warning: container \"a\": realmId \"other\" replaced by its "
			 "cell's \"r\"");
	ck_assert_uint_eq(doc->spec.containers.n, 2);
	/* a second pass changes nothing */
	strlist_clear(&warnings);
	ck_assert_int_eq(cell_normalise(doc, &warnings, NULL), 0);
	ck_assert_uint_eq(warnings.n, 0);
	ck_assert_ptr_eq(cell_root(&doc->spec), &doc->spec.containers.v[1]);
	doc_free(KIND_CELL, doc);
}
END_TEST

START_TEST(flag_names_root)
{
	struct cell_doc *doc =
		doc_from(CELL "id: x, containers: [{id: a}, {id: b, root: true}]}", KIND_CELL);

	ck_assert_int_eq(cell_normalise(doc, NULL, NULL), 0);
	ck_assert_str_eq(doc->spec.root_container_id, "b");
	ck_assert_str_eq(doc->spec.containers.v[0].containerd_id, "s_t_x_a");
	doc_free(KIND_CELL, doc);
}
END_TEST

START_TEST(synthesized_root)
{
	struct cell_doc *doc =
		doc_from(CELL "containers: [{id: a, hostNetwork: true}]}", KIND_CELL);
	const struct container_spec *root;

	ck_assert_int_eq(cell_normalise(doc, NULL, NULL), 0);
	ck_assert_ptr_null(cell_root(&doc->spec));
	cell_add_root(doc);
	ck_assert_uint_eq(doc->spec.containers.n, 2);
	root = cell_root(&doc->spec);
	ck_assert_ptr_eq(root, &doc->spec.containers.v[1]);
	ck_assert(container_is_synthesized(root));
	ck_assert(!container_is_synthesized(&doc->spec.containers.v[0]));
	ck_assert(root->host_network);
	ck_assert_str_eq(root->image, "kukeon.io/pause:builtin");
	ck_assert_str_eq(root->containerd_id, "s_t_c_root");
	ck_assert_str_eq(doc->spec.root_container_id, "root");
	/* what `get -o yaml` prints can be applied again */
	ck_assert_int_eq(cell_normalise(doc, NULL, NULL), 0);
	doc_free(KIND_CELL, doc);
}
END_TEST

START_TEST(space_defaults)
{
	struct space_doc *space = doc_from(
		"kind: Space\nspec: {defaults: {container: {user: '1', readOnlyRootFilesystem: true, "
		"capabilities: {drop: [ALL]}, securityOpts: [no-new-privileges], tmpfs: [{path: /tmp, "
		"options: [noexec]}], resources: {pidsLimit: 0}}}}",
		KIND_SPACE);
	struct cell_doc *doc = doc_from(
		CELL
		"containers: [{id: a}, {id: b, user: '2', capabilities: {}, tmpfs: [{path: /x}], "
		"securityOpts: [seccomp=unconfined], resources: {}}]}",
		KIND_CELL);
	const struct container_spec *a, *b, *root;

	ck_assert_int_eq(cell_normalise(doc, NULL, NULL), 0);
	cell_add_root(doc);
	cell_inherit_defaults(&doc->spec, NULL);
	ck_assert(str_empty(doc->spec.containers.v[0].user));
	cell_inherit_defaults(&doc->spec, &space->spec);
	a = &doc->spec.containers.v[0];
	b = &doc->spec.containers.v[1];
	root = &doc->spec.containers.v[2];
	ck_assert_str_eq(a->user, "1");
	ck_assert(a->read_only_root_filesystem && b->read_only_root_filesystem);
	ck_assert_str_eq(a->capabilities->drop.v[0], "ALL");
	ck_assert_ptr_ne(a->capabilities, space->spec.defaults->container->capabilities);
	ck_assert_str_eq(a->tmpfs.v[0].options.v[0], "noexec");
	ck_assert(a->resources->pids_limit.set);
	ck_assert_str_eq(b->user, "2");
	ck_assert_uint_eq(b->capabilities->drop.n, 0);
	ck_assert_uint_eq(b->tmpfs.n, 1);
	ck_assert_str_eq(b->tmpfs.v[0].path, "/x");
	ck_assert_str_eq(b->security_opts.v[0], "seccomp=unconfined");
	ck_assert(!b->resources->pids_limit.set);
	ck_assert(str_empty(root->user));
	ck_assert(!root->read_only_root_filesystem);
	doc_free(KIND_CELL, doc);
	doc_free(KIND_SPACE, space);
}
END_TEST

START_TEST(labels)
{
	cleanup_strmap struct strmap out = { 0 };
	struct cell_doc *doc = doc_from(
		"kind: Cell\nmetadata: {name: c, labels: {realm.kukeon.io: mine, a: b}}\nspec: "
		"{realmId: r, spaceId: s, stackId: t}",
		KIND_CELL);
	struct realm_doc *realm = doc_from(
		"kind: Realm\nmetadata: {name: r}\nspec: {namespace: r.kukeon.io}", KIND_REALM);
	cleanup_strmap struct strmap wanted = { 0 };

	doc_add_managed_labels(KIND_CELL, doc);
	ck_assert_str_eq(strmap_get(&doc->head.metadata.labels, "realm.kukeon.io"), "mine");
	ck_assert_str_eq(strmap_get(&doc->head.metadata.labels, "space.kukeon.io"), "s");
	ck_assert_str_eq(strmap_get(&doc->head.metadata.labels, "stack.kukeon.io"), "t");
	ck_assert_str_eq(strmap_get(&doc->head.metadata.labels, "cell.kukeon.io"), "c");
	doc_add_managed_labels(KIND_REALM, realm);
	ck_assert_str_eq(strmap_get(&realm->head.metadata.labels, "realm.kukeon.io"),
			 "r.kukeon.io");
	ck_assert(label_managed("x.kukeon.io"));
	ck_assert(!label_managed("kukeon.io/profile"));
	strmap_set(&wanted, "n", "1");
	strmap_set(&wanted, "cell.kukeon.io", "z");
	labels_merge(&out, &doc->head.metadata.labels, &wanted);
	ck_assert_uint_eq(out.n, 5);
	ck_assert_str_eq(strmap_get(&out, "cell.kukeon.io"), "z");
	ck_assert_str_eq(strmap_get(&out, "n"), "1");
	ck_assert_ptr_null(strmap_get(&out, "a"));
	doc_free(KIND_CELL, doc);
	doc_free(KIND_REALM, realm);
}
END_TEST

START_TEST(standalone_container)
{
	struct container_doc *doc = doc_from(
		"kind: Container\nmetadata: {name: w}\nspec: {containerdId: x, tty: {prompt: ''}}",
		KIND_CONTAINER);

	ck_assert_int_eq(doc_normalise(KIND_CONTAINER, doc, NULL, NULL), 0);
	ck_assert_str_eq(doc->spec.id, "w");
	ck_assert_ptr_null(doc->spec.containerd_id);
	ck_assert_ptr_null(doc->spec.tty);
	doc_free(KIND_CONTAINER, doc);
}
END_TEST

static Suite *test_convert(void)
{
	Suite *s = suite_create("convert");
	TCase *t = tcase_create("convert");

	tcase_add_loop_test(t, check, 0, ARRAY_SIZE(checks));
	tcase_add_test(t, normal_form);
	tcase_add_test(t, flag_names_root);
	tcase_add_test(t, synthesized_root);
	tcase_add_test(t, space_defaults);
	tcase_add_test(t, labels);
	tcase_add_test(t, standalone_container);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_convert);
