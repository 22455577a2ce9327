/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "egress_pass.h"
#include "hosts.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "net_egress.h"
#include "net_rules.h"
#include "network.h"
#include "parent_settle.h"
#include "scope.h"

#define ANSWER_MS 5000 /* for an answer, counted from the begin of the pass */
#define WAIT_MS 2000 /* of it at the end of the pass, which has nothing else to do */

static int begin_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct egress_pass *p = ctx;
	struct space_doc d = { 0 };

	(void) err;
	if (net_egress_load(e, a, &d, NULL) > 0)
		net_egress_names(egress_of(&d), &p->names);
	model_clear(&space_doc_type, &d);
	return 0;
}

void egress_pass_begin(struct engine *e, struct egress_pass *p)
{
	struct addr all = { 0 };

	p->begun_ms = clock_ms();
	(void) scope_each(e, ADDR_SPACE, &all, begin_space, p, NULL); /* the pass tells it */
	resolve_start(&p->names);
}

/* -ENOENT: there is no policy. */
static int keep(struct engine *e, const struct addr *a, const struct egress_pass *p,
		struct kerr *err)
{
	struct space_doc d = { 0 };
	int r = net_egress_load(e, a, &d, err);

	if (r == 0)
		r = -ENOENT;
	if (r > 0)
		r = net_egress_keep(e, a, egress_of(&d), &p->names, err);
	model_clear(&space_doc_type, &d);
	return r;
}

/* Also where nothing has changed, what a hosts file says of addresses may be over. */
static int end_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	const struct egress_pass *p = ctx;
	cleanup_free char *where = addr_text(a);
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	(void) unused;
	if (locks_take_path(e->locks, a, LOCKS_TRY, &err) < 0)
		return 0;
	r = keep(e, a, p, &err);
	if (r > 0)
		r = parent_settle_locked(e, a, &err);
	locks_drop_path(e->locks, a);
	if (r >= 0)
		r = hosts_update(e, a, &err);
	if (r < 0 && r != -ENOENT)
		log_wrn("host names of the egress policy not updated", "space", where, "error",
			kerr_text(&err, text, sizeof(text)));
	return 0;
}

void egress_pass_end(struct engine *e, struct egress_pass *p)
{
	int64_t left = p->begun_ms + ANSWER_MS - clock_ms();
	struct addr all = { 0 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (p->names.n == 0)
		return;
	resolve_finish(&p->names, left < 0 ? 0 : (int) (left < WAIT_MS ? left : WAIT_MS));
	if (scope_each(e, ADDR_SPACE, &all, end_space, p, &err) < 0 || net_rules_sync(e, &err) < 0)
		log_wrn("host names of egress policies not updated", "error",
			kerr_text(&err, text, sizeof(text)));
}

void egress_pass_clear(struct egress_pass *p)
{
	resolve_clear(&p->names);
}
