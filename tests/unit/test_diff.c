/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "copy.h"
#include "diff.h"
#include "docs.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "unit.h"

#define CELL "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, "
#define REALM "kind: Realm\nmetadata: {name: r"
#define SPACE "kind: Space\nmetadata: {name: s}\nspec: {realmId: r"

/* A document as the engine has it; a cell gets its root when it is the stored side. */
static void *side(const char *yaml, enum kind kind, bool stored)
{
	void *doc = doc_from(yaml, kind);

	ck_assert_int_eq(doc_normalise(kind, doc, NULL, NULL), 0);
	if (stored) {
		if (kind == KIND_CELL && cell_root(&((struct cell_doc *) doc)->spec) == NULL)
			cell_add_root(doc);
		doc_add_managed_labels(kind, doc);
	}
	return doc;
}

/* changes: joined by '|'; details: "key=text" joined by '|'. */
static const struct {
	enum kind kind;
	const char *stored;
	const char *wanted;
	enum diff_action action;
	const char *changes;
	const char *details;
} rows[] = {
	{ KIND_REALM, REALM ", labels: {a: b}}", REALM ", labels: {a: b}}", DIFF_NONE, "", "" },
	{ KIND_REALM, REALM "}\nspec: {namespace: n}", REALM "}", DIFF_NONE, "", "" },
	{ KIND_REALM, REALM "}\nspec: {namespace: n}", REALM "}\nspec: {namespace: m}",
	  DIFF_REFUSED, "spec.namespace", "spec.namespace=namespace changed from \"n\" to \"m\"" },
	{ KIND_REALM, REALM ", labels: {a: b}}", REALM ", labels: {a: c}}", DIFF_IN_PLACE,
	  "metadata.labels", "metadata.labels=labels changed" },
	{ KIND_REALM, REALM ", labels: {x: ''}}", REALM ", labels: {y: '1'}}", DIFF_IN_PLACE,
	  "metadata.labels", "metadata.labels=labels changed" },
	{ KIND_REALM, REALM "}", REALM "}\nspec: {registryCredentials: [{username: u}]}",
	  DIFF_IN_PLACE, "spec.registryCredentials",
	  "spec.registryCredentials=registry credentials changed" },
	{ KIND_SPACE, SPACE ", cniConfigPath: /x}", SPACE "}", DIFF_NONE, "", "" },
	{ KIND_SPACE, SPACE ", cniConfigPath: /x}", SPACE ", cniConfigPath: /y}", DIFF_REFUSED,
	  "spec.cniConfigPath", "spec.cniConfigPath=cniConfigPath changed from \"/x\" to \"/y\"" },
	{ KIND_SPACE, SPACE "}", SPACE ", defaults: {container: {user: '1'}}}", DIFF_IN_PLACE,
	  "spec.defaults.container", "spec.defaults.container=container defaults changed" },
	{ KIND_SPACE, SPACE "}", SPACE ", network: {egress: {default: deny}}}", DIFF_IN_PLACE,
	  "spec.network.egress", "spec.network.egress=egress policy changed" },
	{ KIND_SPACE, SPACE ", defaults: {}, network: {}}", SPACE "}", DIFF_NONE, "", "" },
	{ KIND_STACK, "kind: Stack\nmetadata: {name: t}\nspec: {id: a, realmId: r, spaceId: s}",
	  "kind: Stack\nmetadata: {name: t}\nspec: {id: b, realmId: r, spaceId: s}", DIFF_IN_PLACE,
	  "spec.id", "spec.id=ID changed from \"a\" to \"b\"" },
	/* cells */
	{ KIND_CELL, CELL "containers: [{id: a, image: i}]}",
	  CELL "containers: [{id: a, image: i}]}", DIFF_NONE, "", "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, env: [A=b]}]}",
	  CELL "containers: [{id: a, image: j, env: [A=c]}]}", DIFF_RECREATE_CONTAINERS,
	  "container \"a\" updated: image, env", "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i}, {id: b, image: i}, {id: z, image: i}]}",
	  CELL "containers: [{id: n, image: i}, {id: b, image: i, user: '1'}]}",
	  DIFF_RECREATE_CONTAINERS,
	  "container \"n\" added|container \"b\" updated: user|container \"a\" removed|container "
	  "\"z\" removed",
	  "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i}]}",
	  CELL "containers: [{id: a, image: i, restartPolicy: always, ports: ['1:1']}]}",
	  DIFF_IN_PLACE, "container \"a\" updated: ports, restartPolicy", "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i}]}",
	  CELL "containers: [{id: a, image: i, hostPID: true}]}", DIFF_RECREATE_CELL,
	  "container \"a\" updated: hostPID", "" },
	/* What a container joins, its cell joins. */
	{ KIND_CELL, CELL "containers: [{id: a, image: i}]}",
	  CELL "containers: [{id: a, image: i}, {id: b, image: i, networks: [x]}]}",
	  DIFF_RECREATE_CELL, "container \"b\" added", "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, networks: [x]}]}",
	  CELL "containers: [{id: a, image: i, networks: [x]}, {id: b, image: i, networks: [x]}]}",
	  DIFF_RECREATE_CONTAINERS, "container \"b\" added", "" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i}, {id: b, image: i, networks: [x]}]}",
	  CELL "containers: [{id: a, image: i}]}", DIFF_RECREATE_CELL, "container \"b\" removed",
	  "" },
	{ KIND_CELL, CELL "containers: [{id: a, volumes: [{source: /x, target: /y}]}]}",
	  CELL "containers: [{id: a, volumes: [{kind: bind, source: /x, target: /y}]}]}", DIFF_NONE,
	  "", "" },
	{ KIND_CELL, CELL "containers: [{id: a, volumes: [{source: /x, target: /y}]}]}",
	  CELL "containers: [{id: a, volumes: [{source: /x, target: /y, readOnly: true}]}]}",
	  DIFF_RECREATE_CONTAINERS, "container \"a\" updated: volumes", "" },
	{ KIND_CELL, CELL "containers: [{id: a}]}", CELL "autoDelete: true, containers: [{id: a}]}",
	  DIFF_IN_PLACE, "spec.autoDelete",
	  "spec.autoDelete=autoDelete changed from false to true" },
	{ KIND_CELL, CELL "containers: [{id: a}]}",
	  CELL "nestedCgroupRuntime: true, containers: [{id: a}]}", DIFF_RECREATE_CELL,
	  "spec.nestedCgroupRuntime",
	  "spec.nestedCgroupRuntime=nestedCgroupRuntime changed from false to true" },
	{ KIND_CELL, CELL "containers: [{id: a}]}", CELL "id: z, containers: [{id: a}]}",
	  DIFF_REFUSED, "spec.id", "spec.id=ID changed from \"c\" to \"z\"" },
	/* roots */
	{ KIND_CELL, CELL "containers: [{id: r, root: true, image: i}]}",
	  CELL "containers: [{id: r, root: true, image: j}]}", DIFF_RECREATE_CELL,
	  "root container recreated",
	  "rootContainer=root container spec changed (image, command, or args)" },
	{ KIND_CELL, CELL "containers: [{id: r, root: true, image: i}]}",
	  CELL "containers: [{id: r, root: true, image: j, env: [A=b]}]}", DIFF_RECREATE_CELL,
	  "root container recreated", "rootContainer=root container spec changed (image, env)" },
	{ KIND_CELL, CELL "containers: [{id: r, root: true}]}",
	  CELL "containers: [{id: r, root: true, restartPolicy: always}]}", DIFF_IN_PLACE,
	  "container \"r\" updated: restartPolicy", "" },
	{ KIND_CELL, CELL "containers: [{id: a}]}",
	  CELL "containers: [{id: a}, {id: r, root: true}]}", DIFF_RECREATE_CELL,
	  "root container recreated", "rootContainer=root container added" },
	{ KIND_CELL, CELL "containers: [{id: a}]}",
	  CELL "rootContainerId: a, containers: [{id: a}]}", DIFF_RECREATE_CELL,
	  "root container recreated", "rootContainer=root container added" },
	{ KIND_CELL, CELL "rootContainerId: a, containers: [{id: a}, {id: b}]}",
	  CELL "rootContainerId: a, containers: [{id: a}, {id: b}]}", DIFF_NONE, "", "" },
	{ KIND_CELL, CELL "containers: [{id: a, root: true}, {id: b}]}",
	  CELL "containers: [{id: a}, {id: b, root: true}]}", DIFF_RECREATE_CELL,
	  "root container recreated", "rootContainer=root container changed from \"a\" to \"b\"" },
	{ KIND_CELL, CELL "containers: [{id: a, root: true}]}", CELL "containers: [{id: a}]}",
	  DIFF_RECREATE_CELL, "root container recreated",
	  "rootContainer=root container changed from \"a\" to \"root\"" },
	{ KIND_CELL, CELL "containers: [{id: a, root: true}, {id: b}]}",
	  CELL "containers: [{id: b}]}", DIFF_REFUSED, "", "" },
	{ KIND_CONTAINER,
	  "kind: Container\nmetadata: {name: w}\nspec: {cellId: c, image: a, user: x}",
	  "kind: Container\nmetadata: {name: w, labels: {a: b}}\nspec: {cellId: c, image: b, "
	  "privileged: true, tmpfs: [{path: /x}]}",
	  DIFF_RECREATE_CONTAINERS, "metadata.labels|image|privileged|user|tmpfs",
	  "image=image changed from \"a\" to \"b\"|metadata.labels=labels changed|"
	  "privileged=privileged changed from false to true|tmpfs=tmpfs mounts changed|user=user "
	  "changed from \"x\" to \"\"" },
	{ KIND_CONTAINER, "kind: Container\nmetadata: {name: w}\nspec: {cellId: c}",
	  "kind: Container\nmetadata: {name: w}\nspec: {cellId: d}", DIFF_REFUSED, "", "" },
	{ KIND_CONTAINER, "kind: Container\nmetadata: {name: w}\nspec: {root: true, image: a}",
	  "kind: Container\nmetadata: {name: w}\nspec: {root: true, image: b}", DIFF_RECREATE_CELL,
	  "image", "image=image changed from \"a\" to \"b\"" },
	{ KIND_CONTAINER, "kind: Container\nmetadata: {name: w}\nspec: {capabilities: {}}",
	  "kind: Container\nmetadata: {name: w}\nspec: {resources: {}}", DIFF_NONE, "", "" },
};

START_TEST(table)
{
	void *a = side(rows[_i].stored, rows[_i].kind, true);
	void *b = side(rows[_i].wanted, rows[_i].kind, false);
	cleanup_buf struct buf changes = BUF_INIT(4096);
	cleanup_buf struct buf details = BUF_INIT(4096);
	cleanup_diff struct diff d = { 0 };
	size_t i;

	diff_doc(rows[_i].kind, a, b, &d);
	for (i = 0; i < d.changes.n; i++)
		buf_addf(&changes, "%s%s", i > 0 ? "|" : "", d.changes.v[i]);
	for (i = 0; i < d.details.n; i++)
		buf_addf(&details, "%s%s=%s", i > 0 ? "|" : "", d.details.v[i].key,
			 d.details.v[i].value);
	ck_assert_msg(streq(buf_str(&changes), rows[_i].changes), "row %d: %s", _i,
		      buf_str(&changes));
	ck_assert_msg(streq(buf_str(&details), rows[_i].details), "row %d: %s", _i,
		      buf_str(&details));
	ck_assert_msg(d.action == rows[_i].action, "row %d: action %d", _i, (int) d.action);
	doc_free(rows[_i].kind, a);
	doc_free(rows[_i].kind, b);
}
END_TEST

START_TEST(refusals)
{
	struct kerr err = { 0 };
	cleanup_diff struct diff d = { 0 };
	void *a = side(REALM "}\nspec: {namespace: n}", KIND_REALM, true);
	void *b = side(REALM "}\nspec: {namespace: m}", KIND_REALM, false);

	diff_doc(KIND_REALM, a, b, &d);
	ck_assert_int_eq(diff_refusal(&d, KIND_REALM, "r", &err), -EINVAL);
	ck_assert_str_eq(err.msg, "realm \"r\" has breaking changes: [spec.namespace]. Delete the "
				  "realm and recreate it with the new spec");
	diff_doc(KIND_REALM, a, a, &d);
	ck_assert_int_eq(diff_refusal(&d, KIND_REALM, "r", &err), 0);
	doc_free(KIND_REALM, a);
	doc_free(KIND_REALM, b);
	a = side(CELL "containers: [{id: a, root: true}, {id: b}]}", KIND_CELL, true);
	b = side(CELL "containers: [{id: b}]}", KIND_CELL, false);
	diff_doc(KIND_CELL, a, b, &d);
	ck_assert_int_eq(diff_refusal(&d, KIND_CELL, "c", &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "root container \"a\" cannot be removed from cell \"c\", delete the "
			 "cell instead using 'kuke delete cell c'");
	doc_free(KIND_CELL, a);
	doc_free(KIND_CELL, b);
}
END_TEST

START_TEST(id_lists)
{
	cleanup_diff struct diff d = { 0 };
	struct cell_doc *a = side(CELL "containers: [{id: a}, {id: b}, {id: e}]}", KIND_CELL, true);
	struct cell_doc *b =
		side(CELL "containers: [{id: a, restartPolicy: always}, {id: b, user: x}, "
			  "{id: d}]}",
		     KIND_CELL, false);

	a->status.state = CELL_STATE_READY;
	a->status.created_at.set = true;
	diff_doc(KIND_CELL, a, b, &d);
	ck_assert_uint_eq(d.updated.n, 1);
	ck_assert_str_eq(d.updated.v[0], "a");
	ck_assert_uint_eq(d.recreated.n, 1);
	ck_assert_str_eq(d.recreated.v[0], "b");
	ck_assert_uint_eq(d.added.n, 1);
	ck_assert_str_eq(d.added.v[0], "d");
	ck_assert_uint_eq(d.removed.n, 1);
	ck_assert_str_eq(d.removed.v[0], "e");
	diff_merge_cell(b, a);
	ck_assert_uint_eq(b->spec.containers.n, 4);
	ck_assert_ptr_nonnull(cell_root(&b->spec));
	ck_assert_int_eq(b->status.state, CELL_STATE_READY);
	ck_assert(b->status.created_at.set);
	ck_assert_str_eq(strmap_get(&b->head.metadata.labels, "cell.kukeon.io"), "c");
	diff_doc(KIND_CELL, b, b, &d);
	ck_assert_int_eq(d.action, DIFF_NONE);
	doc_free(KIND_CELL, a);
	doc_free(KIND_CELL, b);
}
END_TEST

/* Give a field of a zeroed object a value that no zero has. */
static void mutate(const struct field *f, void *obj)
{
	void *p = field_ptr(f, obj);

	switch (f->type) {
	case FIELD_STRING:
		*(char **) p = xstrdup("changed");
		break;
	case FIELD_BOOL:
		*(bool *) p = true;
		break;
	case FIELD_STRLIST:
		strlist_add(p, "changed");
		break;
	case FIELD_OBJLIST:
		mutate(&f->obj->fields[0], list_grow(p, f->obj->size));
		break;
	case FIELD_OBJPTR:
		mutate(&f->obj->fields[0], objptr_make(p, f->obj));
		break;
	case FIELD_NINT:
		((struct nint *) p)->set = true;
		break;
	default:
		ck_abort_msg("a row of a type this test does not know: %s", f->name);
	}
}

/* Each row of a container's spec yields its class, in a cell and alone, and nothing else. */
START_TEST(every_row_its_class)
{
	static const enum diff_action actions[] = {
		[CLASS_IN_PLACE] = DIFF_IN_PLACE,
		[CLASS_RECREATE_CONTAINER] = DIFF_RECREATE_CONTAINERS,
		[CLASS_RECREATE_CELL] = DIFF_RECREATE_CELL,
		[CLASS_REFUSED] = DIFF_REFUSED,
	};
	const struct field *f = &container_spec_type.fields[_i];
	struct container_spec a = { 0 }, b = { 0 };
	struct cell_doc *x = side(CELL "containers: [{id: web}]}", KIND_CELL, true);
	struct cell_doc *y = side(CELL "containers: [{id: web}]}", KIND_CELL, false);
	cleanup_diff struct diff d = { 0 };
	cleanup_strlist struct strlist run = { 0 };
	cleanup_free char *line = xasprintf("container \"web\" updated: %s", f->name);
	cleanup_free char *run_line = xasprintf("spec.containers[\"web\"].%s", f->name);

	mutate(f, &b);
	diff_container_spec(&a, &b, &d);
	if (f->flags & (FIELD_READ_ONLY | FIELD_IDENTITY)) {
		ck_assert_uint_eq(d.changes.n, 0);
	} else {
		ck_assert_int_ne(f->change, CLASS_NONE);
		ck_assert_uint_eq(d.changes.n, 1);
		ck_assert_str_eq(d.changes.v[0], f->name);
		ck_assert_int_eq(d.action, actions[f->change]);
		ck_assert_uint_eq(d.details.n, 1);
	}
	if (!(f->flags & (FIELD_READ_ONLY | FIELD_IDENTITY)) && !streq(f->name, "root")) {
		model_clear(&container_spec_type, &b);
		model_copy(&container_spec_type, &b, &y->spec.containers.v[0]);
		if (f->type == FIELD_STRING)
			free_p(field_ptr(f, &b));
		mutate(f, &b);
		model_copy(&container_spec_type, &y->spec.containers.v[0], &b);
		diff_doc(KIND_CELL, x, y, &d);
		ck_assert_uint_eq(d.changes.n, 1);
		ck_assert_str_eq(d.changes.v[0], line);
		ck_assert_int_eq(d.action, actions[f->change]);
		diff_run(x, y, &run);
		ck_assert_uint_eq(run.n, 1);
		ck_assert_str_eq(run.v[0], run_line);
	}
	model_clear(&container_spec_type, &b);
	doc_free(KIND_CELL, x);
	doc_free(KIND_CELL, y);
}
END_TEST

static const struct {
	const char *stored;
	const char *wanted;
	const char *want;
} runs[] = {
	{ CELL "containers: [{id: a, image: i}]}", CELL "containers: [{id: a, image: i}]}", "" },
	{ CELL "containers: [{id: a, image: i, tty: {}}, {id: b}]}",
	  CELL "containers: [{id: b, args: []}, {id: a, image: i}]}", "" },
	{ CELL "containers: [{id: a}]}",
	  "kind: Cell\nmetadata: {name: c, labels: {x: y}}\nspec: {realmId: r, spaceId: s, stackId: t, "
	  "containers: [{id: a}]}",
	  "" },
	{ CELL "containers: [{id: a}]}", CELL "containers: [{id: a}, {id: b}]}",
	  "spec.containers (count: actual=1, desired=2)" },
	{ CELL "containers: [{id: a}]}", CELL "containers: [{id: b}]}",
	  "spec.containers[\"a\"] (missing in file)" },
	{ CELL "containers: [{id: a, image: i}]}",
	  CELL "containers: [{id: a, image: j, command: x, user: u, resources: {pidsLimit: 1}}]}",
	  "spec.containers[\"a\"].image|spec.containers[\"a\"].command|spec.containers[\"a\"].user|"
	  "spec.containers[\"a\"].resources" },
	{ CELL "containers: [{id: a}]}",
	  "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: z, containers: [{id: "
	  "a}]}",
	  "spec.stackId" },
	{ CELL "containers: [{id: a, user: u, readOnlyRootFilesystem: true, tmpfs: [{path: /x}], "
	       "capabilities: {drop: [ALL]}, env: [A=b]}]}",
	  CELL "containers: [{id: a, capabilities: {}}]}",
	  "spec.containers[\"a\"].env|spec.containers[\"a\"].capabilities" },
	{ CELL "containers: [{id: a}]}", CELL "autoDelete: true, containers: [{id: a}]}",
	  "spec.autoDelete" },
	{ CELL "rootContainerId: a, containers: [{id: a, image: i}, {id: b}]}",
	  CELL "rootContainerId: a, containers: [{id: a, image: i}, {id: b}]}", "" },
	{ CELL "containers: [{id: a, image: i, root: true}, {id: b}]}",
	  CELL "containers: [{id: a, image: j, root: true}, {id: b}]}",
	  "spec.containers[\"a\"].image" },
	{ CELL "containers: [{id: b}]}", CELL "containers: [{id: a, root: true}, {id: b}]}",
	  "spec.rootContainerId" },
};

START_TEST(run)
{
	struct cell_doc *a = side(runs[_i].stored, KIND_CELL, true);
	struct cell_doc *b = side(runs[_i].wanted, KIND_CELL, false);
	cleanup_strlist struct strlist fields = { 0 };
	cleanup_buf struct buf joined = BUF_INIT(4096);
	size_t i;

	diff_run(a, b, &fields);
	for (i = 0; i < fields.n; i++)
		buf_addf(&joined, "%s%s", i > 0 ? "|" : "", fields.v[i]);
	ck_assert_str_eq(buf_str(&joined), runs[_i].want);
	doc_free(KIND_CELL, a);
	doc_free(KIND_CELL, b);
}
END_TEST

static Suite *test_diff(void)
{
	Suite *s = suite_create("diff");
	TCase *t = tcase_create("diff");

	tcase_add_loop_test(t, table, 0, ARRAY_SIZE(rows));
	tcase_add_test(t, refusals);
	tcase_add_test(t, id_lists);
	tcase_add_loop_test(t, every_row_its_class, 0, (int) container_spec_type.n_fields);
	tcase_add_loop_test(t, run, 0, ARRAY_SIZE(runs));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_diff);
