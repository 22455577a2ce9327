/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cellnet.h"
#include "convert.h"
#include "copy.h"
#include "diff.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "str.h"

void diff_clear(struct diff *d)
{
	strlist_clear(&d->changes);
	strmap_clear(&d->details);
	strlist_clear(&d->refused);
	free_p(&d->refusal);
	strlist_clear(&d->recreated);
	strlist_clear(&d->updated);
	strlist_clear(&d->added);
	strlist_clear(&d->removed);
	d->action = DIFF_NONE;
}

static void raise_action(struct diff *d, enum diff_action action)
{
	if (action > d->action)
		d->action = action;
}

static enum diff_action action_of(enum field_class change)
{
	switch (change) {
	case CLASS_NONE:
		return DIFF_NONE;
	case CLASS_IN_PLACE:
		return DIFF_IN_PLACE;
	case CLASS_RECREATE_CONTAINER:
		return DIFF_RECREATE_CONTAINERS;
	case CLASS_RECREATE_CELL:
		return DIFF_RECREATE_CELL;
	case CLASS_REFUSED:
		return DIFF_REFUSED;
	}
	return DIFF_REFUSED;
}

/* ---- equality of fields with special rules ---- */

/* An empty kind means bind. */
static bool volumes_eq(const struct container_spec *a, const struct container_spec *b)
{
	const struct field *f = model_find(&container_spec_type, "volumes", NULL);
	static char bind[] = "bind";
	struct volume_mount x, y;

	if (a->volumes.n != b->volumes.n)
		return false;
	for (size_t i = 0; i < a->volumes.n; i++) {
		x = a->volumes.v[i];
		y = b->volumes.v[i];
		x.kind = str_empty(x.kind) ? bind : x.kind;
		y.kind = str_empty(y.kind) ? bind : y.kind;
		if (!model_eq(f->obj, &x, &y))
			return false;
	}
	return true;
}

static bool container_field_eq(const struct field *f, const struct container_spec *a,
			       const struct container_spec *b)
{
	if (f->offset == offsetof(struct container_spec, volumes))
		return volumes_eq(a, b);
	return field_eq(f, field_cptr(f, a), field_cptr(f, b));
}

/* The labels without the managed ones. */
static bool labels_eq(const struct strmap *a, const struct strmap *b)
{
	cleanup_strmap struct strmap x = { 0 };
	cleanup_strmap struct strmap y = { 0 };

	for (size_t i = 0; i < a->n; i++)
		if (!label_managed(a->v[i].key))
			strmap_set(&x, a->v[i].key, a->v[i].value);
	for (size_t i = 0; i < b->n; i++)
		if (!label_managed(b->v[i].key))
			strmap_set(&y, b->v[i].key, b->v[i].value);
	return strmap_eq(&x, &y);
}

/* ---- texts ---- */

static const char *detail_subject(const char *name)
{
	static const struct {
		const char *name;
		const char *subject;
	} subjects[] = {
		{ "metadata.labels", "labels" },
		{ "spec.registryCredentials", "registry credentials" },
		{ "spec.defaults.container", "container defaults" },
		{ "spec.network.egress", "egress policy" },
		{ "spec.id", "ID" },
		{ "env", "environment variables" },
		{ "tmpfs", "tmpfs mounts" },
		{ "resources", "resource limits" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (streq(subjects[i].name, name))
			return subjects[i].subject;
	return str_has_prefix(name, "spec.") ? name + strlen("spec.") : name;
}

/* name: the entry in Changes; stored and wanted: the structs that contain the field. */
static void record(struct diff *d, const struct field *f, const char *name, const void *stored,
		   const void *wanted)
{
	const void *a = field_cptr(f, stored), *b = field_cptr(f, wanted);
	const char *subject = detail_subject(name), *from, *to;
	cleanup_free char *text = NULL;

	raise_action(d, action_of(f->change));
	if (f->change == CLASS_REFUSED)
		strlist_add(&d->refused, name);
	if (f->type == FIELD_STRING) {
		from = *(char *const *) a;
		to = *(char *const *) b;
		text = xasprintf("%s changed from \"%s\" to \"%s\"", subject,
				 from == NULL ? "" : from, to == NULL ? "" : to);
	} else if (f->type == FIELD_BOOL) {
		text = xasprintf("%s changed from %s to %s", subject,
				 *(const bool *) a ? "true" : "false",
				 *(const bool *) b ? "true" : "false");
	} else {
		text = xasprintf("%s changed", subject);
	}
	strlist_add(&d->changes, name);
	strmap_set(&d->details, name, text);
}

/* ---- by rows ---- */

/* Whether the manifest leaves a field unset whose value the daemon then chooses: not compared. */
static bool left_to_daemon(const struct field *f, const void *wanted)
{
	return f->change == CLASS_REFUSED && field_is_zero(f, field_cptr(f, wanted));
}

static void diff_rows(const struct model_type *t, const void *stored, const void *wanted,
		      const char *prefix, struct diff *d);

/*
 * Compare an object whose own row has no class by the rows inside. A missing object
 * counts as empty.
 */
static void diff_object(const struct field *f, const void *a, const void *b, const char *path,
			struct diff *d)
{
	cleanup_free void *empty = xcalloc(1, f->obj->size);

	if (f->type == FIELD_OBJPTR) {
		a = *(void *const *) a;
		b = *(void *const *) b;
	}
	diff_rows(f->obj, a == NULL ? empty : a, b == NULL ? empty : b, path, d);
}

static void diff_rows(const struct model_type *t, const void *stored, const void *wanted,
		      const char *prefix, struct diff *d)
{
	const struct field *f;

	for (size_t i = 0; i < t->n_fields; i++) {
		cleanup_free char *path = NULL;
		const void *a, *b;

		f = &t->fields[i];
		a = field_cptr(f, stored);
		b = field_cptr(f, wanted);
		if (f->flags & FIELD_READ_ONLY || left_to_daemon(f, wanted))
			continue;
		path = xasprintf("%s%s%s", prefix, *prefix != '\0' ? "." : "", f->name);
		if (f->type == FIELD_EMBED)
			diff_rows(f->obj, a, b, prefix, d);
		else if (streq(path, "metadata.labels") ? labels_eq(a, b) : field_eq(f, a, b))
			continue;
		else if (f->change != CLASS_NONE)
			record(d, f, path, stored, wanted);
		else if (f->type == FIELD_OBJ || f->type == FIELD_OBJPTR)
			diff_object(f, a, b, path, d);
	}
}

/* Whether a row of a container's spec is compared: set by users and not part of its location. */
static bool container_row_compared(const struct field *f)
{
	return !(f->flags & (FIELD_READ_ONLY | FIELD_IDENTITY)) && f->change != CLASS_NONE;
}

static void diff_parents(const struct container_spec *stored, const struct container_spec *wanted,
			 struct diff *d)
{
	if (streq_null(stored->realm_id, wanted->realm_id) &&
	    streq_null(stored->space_id, wanted->space_id) &&
	    streq_null(stored->stack_id, wanted->stack_id) &&
	    streq_null(stored->cell_id, wanted->cell_id))
		return;
	raise_action(d, DIFF_REFUSED);
	strlist_add(&d->refused, "spec.parent");
}

/* Compare the fields; the caller handles a root, which cannot be recreated without its cell. */
static void diff_container_fields(const struct container_spec *stored,
				  const struct container_spec *wanted, struct diff *d)
{
	const struct field *f;

	for (size_t i = 0; i < container_spec_type.n_fields; i++) {
		f = &container_spec_type.fields[i];
		if (!container_row_compared(f) || left_to_daemon(f, wanted) ||
		    container_field_eq(f, stored, wanted))
			continue;
		record(d, f, f->name, stored, wanted);
	}
	if (stored->root && d->action == DIFF_RECREATE_CONTAINERS)
		d->action = DIFF_RECREATE_CELL;
}

void diff_container_spec(const struct container_spec *stored, const struct container_spec *wanted,
			 struct diff *ret)
{
	diff_clear(ret);
	diff_parents(stored, wanted, ret);
	diff_container_fields(stored, wanted, ret);
}

/* ---- cells ---- */

/* Merge a container's diff into the cell's, as one line without details. */
static void fold_container(struct diff *d, const char *id, const struct diff *c)
{
	cleanup_buf struct buf fields = BUF_INIT(4096);

	for (size_t i = 0; i < c->changes.n; i++)
		buf_addf(&fields, "%s%s", i > 0 ? ", " : "", c->changes.v[i]);
	strlist_addf(&d->changes, "container \"%s\" updated: %s", id, buf_str(&fields));
	for (size_t i = 0; i < c->refused.n; i++)
		strlist_addf(&d->refused, "spec.containers[\"%s\"].%s", id, c->refused.v[i]);
	strlist_add(c->action == DIFF_IN_PLACE ? &d->updated : &d->recreated, id);
	raise_action(d, c->action);
}

static bool is_process_only(const struct strlist *fields)
{
	for (size_t i = 0; i < fields->n; i++)
		if (!streq(fields->v[i], "image") && !streq(fields->v[i], "command") &&
		    !streq(fields->v[i], "args"))
			return false;
	return true;
}

static void root_recreated(struct diff *d, const char *detail)
{
	raise_action(d, DIFF_RECREATE_CELL);
	strlist_add(&d->changes, "root container recreated");
	strmap_set(&d->details, "rootContainer", detail);
}

static void diff_same_root(const struct container_spec *stored, const struct container_spec *wanted,
			   struct diff *d)
{
	cleanup_diff struct diff c = { 0 };
	cleanup_buf struct buf text = BUF_INIT(4096);

	diff_container_fields(stored, wanted, &c);
	if (c.action == DIFF_NONE)
		return;
	if (c.action != DIFF_RECREATE_CELL) {
		fold_container(d, stored->id, &c);
		return;
	}
	if (is_process_only(&c.changes)) {
		root_recreated(d, "root container spec changed (image, command, or args)");
		return;
	}
	buf_adds(&text, "root container spec changed (");
	for (size_t i = 0; i < c.changes.n; i++)
		buf_addf(&text, "%s%s", i > 0 ? ", " : "", c.changes.v[i]);
	buf_adds(&text, ")");
	root_recreated(d, buf_str(&text));
}

static void diff_root(const struct cell_doc *stored, const struct cell_doc *wanted, struct diff *d)
{
	const struct container_spec *s = cell_root(&stored->spec), *w = cell_root(&wanted->spec);
	const char *name = stored->head.metadata.name == NULL ? "" : stored->head.metadata.name;
	cleanup_free char *text = NULL;

	if (s != NULL && container_is_synthesized(s))
		s = NULL;
	if (w != NULL && container_is_synthesized(w))
		w = NULL;
	if (s == NULL && w == NULL)
		return;
	if (s == NULL) {
		root_recreated(d, "root container added");
	} else if (w != NULL && streq_null(s->id, w->id)) {
		diff_same_root(s, w, d);
	} else if (w != NULL || cell_container(&wanted->spec, s->id) != NULL) {
		text = xasprintf("root container changed from \"%s\" to \"%s\"", s->id,
				 w == NULL ? ROOT_ID : w->id);
		root_recreated(d, text);
	} else {
		raise_action(d, DIFF_REFUSED);
		strlist_add(&d->refused, "spec.rootContainerId");
		d->refusal = xasprintf("root container \"%s\" cannot be removed from cell \"%s\", "
				       "delete the cell instead using 'kuke delete cell %s'",
				       s->id, name, name);
	}
}

/* The container with that id that is not a root; NULL. */
static const struct container_spec *workload(const struct cell_spec *spec, const char *id)
{
	const struct container_spec *c = cell_container(spec, id);

	return c == NULL || c->root ? NULL : c;
}

static void diff_workloads(const struct cell_spec *stored, const struct cell_spec *wanted,
			   struct diff *d)
{
	const struct container_spec *c, *s;

	for (size_t i = 0; i < wanted->containers.n; i++) {
		cleanup_diff struct diff one = { 0 };

		c = &wanted->containers.v[i];
		s = c->root ? NULL : workload(stored, c->id);
		if (c->root || (s == NULL && cell_container(stored, c->id) != NULL))
			continue;
		if (s == NULL) {
			strlist_addf(&d->changes, "container \"%s\" added", c->id);
			strlist_add(&d->added, c->id);
			raise_action(d, DIFF_RECREATE_CONTAINERS);
			continue;
		}
		diff_container_fields(s, c, &one);
		if (one.action != DIFF_NONE)
			fold_container(d, c->id, &one);
	}
	for (size_t i = 0; i < stored->containers.n; i++) {
		c = &stored->containers.v[i];
		if (c->root || cell_container(wanted, c->id) != NULL)
			continue;
		strlist_addf(&d->changes, "container \"%s\" removed", c->id);
		strlist_add(&d->removed, c->id);
		raise_action(d, DIFF_RECREATE_CONTAINERS);
	}
}

/* Not rootContainerId and the containers, which are compared separately. */
static bool cell_row_compared(const struct field *f)
{
	return !(f->flags & FIELD_READ_ONLY) && f->change != CLASS_NONE &&
	       f->offset != offsetof(struct cell_spec, root_container_id) &&
	       f->offset != offsetof(struct cell_spec, containers);
}

static bool same_networks(const struct cell_spec *a, const struct cell_spec *b)
{
	cleanup_strlist struct strlist of_a = { 0 }, of_b = { 0 };

	cell_networks(a, &of_a);
	cell_networks(b, &of_b);
	return strlist_eq(&of_a, &of_b);
}

static void diff_cell(const struct cell_doc *stored, const struct cell_doc *wanted, struct diff *d)
{
	const struct field *f;

	if (!labels_eq(&stored->head.metadata.labels, &wanted->head.metadata.labels)) {
		raise_action(d, DIFF_IN_PLACE);
		strlist_add(&d->changes, "metadata.labels");
		strmap_set(&d->details, "metadata.labels", "labels changed");
	}
	for (size_t i = 0; i < cell_spec_type.n_fields; i++) {
		cleanup_free char *path = NULL;

		f = &cell_spec_type.fields[i];
		if (!cell_row_compared(f) || left_to_daemon(f, &wanted->spec) ||
		    field_eq(f, field_cptr(f, &stored->spec), field_cptr(f, &wanted->spec)))
			continue;
		path = xasprintf("spec.%s", f->name);
		record(d, f, path, &stored->spec, &wanted->spec);
	}
	diff_root(stored, wanted, d);
	diff_workloads(&stored->spec, &wanted->spec, d);
	/* One that is added or removed may move all others to another network, or to more. */
	if (cell_host_network(&stored->spec) != cell_host_network(&wanted->spec) ||
	    !same_networks(&stored->spec, &wanted->spec))
		raise_action(d, DIFF_RECREATE_CELL);
}

/* ---- documents ---- */

static void diff_container_doc(const struct container_doc *stored,
			       const struct container_doc *wanted, struct diff *d)
{
	if (!labels_eq(&stored->head.metadata.labels, &wanted->head.metadata.labels)) {
		raise_action(d, DIFF_IN_PLACE);
		strlist_add(&d->changes, "metadata.labels");
		strmap_set(&d->details, "metadata.labels", "labels changed");
	}
	diff_parents(&stored->spec, &wanted->spec, d);
	diff_container_fields(&stored->spec, &wanted->spec, d);
}

void diff_doc(enum kind kind, const void *stored, const void *wanted, struct diff *ret)
{
	assert(kind_info(kind) != NULL && stored != NULL && wanted != NULL);
	diff_clear(ret);
	if (kind == KIND_CELL)
		diff_cell(stored, wanted, ret);
	else if (kind == KIND_CONTAINER)
		diff_container_doc(stored, wanted, ret);
	else
		diff_rows(kind_info(kind)->type, stored, wanted, "", ret);
}

int diff_refusal(const struct diff *d, enum kind kind, const char *name, struct kerr *err)
{
	cleanup_buf struct buf fields = BUF_INIT(16384);
	const char *word = kind_info(kind)->word;

	if (d->action != DIFF_REFUSED)
		return 0;
	if (d->refusal != NULL)
		return kerr_plain(err, -EINVAL, "%s", d->refusal);
	for (size_t i = 0; i < d->refused.n; i++)
		buf_addf(&fields, "%s%s", i > 0 ? " " : "", d->refused.v[i]);
	return kerr_plain(
		err, -EINVAL,
		"%s \"%s\" has breaking changes: [%s]. Delete the %s and recreate it with "
		"the new spec",
		word, name, buf_str(&fields), word);
}

/* ---- kuke run ---- */

/*
 * Whether a field is unset in the file and may have been filled from the space's
 * defaults: then a difference does not count.
 */
static bool may_be_inherited(const struct field *f, const struct container_spec *wanted)
{
	static const char *const way[] = { "spec", "defaults", "container" };
	const struct model_type *t = &space_doc_type;

	for (size_t i = 0; i < ARRAY_SIZE(way); i++)
		t = model_find(t, way[i], NULL)->obj;
	return model_find(t, f->name, NULL) != NULL && field_is_zero(f, field_cptr(f, wanted));
}

static void run_container(const struct container_spec *stored, const struct container_spec *wanted,
			  struct strlist *ret)
{
	const struct field *f;

	for (size_t i = 0; i < container_spec_type.n_fields; i++) {
		f = &container_spec_type.fields[i];
		if (container_row_compared(f) && !left_to_daemon(f, wanted) &&
		    !may_be_inherited(f, wanted) && !container_field_eq(f, stored, wanted))
			strlist_addf(ret, "spec.containers[\"%s\"].%s", stored->id, f->name);
	}
}

static size_t count_workloads(const struct cell_spec *spec)
{
	size_t i, n = 0;

	for (i = 0; i < spec->containers.n; i++)
		n += !spec->containers.v[i].root;
	return n;
}

static void run_cell_fields(const struct cell_spec *stored, const struct cell_spec *wanted,
			    struct strlist *ret)
{
	const struct container_spec *s = cell_root(stored), *w = cell_root(wanted);
	const struct field *f;

	for (size_t i = 0; i < cell_spec_type.n_fields; i++) {
		f = &cell_spec_type.fields[i];
		/* Skip fields that are not stored in this form. */
		if (!cell_row_compared(f) ||
		    (f->change == CLASS_REFUSED && field_is_zero(f, field_cptr(f, stored))))
			continue;
		if (!field_eq(f, field_cptr(f, stored), field_cptr(f, wanted)))
			strlist_addf(ret, "spec.%s", f->name);
	}
	s = s != NULL && container_is_synthesized(s) ? NULL : s;
	w = w != NULL && container_is_synthesized(w) ? NULL : w;
	if (s != NULL && w != NULL && streq_null(s->id, w->id))
		run_container(s, w, ret);
	else if (s != w)
		strlist_add(ret, "spec.rootContainerId");
}

void diff_run(const struct cell_doc *stored, const struct cell_doc *wanted, struct strlist *ret)
{
	const struct cell_spec *a = &stored->spec, *b = &wanted->spec;
	size_t i, n_actual = count_workloads(a), n_desired = count_workloads(b);
	const struct container_spec *w;

	strlist_clear(ret);
	run_cell_fields(a, b, ret);
	if (a->containers.n == 0)
		return;
	if (n_actual != n_desired) {
		strlist_addf(ret, "spec.containers (count: actual=%zu, desired=%zu)", n_actual,
			     n_desired);
		return;
	}
	for (i = 0; i < a->containers.n; i++) {
		if (a->containers.v[i].root)
			continue;
		w = workload(b, a->containers.v[i].id);
		if (w == NULL)
			strlist_addf(ret, "spec.containers[\"%s\"] (missing in file)",
				     a->containers.v[i].id);
		else
			run_container(&a->containers.v[i], w, ret);
	}
}

/* ---- storing ---- */

void diff_merge_cell(struct cell_doc *wanted, const struct cell_doc *stored)
{
	const struct field *status = model_find(&cell_doc_type, "status", NULL);
	cleanup_strmap struct strmap labels = { 0 };

	strmap_copy(&labels, &wanted->head.metadata.labels);
	labels_merge(&wanted->head.metadata.labels, &stored->head.metadata.labels, &labels);
	model_copy(status->obj, &wanted->status, &stored->status);
	if (cell_root(&wanted->spec) == NULL)
		cell_add_root(wanted);
}
