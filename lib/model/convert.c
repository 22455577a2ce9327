/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cellnet.h"
#include "convert.h"
#include "copy.h"
#include "errkind.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "str.h"

#define API_VERSION "v1beta1"

static void set_string(char **p, const char *value)
{
	char *copy = xstrdup(value);

	free(*p);
	*p = copy;
}

static void trim_string(char **p)
{
	char *trimmed;

	if (*p == NULL)
		return;
	trimmed = str_trim(*p);
	free(*p);
	*p = trimmed;
}

/* ---- questions ---- */

bool container_tty_empty(const struct container_tty *tty)
{
	if (tty == NULL)
		return true;
	if (!str_empty(tty->prompt) || !str_empty(tty->log_file))
		return false;
	for (size_t i = 0; i < tty->on_init.n; i++)
		if (!str_empty(tty->on_init.v[i].script))
			return false;
	return true;
}

bool container_is_synthesized(const struct container_spec *c)
{
	return c->root && streq_null(c->id, ROOT_ID) && streq_null(c->image, ROOT_IMAGE);
}

int cell_check_size(const struct cell_spec *spec, struct kerr *err)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->containers.n; i++)
		n += !container_is_synthesized(&spec->containers.v[i]);
	if (n <= KUKE_MAX_CONTAINERS)
		return 0;
	return kerr_plain(err, -EINVAL, "spec.containers: %zu containers, a cell can have %d", n,
			  KUKE_MAX_CONTAINERS);
}

struct container_spec *cell_container(const struct cell_spec *spec, const char *id)
{
	for (size_t i = 0; i < spec->containers.n; i++)
		if (streq_null(spec->containers.v[i].id, id))
			return &spec->containers.v[i];
	return NULL;
}

struct container_spec *cell_root(const struct cell_spec *spec)
{
	for (size_t i = 0; i < spec->containers.n; i++)
		if (spec->containers.v[i].root)
			return &spec->containers.v[i];
	return str_empty(spec->root_container_id) ? NULL
						  : cell_container(spec, spec->root_container_id);
}

char *container_runtime_id(const struct cell_spec *cell, const struct container_spec *c)
{
	return xasprintf("%s_%s_%s_%s", cell->space_id == NULL ? "" : cell->space_id,
			 cell->stack_id == NULL ? "" : cell->stack_id,
			 cell->id == NULL ? "" : cell->id,
			 c->root	 ? ROOT_ID
			 : c->id == NULL ? ""
					 : c->id);
}

/* ---- checks ---- */

static int check_container_tty(const struct container_spec *c, const char *id, struct kerr *err)
{
	if (container_tty_empty(c->tty) || c->attachable)
		return 0;
	return kerr_plain(err, -EINVAL, "container \"%s\": tty fields require attachable: true",
			  id == NULL ? "" : id);
}

static int check_cell_tty(const struct cell_spec *spec, struct kerr *err)
{
	const struct container_spec *c;

	if (spec->tty == NULL || str_empty(spec->tty->default_container))
		return 0;
	c = cell_container(spec, spec->tty->default_container);
	if (c == NULL)
		return kerr_plain(err, -EINVAL,
				  "cell tty.default \"%s\" does not match any container in this "
				  "cell",
				  spec->tty->default_container);
	if (!c->attachable)
		return kerr_plain(err, -EINVAL,
				  "cell tty.default \"%s\" references container that is not "
				  "attachable",
				  spec->tty->default_container);
	return 0;
}

static int check_single_root(const struct cell_spec *spec,
			     const struct container_spec **ret_flagged, struct kerr *err)
{
	cleanup_buf struct buf ids = BUF_INIT(4096);
	const struct container_spec *flagged = NULL;
	size_t i, n = 0;

	for (i = 0; i < spec->containers.n; i++) {
		if (!spec->containers.v[i].root)
			continue;
		if (flagged == NULL)
			flagged = &spec->containers.v[i];
		buf_addf(&ids, "%s%s", n > 0 ? " " : "",
			 spec->containers.v[i].id == NULL ? "" : spec->containers.v[i].id);
		n++;
	}
	if (n > 1)
		return kerr_plain(err, -EINVAL,
				  "only one container in a cell may have root: true: [%s]",
				  buf_str(&ids));
	*ret_flagged = flagged;
	return 0;
}

int cell_resolve_root(const struct cell_spec *spec, const char **ret_id, struct kerr *err)
{
	const struct container_spec *flagged = NULL, *root;
	int r;

	r = check_single_root(spec, &flagged, err);
	if (r < 0)
		return r;
	root = flagged;
	if (!str_empty(spec->root_container_id)) {
		root = cell_container(spec, spec->root_container_id);
		if (root == NULL)
			return kerr_plain(err, -EINVAL,
					  "rootContainerId \"%s\" not found in containers array",
					  spec->root_container_id);
		if (flagged != NULL && flagged != root)
			return kerr_plain(
				err, -EINVAL,
				"rootContainerId disagrees with container marked root: "
				"true: rootContainerId is \"%s\" but container \"%s\" has "
				"root: true",
				spec->root_container_id, flagged->id == NULL ? "" : flagged->id);
	}
	if (root != NULL && !root->host_network && cell_host_network(spec) &&
	    !container_is_synthesized(root))
		return kerr_plain(err, -EINVAL,
				  "explicit rootContainerId must have hostNetwork: true when any "
				  "cell container has hostNetwork: true: rootContainerId \"%s\"",
				  root->id == NULL ? "" : root->id);
	*ret_id = root == NULL ? NULL : root->id;
	return 0;
}

static int check_cell(const struct cell_doc *doc, struct kerr *err)
{
	const struct cell_spec *spec = &doc->spec;
	const struct container_spec *c;
	const char *root = NULL;
	int r;

	r = cell_check_size(spec, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < spec->containers.n; i++) {
		c = &spec->containers.v[i];
		r = check_container_tty(c, c->id, err);
		if (r < 0)
			return r;
	}
	r = check_cell_tty(spec, err);
	if (r < 0)
		return r;
	r = cell_check_networks(spec, err);
	if (r < 0)
		return r;
	r = cell_resolve_root(spec, &root, err);
	if (r < 0)
		return r;
	c = cell_container(spec, ROOT_ID);
	if (c != NULL && !streq_null(root, ROOT_ID))
		return kerr_plain(err, -EINVAL,
				  "container \"root\": the id \"root\" needs root: true");
	return 0;
}

static int check_container(const struct container_doc *doc, struct kerr *err)
{
	const char *id = doc->spec.id, *name = doc->head.metadata.name;
	int r;

	r = check_container_tty(&doc->spec, str_empty(id) ? name : id, err);
	if (r < 0)
		return r;
	if (!str_empty(id) && !str_empty(name) && !streq(id, name))
		return kerr_plain(err, -EINVAL,
				  "container spec.id \"%s\" differs from metadata.name \"%s\"", id,
				  name);
	return 0;
}

static int check_doc(enum kind kind, const void *doc, struct kerr *err)
{
	const struct doc_head *head = doc;

	if (!str_empty(head->api_version) && !streq(head->api_version, API_VERSION))
		return kerr_plain(err, -EINVAL, "unsupported apiVersion for %s: %s",
				  kind_info(kind)->name, head->api_version);
	if (kind == KIND_CELL)
		return check_cell(doc, err);
	if (kind == KIND_CONTAINER)
		return check_container(doc, err);
	return 0;
}

int convert_check(enum kind kind, const void *doc, struct kerr *err)
{
	int r;

	assert(kind_info(kind) != NULL && doc != NULL);
	r = check_doc(kind, doc, err);
	if (r >= 0)
		return 0;
	r = kerr_wrap(err, r, "conversion failed");
	if (err != NULL)
		err->kind = ERR_CONVERSION_FAILED;
	return r;
}

/* ---- normal form ---- */

static void lists_not_null(const struct model_type *t, void *obj);

static void list_not_null(const struct field *f, void *member)
{
	struct list_view list;

	switch (f->type) {
	case FIELD_STRLIST:
		strlist_make_empty(member);
		break;
	case FIELD_STRMAP:
		strmap_make_empty(member);
		break;
	case FIELD_INTLIST:
		list_make_empty(member, sizeof(int64_t));
		break;
	case FIELD_OBJLIST:
		list_make_empty(member, f->obj->size);
		list = list_view(member);
		for (size_t i = 0; i < list.n; i++)
			lists_not_null(f->obj, list.v + i * f->obj->size);
		break;
	case FIELD_OBJ:
	case FIELD_EMBED:
		lists_not_null(f->obj, member);
		break;
	case FIELD_OBJPTR:
		if (objptr_get(member) != NULL)
			lists_not_null(f->obj, objptr_get(member));
		break;
	case FIELD_STRING:
	case FIELD_NSTRING:
	case FIELD_BOOL:
	case FIELD_NBOOL:
	case FIELD_INT:
	case FIELD_NINT:
	case FIELD_UINT32:
	case FIELD_TIME:
	case FIELD_STATE:
	case FIELD_BYTES:
	case _FIELD_TYPE_MAX:
		break;
	}
}

static void lists_not_null(const struct model_type *t, void *obj)
{
	for (size_t i = 0; i < t->n_fields; i++)
		list_not_null(&t->fields[i], field_ptr(&t->fields[i], obj));
}

/* Set a location id of a container; warn if it replaces a different one. */
static void place(char **p, const char *value, const char *key, const char *container,
		  struct strlist *warnings)
{
	if (value == NULL)
		value = "";
	trim_string(p);
	if (warnings != NULL && !str_empty(*p) && !streq(*p, value))
		strlist_addf(warnings,
			     "warning: container \"%s\": %s \"%s\" replaced by its cell's \"%s\"",
			     container, key, *p, value);
	set_string(p, value);
}

static void drop_empty_tty(struct container_spec *c)
{
	const struct field *f = model_find(&container_spec_type, "tty", NULL);

	if (c->tty == NULL || !container_tty_empty(c->tty))
		return;
	model_clear(f->obj, c->tty);
	free_p(&c->tty);
}

static void normalise_nested(struct cell_doc *cell, struct container_spec *c, const char *root,
			     struct strlist *warnings)
{
	trim_string(&c->id);
	if (c->id == NULL)
		c->id = xstrdup("");
	place(&c->realm_id, cell->spec.realm_id, "realmId", c->id, warnings);
	place(&c->space_id, cell->spec.space_id, "spaceId", c->id, warnings);
	place(&c->stack_id, cell->spec.stack_id, "stackId", c->id, warnings);
	place(&c->cell_id, cell->head.metadata.name, "cellId", c->id, warnings);
	c->root = root != NULL && streq(c->id, root);
	free(c->containerd_id);
	c->containerd_id = container_runtime_id(&cell->spec, c);
	drop_empty_tty(c);
}

static void normalise_cell(struct cell_doc *cell, struct strlist *warnings)
{
	cleanup_free char *root = NULL;
	struct cell_spec *spec = &cell->spec;
	const struct container_spec *c;

	c = cell_root(spec);
	if (c != NULL)
		root = str_trim(c->id);
	trim_string(&spec->id);
	trim_string(&spec->realm_id);
	trim_string(&spec->space_id);
	trim_string(&spec->stack_id);
	if (str_empty(spec->id) && cell->head.metadata.name != NULL)
		set_string(&spec->id, cell->head.metadata.name);
	if (root != NULL)
		set_string(&spec->root_container_id, root);
	for (size_t i = 0; i < spec->containers.n; i++)
		normalise_nested(cell, &spec->containers.v[i], root, warnings);
	if (spec->tty != NULL && str_empty(spec->tty->default_container)) {
		free(spec->tty->default_container);
		free(spec->tty);
		spec->tty = NULL;
	}
}

static void normalise_container(struct container_doc *doc)
{
	struct container_spec *c = &doc->spec;

	trim_string(&c->id);
	trim_string(&c->realm_id);
	trim_string(&c->space_id);
	trim_string(&c->stack_id);
	trim_string(&c->cell_id);
	if (str_empty(c->id) && doc->head.metadata.name != NULL)
		set_string(&c->id, doc->head.metadata.name);
	if (str_empty(doc->head.metadata.name) && c->id != NULL)
		set_string(&doc->head.metadata.name, c->id);
	free(c->containerd_id);
	c->containerd_id = NULL;
	drop_empty_tty(c);
}

static void normalise_kind(enum kind kind, void *doc, struct strlist *warnings)
{
	struct space_doc *space = doc;
	struct stack_doc *stack = doc;

	switch (kind) {
	case KIND_REALM:
		trim_string(&((struct realm_doc *) doc)->spec.namespace);
		break;
	case KIND_SPACE:
		trim_string(&space->spec.realm_id);
		break;
	case KIND_STACK:
		trim_string(&stack->spec.realm_id);
		trim_string(&stack->spec.space_id);
		if (str_empty(stack->spec.id) && stack->head.metadata.name != NULL)
			set_string(&stack->spec.id, stack->head.metadata.name);
		break;
	case KIND_CELL:
		normalise_cell(doc, warnings);
		break;
	case KIND_CONTAINER:
		normalise_container(doc);
		break;
	case KIND_CELL_PROFILE:
	case KIND_SERVER_CONFIGURATION:
	case KIND_CLIENT_CONFIGURATION:
	case KIND_INVALID:
	case _KIND_MAX:
		break;
	}
}

int doc_normalise(enum kind kind, void *doc, struct strlist *warnings, struct kerr *err)
{
	struct doc_head *head = doc;
	int r;

	r = convert_check(kind, doc, err);
	if (r < 0)
		return r;
	set_string(&head->api_version, API_VERSION);
	set_string(&head->kind, kind_info(kind)->name);
	trim_string(&head->metadata.name);
	normalise_kind(kind, doc, warnings);
	lists_not_null(kind_info(kind)->type, doc);
	return 0;
}

int cell_normalise(struct cell_doc *cell, struct strlist *warnings, struct kerr *err)
{
	return doc_normalise(KIND_CELL, cell, warnings, err);
}

void cell_add_root(struct cell_doc *cell)
{
	bool host_network = cell_host_network(&cell->spec);
	struct container_spec *c;

	assert(cell_root(&cell->spec) == NULL);
	c = vec_grow(&cell->spec.containers.v, &cell->spec.containers.n, sizeof(*c));
	c->id = xstrdup(ROOT_ID);
	c->image = xstrdup(ROOT_IMAGE);
	c->root = true;
	c->host_network = host_network;
	set_string(&cell->spec.root_container_id, ROOT_ID);
	normalise_nested(cell, c, ROOT_ID, NULL);
	lists_not_null(&container_spec_type, c);
}

/* ---- space defaults ---- */

static void inherit_tmpfs(struct container_spec *c, const struct space_container_defaults *d)
{
	for (size_t i = 0; i < d->tmpfs.n; i++)
		model_copy(&container_tmpfs_type, list_grow(&c->tmpfs, sizeof(*c->tmpfs.v)),
			   &d->tmpfs.v[i]);
}

void container_inherit_defaults(struct container_spec *c, const struct space_spec *space)
{
	const struct space_container_defaults *d;

	if (space == NULL || space->defaults == NULL || space->defaults->container == NULL)
		return;
	d = space->defaults->container;
	if (str_empty(c->user) && !str_empty(d->user))
		set_string(&c->user, d->user);
	if (d->read_only_root_filesystem.set && d->read_only_root_filesystem.v)
		c->read_only_root_filesystem = true;
	if (c->capabilities == NULL && d->capabilities != NULL)
		model_copy(&container_capabilities_type,
			   objptr_make(&c->capabilities, &container_capabilities_type),
			   d->capabilities);
	if (c->security_opts.n == 0 && d->security_opts.n > 0)
		strlist_copy(&c->security_opts, &d->security_opts);
	if (c->tmpfs.n == 0)
		inherit_tmpfs(c, d);
	if (c->resources == NULL && d->resources != NULL)
		model_copy(&container_resources_type,
			   objptr_make(&c->resources, &container_resources_type), d->resources);
}

void cell_inherit_defaults(struct cell_spec *spec, const struct space_spec *space)
{
	for (size_t i = 0; i < spec->containers.n; i++)
		if (!container_is_synthesized(&spec->containers.v[i]))
			container_inherit_defaults(&spec->containers.v[i], space);
}

/* ---- labels ---- */

bool label_managed(const char *key)
{
	return str_has_suffix(key, ".kukeon.io");
}

void labels_merge(struct strmap *ret, const struct strmap *actual, const struct strmap *desired)
{
	struct strmap merged = { 0 };

	strmap_make_empty(&merged);
	for (size_t i = 0; i < actual->n; i++)
		if (label_managed(actual->v[i].key))
			strmap_set(&merged, actual->v[i].key, actual->v[i].value);
	for (size_t i = 0; i < desired->n; i++)
		strmap_set(&merged, desired->v[i].key, desired->v[i].value);
	strmap_clear(ret);
	*ret = merged;
}

static void label_default(struct strmap *labels, const char *key, const char *value)
{
	if (strmap_get(labels, key) == NULL)
		strmap_set(labels, key, value == NULL ? "" : value);
}

void doc_add_managed_labels(enum kind kind, void *doc)
{
	struct doc_head *head = doc;
	struct strmap *labels = &head->metadata.labels;
	const char *name = head->metadata.name;
	const struct stack_doc *stack = doc;
	const struct cell_doc *cell = doc;

	strmap_make_empty(labels);
	if (kind == KIND_REALM) {
		label_default(labels, "realm.kukeon.io",
			      ((struct realm_doc *) doc)->spec.namespace);
	} else if (kind == KIND_SPACE) {
		label_default(labels, "realm.kukeon.io", ((struct space_doc *) doc)->spec.realm_id);
		label_default(labels, "space.kukeon.io", name);
	} else if (kind == KIND_STACK) {
		label_default(labels, "realm.kukeon.io", stack->spec.realm_id);
		label_default(labels, "space.kukeon.io", stack->spec.space_id);
		label_default(labels, "stack.kukeon.io", name);
	} else if (kind == KIND_CELL) {
		label_default(labels, "realm.kukeon.io", cell->spec.realm_id);
		label_default(labels, "space.kukeon.io", cell->spec.space_id);
		label_default(labels, "stack.kukeon.io", cell->spec.stack_id);
		label_default(labels, "cell.kukeon.io", name);
	}
}
