/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cell_link.h"
#include "cell_ports.h"
#include "cell_status.h"
#include "copy.h"
#include "field.h"
#include "idle.h"
#include "model.h"
#include "store.h"
#include "str.h"

/* Whether observing the cell changes its document, and what it needs. */
static bool is_settled(struct cell_look *l, const struct addr *a, struct cell_doc *doc,
		       struct cell_seen *ret)
{
	const struct model_type *type = model_find(&cell_doc_type, "status", NULL)->obj;
	struct cell_status before = { 0 };
	const char *ns = NULL;
	bool same;

	if (cell_look_namespace(l, a->realm, &ns, NULL) < 0)
		return false;
	model_copy(type, &before, &doc->status);
	same = cell_observe_look(l, ns, doc, ret, NULL) == 0 && ret->need == 0 &&
	       model_eq(type, &before, &doc->status);
	model_clear(type, &before);
	return same;
}

static bool has_nothing_due(struct cell_look *l, const struct addr *a)
{
	return !cell_look_may_stop(l, a) && !cell_look_may_restart(l, a) &&
	       cell_look_intent(l, a, NULL) == 0;
}

bool cell_is_idle(struct cell_look *l, const struct addr *a)
{
	struct cell_doc doc = { 0 };
	struct cell_seen seen;
	bool idle;

	if (!has_nothing_due(l, a) || store_load(&l->e->layout, a, 0, &doc, NULL) < 0)
		return false;
	/* Another id than the name has a claim, which is looked at under the lock. */
	idle = streq_null(doc.spec.id, a->cell) && is_settled(l, a, &doc, &seen) &&
	       (!doc.status.ready_observed || cell_look_has_cgroup(l, a) > 0) &&
	       cell_link_in_order(l->e, &doc, &seen.run) &&
	       cell_ports_in_order(l->e, &doc, &seen.run);
	model_clear(&cell_doc_type, &doc);
	return idle;
}
