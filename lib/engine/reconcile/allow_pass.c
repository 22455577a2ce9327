/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "allow_pass.h"
#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "hosts.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_rules.h"
#include "resolve.h"
#include "scope.h"
#include "temporary.h"

#define RETRY_MS 500 /* after a pass that found the space's lock taken */
#define RETRY_RULES_MS 5000 /* after one that could not write the rules */

struct look {
	int64_t now;
	int64_t next; /* the first end, -1: there is no rule */
	bool over; /* something is to be taken out */
};

static void look_at(void *ctx, struct engine *e, const struct addr *a)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct look *look = ctx;

	if (temporary_load(e, a, &l, NULL) < 0 || l.n == 0) {
		look->over = true; /* damaged, or of an earlier boot */
		return;
	}
	for (size_t i = 0; i < l.n; i++) {
		look->over |= l.v[i].end_ms <= look->now;
		if (look->next < 0 || l.v[i].end_ms < look->next)
			look->next = l.v[i].end_ms;
	}
}

/* Names that no rule has any more go from the record of addresses. */
static int settle_names(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct resolve none = { 0 };
	struct space_doc d = { 0 };
	int r = store_load(&e->layout, a, 0, &d, err);

	if (r == 0)
		r = net_egress_keep(e, a, egress_of(&d), &none, err);
	model_clear(&space_doc_type, &d);
	return r < 0 ? r : 0;
}

static int take_out_locked(struct engine *e, const struct addr *a, int64_t now, struct kerr *err)
{
	cleanup_temporary struct temporary_list l = { 0 };
	cleanup_free char *where = addr_text(a);
	char text[KERR_TEXT_MAX];
	struct kerr why = { 0 };
	int r;

	if (temporary_load(e, a, &l, &why) < 0)
		log_wrn("temporary rules are lost", "space", where, "error",
			kerr_text(&why, text, sizeof(text)));
	else if (!temporary_drop_ended(&l, now) && l.n > 0)
		return 0;
	r = temporary_save(e, a, &l, err);
	if (r == 0)
		r = settle_names(e, a, err);
	return r < 0 ? r : 1;
}

/* The kernel's rules are right by now; what has to be found again stays on file until then. */
static void take_out(void *ctx, struct engine *e, const struct addr *a)
{
	const struct look *look = ctx;
	cleanup_free char *where = addr_text(a);
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };
	int r;

	if (store_exists(&e->layout, a, NULL) == 0) { /* nor does a lock of it */
		(void) temporary_save(e, a, &(struct temporary_list){ 0 }, NULL);
		return;
	}
	if (locks_take_path(e->locks, a, LOCKS_TRY, &err) < 0)
		return;
	r = take_out_locked(e, a, look->now, &err);
	locks_drop_path(e->locks, a);
	if (r > 0)
		r = hosts_update(e, a, &err);
	if (r < 0)
		log_wrn("temporary rules have ended, but are not taken out everywhere", "space",
			where, "error", kerr_text(&err, text, sizeof(text)));
}

void allow_pass(struct engine *e)
{
	struct look look = { .now = clock_ms(), .next = -1 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	temporary_each(e, look_at, &look);
	if (!look.over)
		return;
	if (net_rules_sync(e, &err) < 0)
		log_wrn("rules not updated; temporary ones that have ended may still stand",
			"error", kerr_text(&err, text, sizeof(text)));
	else
		temporary_each(e, take_out, &look);
	names_poke(e);
}

int64_t allow_pass_next(struct engine *e)
{
	struct look look = { .now = clock_ms(), .next = -1 };

	temporary_each(e, look_at, &look);
	if (!look.over)
		return look.next;
	return look.now + (e->rules_error.msg[0] ? RETRY_RULES_MS : RETRY_MS);
}
