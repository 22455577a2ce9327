/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "convert.h"
#include "docs.h"
#include "mem.h"
#include "model.h"
#include "plan.h"
#include "status.h"
#include "str.h"
#include "unit.h"

/*
 * Cells in the shorthand of the table: "main=1 side=2" are two containers, each with its
 * image's tag; "!main=1" is a root; "main=1+pids" has a limit, "main=1+auto" a policy,
 * "main=1+80" publishes port 80, "main=1+db" has the alias db, "main=1+net" joins a network.
 */
static void add_container(struct buf *yaml, const char *word)
{
	bool root = *word == '!';
	const char *id = word + root, *tag = strchr(id, '=') + 1;
	size_t n = strcspn(tag, "+ ");
	const char *more = tag + n;

	buf_addf(yaml, "    - {id: %.*s, image: \"i:%.*s\", command: x%s%s}\n",
		 (int) (tag - id - 1), id, (int) n, tag, root ? ", root: true" : "",
		 str_has_prefix(more, "+pids")	 ? ", resources: {pidsLimit: 9}"
		 : str_has_prefix(more, "+auto") ? ", restartPolicy: always"
		 : str_has_prefix(more, "+80")	 ? ", ports: ['80:80']"
		 : str_has_prefix(more, "+81")	 ? ", ports: ['81:80']"
		 : str_has_prefix(more, "+db")	 ? ", networksAliases: [db]"
		 : str_has_prefix(more, "+net")	 ? ", networks: [back]"
						 : "");
}

static struct cell_doc *cell_of(const char *text, const char *label)
{
	struct buf yaml cleanup_buf = BUF_INIT(8192);
	struct kerr err = { 0 };
	struct cell_doc *d;

	buf_addf(&yaml,
		 "apiVersion: v1beta1\nkind: Cell\nmetadata: {name: c, labels: {l: \"%s\"}}\n"
		 "spec:\n  id: c\n  realmId: r\n  spaceId: s\n  stackId: t\n  containers:\n",
		 label);
	for (const char *word = text; word; word = strchr(word, ' ')) {
		word += *word == ' ';
		add_container(&yaml, word);
	}
	d = doc_from(buf_str(&yaml), KIND_CELL);
	ck_assert_msg(cell_normalise(d, NULL, &err) == 0, "%s", err.msg);
	return d;
}

/* The stored one, in that state; containers in never have not run. */
static struct cell_doc *stored_of(const char *text, cell_state state, const char *never)
{
	struct cell_doc *d = cell_of(text, "");

	if (!cell_root(&d->spec))
		cell_add_root(d);
	d->status.state = state;
	status_align(d);
	for (size_t i = 0; i < d->status.containers.n; i++) {
		struct container_status *st = &d->status.containers.v[i];

		st->state = never && streq(st->name, never) ? CONTAINER_STATE_PENDING
			    : state == CELL_STATE_READY	    ? CONTAINER_STATE_READY
							    : CONTAINER_STATE_STOPPED;
	}
	return d;
}

static const char *const step_words[] = {
	[STEP_TRY] = "try",	[STEP_END] = "end",	  [STEP_LIMITS] = "limits",
	[STEP_STOP] = "stop",	[STEP_DROP] = "drop",	  [STEP_RESET] = "reset",
	[STEP_STORE] = "store", [STEP_WAKE] = "wake",	  [STEP_MEND] = "mend",
	[STEP_START] = "start", [STEP_LABELS] = "labels", [STEP_CLAIM] = "claim",
	[STEP_PORTS] = "ports", [STEP_NAMES] = "names",
};

static char *steps_text(const struct plan *p)
{
	struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < p->n; i++)
		buf_addf(&b, "%s%s%s%s", i ? ", " : "", step_words[p->v[i].kind],
			 p->v[i].id ? " " : "", p->v[i].id ? p->v[i].id : "");
	return buf_take(&b);
}

static char *changes_text(const struct plan *p)
{
	struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < p->changes.n; i++)
		buf_addf(&b, "%s%s", i ? "; " : "", p->changes.v[i]);
	return buf_take(&b);
}

#define READY CELL_STATE_READY
#define DOWN CELL_STATE_STOPPED
#define RESTARTED "cell restarted: CNI plugins publish ports when it starts"
#define AGAIN "runtime stopped: containers re-materialized"

static const struct row {
	const char *what;
	cell_state state;
	const char *stored, *wanted;
	const char *steps, *changes;
	enum plan_action action;
	const char *only, *never, *label;
	bool was_up, labels, by_plugins;
} rows[] = {
	/* ---- a cell ---- */
	{ "same, up", READY, "main=1", "main=1", "mend", "", PLAN_UNCHANGED },
	{ "same, down", DOWN, "main=1", "main=1", "start",
	  AGAIN "; container \"main\" re-materialized", PLAN_UPDATED },
	{ "same, failed", CELL_STATE_FAILED, "main=1", "main=1", "start",
	  AGAIN "; container \"main\" re-materialized", PLAN_UPDATED },
	{ "same, never started", CELL_STATE_PENDING, "main=1", "main=1", "start",
	  AGAIN "; container \"main\" re-materialized", PLAN_UPDATED },
	{ "same, unknown", CELL_STATE_UNKNOWN, "main=1", "main=1", "mend", "", PLAN_UNCHANGED },
	{ "same, one never ran", READY, "main=1 side=1", "main=1 side=1", "mend, start side",
	  "container \"side\" re-materialized", PLAN_UPDATED, .never = "side" },
	{ "labels, up", READY, "main=1", "main=1", "store, wake", "metadata.labels", PLAN_UPDATED,
	  .label = "x" },
	{ "labels, down", DOWN, "main=1", "main=1", "store, wake, start", "metadata.labels",
	  PLAN_UPDATED, .label = "x" },
	{ "a policy", READY, "main=1", "main=1+auto", "store, wake",
	  "container \"main\" updated: restartPolicy", PLAN_UPDATED },
	{ "limits, up", READY, "main=1", "main=1+pids", "limits main, store, wake",
	  "container \"main\" updated: resources", PLAN_UPDATED },
	{ "limits, down", DOWN, "main=1", "main=1+pids", "store, wake, start",
	  "container \"main\" updated: resources", PLAN_UPDATED },
	{ "ports, up", READY, "main=1+80", "main=1+81", "claim, ports, store, wake",
	  "container \"main\" updated: ports", PLAN_UPDATED },
	{ "ports, down", DOWN, "main=1+80", "main=1+81", "claim, store, wake, start",
	  "container \"main\" updated: ports", PLAN_UPDATED },
	{ "ports given up", READY, "main=1+80", "main=1", "claim, ports, store, wake",
	  "container \"main\" updated: ports", PLAN_UPDATED },
	{ "ports, the same, down", DOWN, "main=1+80", "main=1+80", "claim, start",
	  AGAIN "; container \"main\" re-materialized", PLAN_UPDATED },
	{ "ports, the same, up", READY, "main=1+80", "main=1+80", "mend", "", PLAN_UNCHANGED },
	{ "ports of a container that goes", READY, "main=1 side=1+80", "main=1",
	  "claim, end side, drop side, ports, store", "container \"side\" removed", PLAN_UPDATED },
	{ "ports of a new container", READY, "main=1", "main=1 side=1+80",
	  "try side, claim, ports, store, start side", "container \"side\" added", PLAN_UPDATED },
	{ "ports by plugins, up", READY, "main=1+80", "main=1+81", "claim, end, stop, store, start",
	  "container \"main\" updated: ports; " RESTARTED, PLAN_UPDATED, .by_plugins = true },
	{ "ports by plugins, and down while it ended", DOWN, "main=1+80", "main=1",
	  "claim, end, stop, store, start", "container \"main\" updated: ports; " RESTARTED,
	  PLAN_UPDATED, .by_plugins = true, .was_up = true },
	{ "ports by plugins, down", DOWN, "main=1+80", "main=1+81", "claim, store, wake, start",
	  "container \"main\" updated: ports", PLAN_UPDATED, .by_plugins = true },
	{ "ports by plugins, and containers", READY, "main=1 old=1 side=1",
	  "main=2 side=1+80 new=1",
	  "try main, try new, claim, end, stop, drop old, reset main, store, start",
	  "container \"main\" updated: image; container \"side\" updated: ports; container "
	  "\"new\" added; container \"old\" removed; " RESTARTED,
	  PLAN_UPDATED, .by_plugins = true },
	{ "by plugins, other changes", READY, "main=1+80", "main=1+db",
	  "claim, end, stop, store, "
	  "names, start",
	  "container \"main\" updated: ports, networksAliases; " RESTARTED, PLAN_UPDATED,
	  .by_plugins = true },
	{ "by plugins, no change of ports", READY, "main=1", "main=1+db", "store, names, wake",
	  "container \"main\" updated: networksAliases", PLAN_UPDATED, .by_plugins = true },
	{ "ports by plugins, with a root", READY, "!main=1 side=1", "!main=2 side=1+80",
	  "try main, try side, claim, end, stop, reset main, reset side, store, start",
	  "root container recreated; container \"side\" updated: ports", PLAN_UPDATED,
	  .by_plugins = true },
	{ "one: ports by plugins", READY, "main=1", "main=1+80", "claim, end, stop, store, start",
	  "container \"main\" updated: ports; " RESTARTED, PLAN_UPDATED, .only = "main",
	  .by_plugins = true },
	{ "one: ports by plugins, down: it waits", DOWN, "main=1", "main=1+80", "store, wake",
	  "container \"main\" updated: ports", PLAN_UPDATED, .only = "main", .by_plugins = true },
	{ "image, with ports", READY, "main=1+80", "main=2+80",
	  "try main, end main, reset main, store, start main", "container \"main\" updated: image",
	  PLAN_UPDATED },
	{ "image, up", READY, "main=1 side=1", "main=2 side=1",
	  "try main, end main, reset main, store, start main", "container \"main\" updated: image",
	  PLAN_UPDATED },
	{ "image, down", DOWN, "main=1", "main=2", "try main, end main, reset main, store, start",
	  "container \"main\" updated: image", PLAN_UPDATED },
	{ "image and limits of another", READY, "main=1 side=1", "main=2 side=1+pids",
	  "try main, end main, limits side, reset main, store, start main",
	  "container \"main\" updated: image; container \"side\" updated: resources",
	  PLAN_UPDATED },
	{ "image, and down while it ended", DOWN, "main=1", "main=2",
	  "try main, end main, reset main, store, start", "container \"main\" updated: image",
	  PLAN_UPDATED, .was_up = true },
	{ "one more", READY, "main=1", "main=1 side=1", "try side, store, start side",
	  "container \"side\" added", PLAN_UPDATED },
	{ "one less", READY, "main=1 side=1", "main=1", "end side, drop side, store",
	  "container \"side\" removed", PLAN_UPDATED },
	{ "one less, down", DOWN, "main=1 side=1", "main=1", "end side, drop side, store, start",
	  "container \"side\" removed", PLAN_UPDATED },
	{ "one for another", READY, "main=1", "side=1",
	  "try side, end main, drop main, store, start side",
	  "container \"side\" added; container \"main\" removed", PLAN_UPDATED },
	{ "root, up", READY, "!main=1 side=1", "!main=2 side=1",
	  "try main, try side, end, stop, reset main, reset side, store, start",
	  "root container recreated", PLAN_UPDATED },
	{ "root, down", DOWN, "!main=1", "!main=2", "try main, end, stop, reset main, store, start",
	  "root container recreated", PLAN_UPDATED },
	{ "an alias, up", READY, "main=1", "main=1+db", "store, names, wake",
	  "container \"main\" updated: networksAliases", PLAN_UPDATED },
	{ "an alias, down", DOWN, "main=1+db", "main=1", "store, names, wake, start",
	  "container \"main\" updated: networksAliases", PLAN_UPDATED },
	{ "an alias from one to another", READY, "main=1+db side=1", "main=1 side=1+db",
	  "store, wake",
	  "container \"main\" updated: networksAliases; container \"side\" updated: "
	  "networksAliases",
	  PLAN_UPDATED },
	{ "an alias with its container", READY, "main=1 side=1+db", "main=1",
	  "end side, drop side, store, names", "container \"side\" removed", PLAN_UPDATED },
	{ "a network", READY, "main=1 side=1", "main=1+net side=1",
	  "try main, try side, end, stop, reset main, reset side, reset root, store, names, start",
	  "container \"main\" updated: networks", PLAN_UPDATED },
	{ "a network with its container", READY, "main=1", "main=1 side=1+net",
	  "try main, try side, end, stop, reset main, reset root, store, names, start",
	  "container \"side\" added", PLAN_UPDATED },
	{ "a container on the same network", READY, "main=1+net", "main=1+net side=1+net",
	  "try side, store, start side", "container \"side\" added", PLAN_UPDATED },
	/* ---- one container of it ---- */
	{ "one: same", READY, "main=1", "main=1", "mend", "", PLAN_UNCHANGED, .only = "main" },
	{ "one: same, down", DOWN, "main=1", "main=1", "", "", PLAN_UNCHANGED, .only = "main" },
	{ "one: its labels", READY, "main=1", "main=1", "mend, labels", "metadata.labels",
	  PLAN_UPDATED, .only = "main", .labels = true },
	{ "one: image", READY, "main=1 side=1", "main=2 side=1",
	  "try main, end main, reset main, store, start main", "container \"main\" updated: image",
	  PLAN_UPDATED, .only = "main" },
	{ "one: image and labels", READY, "main=1", "main=2",
	  "try main, end main, reset main, store, start main, labels",
	  "container \"main\" updated: image; metadata.labels", PLAN_UPDATED, .only = "main",
	  .labels = true },
	{ "one: image, down: it waits", DOWN, "main=1", "main=2", "end main, reset main, store",
	  "container \"main\" updated: image", PLAN_UPDATED, .only = "main" },
	{ "one: image, and down while it ended", DOWN, "main=1", "main=2",
	  "try main, end main, reset main, store, start", "container \"main\" updated: image",
	  PLAN_UPDATED, .only = "main", .was_up = true },
	{ "one: new", READY, "main=1", "main=1 side=1", "try side, store, start side, labels", "",
	  PLAN_CREATED, .only = "side", .labels = true },
	{ "one: new, down", DOWN, "main=1", "main=1 side=1", "store", "", PLAN_CREATED,
	  .only = "side" },
	{ "one: root, down", DOWN, "!main=1", "!main=2", "end, stop, reset main, store",
	  "root container recreated", PLAN_UPDATED, .only = "main" },
	{ "one: root, and down while it ended", DOWN, "!main=1", "!main=2",
	  "try main, end, stop, reset main, store, start", "root container recreated", PLAN_UPDATED,
	  .only = "main", .was_up = true },
};

START_TEST(cells)
{
	const struct row *row = &rows[_i];
	struct cell_doc *stored = stored_of(row->stored, row->state, row->never);
	struct cell_doc *want = cell_of(row->wanted, row->label ? row->label : "");
	struct plan p cleanup_(plan_clear) = { 0 };
	char *steps cleanup_free = NULL, *changes cleanup_free = NULL;
	struct kerr err = { 0 };
	const struct plan_cell in = { .stored = stored,
				      .want = want,
				      .only = row->only,
				      .was_up = row->was_up,
				      .labels = row->labels,
				      .by_plugins = row->by_plugins };

	ck_assert_msg(plan_cell(&in, &p, &err) == 0, "%s: %s", row->what, err.msg);
	steps = steps_text(&p);
	changes = changes_text(&p);
	ck_assert_msg(streq(steps, row->steps), "%s: steps are '%s'", row->what, steps);
	ck_assert_msg(streq(changes, row->changes), "%s: changes are '%s'", row->what, changes);
	ck_assert_msg(p.action == row->action, "%s: action %d", row->what, (int) p.action);
	doc_free(KIND_CELL, stored);
	doc_free(KIND_CELL, want);
}
END_TEST

/* Whatever is tried is made by the plan and started, and nothing is given up before. */
START_TEST(tried_first)
{
	const struct row *row = &rows[_i];
	struct cell_doc *stored = stored_of(row->stored, row->state, row->never);
	struct cell_doc *want = cell_of(row->wanted, row->label ? row->label : "");
	struct plan p cleanup_(plan_clear) = { 0 };
	const struct plan_cell in = { .stored = stored,
				      .want = want,
				      .only = row->only,
				      .was_up = row->was_up,
				      .by_plugins = row->by_plugins };
	bool begun = false, tried;

	ck_assert_int_eq(plan_cell(&in, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		begun |= p.v[i].kind != STEP_TRY;
		ck_assert(!begun || p.v[i].kind != STEP_TRY);
	}
	for (size_t i = 0; i < want->spec.containers.n; i++) {
		const char *id = want->spec.containers.v[i].id;

		tried = false;
		for (size_t k = 0; k < p.n; k++)
			tried |= p.v[k].kind == STEP_TRY && streq(p.v[k].id, id);
		ck_assert_msg(tried == (plan_makes(&p, id) && plan_starts(&p, id)), "%s: %s",
			      row->what, id);
	}
	doc_free(KIND_CELL, stored);
	doc_free(KIND_CELL, want);
}
END_TEST

START_TEST(refused)
{
	struct cell_doc *stored = stored_of("!main=1", READY, NULL);
	struct cell_doc *want = cell_of("side=1", "");
	struct plan p cleanup_(plan_clear) = { 0 };
	const struct plan_cell in = { .stored = stored, .want = want };
	struct kerr err = { 0 };

	ck_assert_int_eq(plan_cell(&in, &p, &err), -EINVAL);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "root container \"main\" cannot be removed"));
	doc_free(KIND_CELL, stored);
	doc_free(KIND_CELL, want);
}
END_TEST

START_TEST(kept_for_documents_of_their_own)
{
	struct cell_doc *stored = stored_of("main=1 side=1 other=1", READY, NULL);
	struct cell_doc *want = cell_of("main=1", "");
	struct strlist kept cleanup_strlist = { 0 };
	struct plan p cleanup_(plan_clear) = { 0 };
	const struct plan_cell in = { .stored = stored, .want = want };
	char *steps cleanup_free = NULL;

	strlist_add(&kept, "side");
	plan_keep(want, stored, &kept);
	ck_assert_int_eq(plan_cell(&in, &p, NULL), 0);
	steps = steps_text(&p);
	ck_assert_str_eq(steps, "end other, drop other, store");
	doc_free(KIND_CELL, stored);
	doc_free(KIND_CELL, want);
}
END_TEST

/* ---- realms, spaces and stacks ---- */

static const struct parent_row {
	const char *what;
	enum kind kind;
	const char *stored, *wanted; /* metadata and spec */
	const char *changes; /* NULL: refused */
	const char *kept; /* what want has after it */
} parents[] = {
	{ "realm: same", KIND_REALM, "metadata: {name: r}\nspec: {namespace: n}",
	  "metadata: {name: r}", "", "n" },
	{ "realm: labels", KIND_REALM, "metadata: {name: r}\nspec: {namespace: n}",
	  "metadata: {name: r, labels: {a: b}}", "metadata.labels", "n" },
	{ "realm: namespace", KIND_REALM, "metadata: {name: r}\nspec: {namespace: n}",
	  "metadata: {name: r}\nspec: {namespace: m}", NULL, NULL },
	{ "space: path kept", KIND_SPACE,
	  "metadata: {name: s}\nspec: {realmId: r, cniConfigPath: /p}",
	  "metadata: {name: s, labels: {a: b}}\nspec: {realmId: r}", "metadata.labels", "/p" },
	{ "stack: same", KIND_STACK, "metadata: {name: t}\nspec: {realmId: r, spaceId: s}",
	  "metadata: {name: t}\nspec: {realmId: r, spaceId: s}", "", NULL },
};

static void *parent_of(const char *text, enum kind kind)
{
	char *yaml cleanup_free =
		xasprintf("apiVersion: v1beta1\nkind: %s\n%s\n", kind_info(kind)->name, text);
	struct kerr err = { 0 };
	void *d = doc_from(yaml, kind);

	ck_assert_msg(doc_normalise(kind, d, NULL, &err) == 0, "%s", err.msg);
	return d;
}

START_TEST(parent)
{
	const struct parent_row *row = &parents[_i];
	struct doc_head *stored = parent_of(row->stored, row->kind);
	void *want = parent_of(row->wanted, row->kind);
	struct plan p cleanup_(plan_clear) = { 0 };
	char *changes cleanup_free = NULL;
	int r;

	strmap_set(&stored->metadata.labels, "x.kukeon.io", "ours");
	r = plan_parent(row->kind, stored, want, &p, NULL);
	changes = changes_text(&p);
	if (!row->changes) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(p.n, 0);
	} else {
		ck_assert_int_eq(r, 0);
		ck_assert_msg(streq(changes, row->changes), "%s: %s", row->what, changes);
		ck_assert_uint_eq(p.n, *row->changes ? 1 : 0);
		ck_assert_int_eq(p.action, *row->changes ? PLAN_UPDATED : PLAN_UNCHANGED);
		ck_assert_str_eq(
			strmap_get(&((struct doc_head *) want)->metadata.labels, "x.kukeon.io"),
			"ours");
	}
	if (row->kept && row->kind == KIND_REALM)
		ck_assert_str_eq(((struct realm_doc *) want)->spec.namespace, row->kept);
	else if (row->kept)
		ck_assert_str_eq(((struct space_doc *) want)->spec.cni_config_path, row->kept);
	doc_free(row->kind, stored);
	doc_free(row->kind, want);
}
END_TEST

START_TEST(results)
{
	struct rpc_apply_resource res = { 0 };
	struct strlist changes cleanup_strlist = { 0 };
	struct strmap details cleanup_strmap = { 0 };
	struct kerr err = { 0 };

	apply_result_set(&res, PLAN_UNCHANGED, &changes, &details);
	ck_assert_str_eq(res.action, "unchanged");
	ck_assert_ptr_null(res.changes.v); /* null on the wire */
	strlist_add(&changes, "image");
	apply_result_set(&res, PLAN_UPDATED, &changes, &details);
	ck_assert_str_eq(res.action, "updated");
	ck_assert_uint_eq(res.changes.n, 1);
	(void) kerr_plain(&err, -EINVAL, "no");
	apply_result_fail(&res, &err);
	ck_assert_str_eq(res.action, "failed");
	ck_assert_str_eq(res.error, "no");
	ck_assert_uint_eq(res.changes.n, 0);
	free(res.action);
	free(res.error);
	strlist_clear(&res.changes);
	strmap_clear(&res.details);
}
END_TEST

static Suite *test_plan(void)
{
	Suite *s = suite_create("plan");
	TCase *c = tcase_create("plan");

	tcase_add_loop_test(c, cells, 0, ARRAY_SIZE(rows));
	tcase_add_loop_test(c, tried_first, 0, ARRAY_SIZE(rows));
	tcase_add_test(c, refused);
	tcase_add_test(c, kept_for_documents_of_their_own);
	tcase_add_loop_test(c, parent, 0, ARRAY_SIZE(parents));
	tcase_add_test(c, results);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_plan);
