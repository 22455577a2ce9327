/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_id.h"
#include "damaged.h"
#include "dir.h"
#include "hosts.h"
#include "intent.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "network.h"
#include "scope.h"
#include "status.h"
#include "str.h"

#define ROOT "root" /* name of an explicit root in runtime ids */

static void add_container(struct cell_spec *spec, const char *name)
{
	struct container_spec *c;

	for (size_t i = 0; i < spec->containers.n; i++)
		if (streq(spec->containers.v[i].id, name))
			return;
	c = vec_grow(&spec->containers.v, &spec->containers.n, sizeof(*c));
	c->id = xstrdup(name);
	c->root = streq(name, ROOT);
	c->realm_id = xstrdup(spec->realm_id);
	c->space_id = xstrdup(spec->space_id);
	c->stack_id = xstrdup(spec->stack_id);
	c->cell_id = xstrdup(spec->id);
}

/* Add the containers whose id starts with "<space>_<stack>_<id>_", running or not. */
static void add_containers(struct engine *e, const char *ns, struct cell_spec *spec)
{
	cleanup_free char *stored = layout_ns(&e->layout, ns, NS_CONTAINERS, NULL);
	cleanup_free char *running = layout_rt_container(&e->layout, ns, NULL, RTC_DIR);
	cleanup_free char *prefix =
		xasprintf("%s_%s_%s_", spec->space_id, spec->stack_id, spec->id);
	cleanup_strlist struct strlist ids = { 0 };

	dir_names(stored, &ids);
	dir_names(running, &ids);
	for (size_t i = 0; i < ids.n; i++)
		if (str_has_prefix(ids.v[i], prefix))
			add_container(spec, ids.v[i] + strlen(prefix));
}

static void stand_for_cell(struct engine *e, const struct addr *a, const char *message,
			   struct cell_doc *d)
{
	cleanup_free char *ns = NULL;

	d->spec.id = cell_id_of(e, a);
	d->spec.realm_id = xstrdup(a->realm);
	d->spec.space_id = xstrdup(a->space);
	d->spec.stack_id = xstrdup(a->stack);
	d->spec.root_container_id = xstrdup(ROOT);
	if (damaged_namespace(e, a->realm, &ns, NULL) == 0)
		add_containers(e, ns, &d->spec);
	cell_set_state(d, CELL_STATE_UNKNOWN, REASON_DAMAGED, message);
	d->status.cgroup_path = scope_cgroup(e, a);
}

static void stand_for(struct engine *e, const struct addr *a, const char *message, void *doc)
{
	struct doc_head *head = doc;

	head->api_version = xstrdup("v1beta1");
	head->kind = xstrdup(kind_info(store_kind(a))->name);
	head->metadata.name = xstrdup(addr_name(a));
	if (addr_level(a) == ADDR_REALM) {
		struct realm_doc *d = doc;

		d->spec.namespace = scope_default_namespace(e, a->realm);
		d->status.state = REALM_STATE_UNKNOWN;
		d->status.reason = xstrdup(REASON_DAMAGED);
		d->status.message = xstrdup(message);
	} else if (addr_level(a) == ADDR_SPACE) {
		struct space_doc *d = doc;

		d->spec.realm_id = xstrdup(a->realm);
		d->status.state = SPACE_STATE_UNKNOWN;
		d->status.reason = xstrdup(REASON_DAMAGED);
		d->status.message = xstrdup(message);
	} else if (addr_level(a) == ADDR_STACK) {
		struct stack_doc *d = doc;

		d->spec.id = xstrdup(a->stack);
		d->spec.realm_id = xstrdup(a->realm);
		d->spec.space_id = xstrdup(a->space);
		d->status.state = STACK_STATE_UNKNOWN;
		d->status.reason = xstrdup(REASON_DAMAGED);
		d->status.message = xstrdup(message);
	} else {
		stand_for_cell(e, a, message, doc);
	}
}

int damaged_load(struct engine *e, const struct addr *a, void *ret_doc, struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(STATUS_MESSAGE_MAX + 8);
	cleanup_free char *where = addr_text(a);
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = store_load(&e->layout, a, 0, ret_doc, &err);

	if (r == 0 || r == -ENOENT)
		return r;
	str_one_line(&line, kerr_text(&err, text, sizeof(text)), STATUS_MESSAGE_MAX);
	if (why)
		*why = err;
	else
		log_wrn("cannot read document", "object", where, "error", buf_str(&line));
	stand_for(e, a, buf_str(&line), ret_doc);
	return 1;
}

static int check_sides(struct engine *e, const struct addr *a, const void *doc, struct kerr *err)
{
	struct lock_id lock = lock_id_object(a);
	struct intent i = { 0 };
	struct space_net net;
	int r;

	switch (addr_level(a)) {
	case ADDR_REALM:
		return store_check_passwords(&e->layout, a, doc, err);
	case ADDR_SPACE:
		r = network_load_record(e, a, &net, err);
		return r == -ENOENT || r == 0 ? hosts_check(e, a, err) : r;
	case ADDR_CELL:
		r = intent_load(&e->layout, &lock, &i, err);
		intent_clear(&i);
		return r == -ENOENT ? 0 : r;
	case ADDR_STACK:
	case ADDR_ROOT:
		break;
	}
	return 0;
}

static void say(const char *reason, const char *message, char **ret_reason, char **ret_message)
{
	free(*ret_reason);
	free(*ret_message);
	*ret_reason = xstrdup(reason);
	*ret_message = xstrdup(message);
}

void damaged_side(const struct addr *a, void *doc, const struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(STATUS_MESSAGE_MAX + 8);
	char text[KERR_TEXT_MAX];

	str_one_line(&line, kerr_text(why, text, sizeof(text)), STATUS_MESSAGE_MAX);
	if (addr_level(a) == ADDR_REALM) {
		struct realm_doc *d = doc;

		d->status.state = REALM_STATE_UNKNOWN;
		say(REASON_STATE_DAMAGED, buf_str(&line), &d->status.reason, &d->status.message);
	} else if (addr_level(a) == ADDR_SPACE) {
		struct space_doc *d = doc;

		d->status.state = SPACE_STATE_UNKNOWN;
		say(REASON_STATE_DAMAGED, buf_str(&line), &d->status.reason, &d->status.message);
	} else {
		cell_set_state(doc, CELL_STATE_UNKNOWN, REASON_STATE_DAMAGED, buf_str(&line));
	}
}

void damaged_sides(struct engine *e, const struct addr *a, void *doc)
{
	struct kerr why = { 0 };

	if (check_sides(e, a, doc, &why) < 0)
		damaged_side(a, doc, &why);
}

int damaged_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err)
{
	struct kerr why = { 0 };
	int r = scope_namespace(e, realm, ret, &why);

	if (r == -ENOENT && err)
		*err = why;
	if (r == 0 || r == -ENOENT)
		return r;
	*ret = scope_default_namespace(e, realm);
	return 0;
}
