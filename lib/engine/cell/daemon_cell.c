/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "configuration.h"
#include "daemon.h"
#include "daemon_cell.h"
#include "scope.h"
#include "status.h"
#include "str.h"

bool daemon_cell_is(const struct addr *a)
{
	return a->cell && streq(a->cell, SYSTEM_CELL) && streq_null(a->stack, SYSTEM_STACK) &&
	       streq_null(a->space, SYSTEM_SPACE) && streq_null(a->realm, SYSTEM_REALM);
}

int daemon_cell_refuse(const struct addr *a, const char *verb, struct kerr *err)
{
	if (!daemon_cell_is(a))
		return 0;
	return kerr_plain(err, -EPERM, "cell \"%s\" is the daemon's own: use kuke daemon %s",
			  a->cell, verb);
}

int daemon_cell_refuse_parent(const struct addr *a, struct kerr *err)
{
	enum addr_level level = addr_level(a);

	if (level == ADDR_ROOT || level == ADDR_CELL || !streq(a->realm, SYSTEM_REALM) ||
	    (level >= ADDR_SPACE && !streq(a->space, SYSTEM_SPACE)) ||
	    (level >= ADDR_STACK && !streq(a->stack, SYSTEM_STACK)))
		return 0;
	return kerr_plain(err, -EPERM, "%s \"%s\" holds the daemon's own cell and is never deleted",
			  level_words[level], addr_name(a));
}

int daemon_cell_observe(struct engine *e, struct cell_doc *doc, struct kerr *err)
{
	pid_t pid;
	int r = daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid);

	if (r < 0)
		return kerr_set(err, r, "look for kukeond");
	for (size_t i = 0; i < doc->status.containers.n; i++)
		doc->status.containers.v[i].state =
			r ? CONTAINER_STATE_READY : CONTAINER_STATE_STOPPED;
	if (r)
		cell_set_state(doc, CELL_STATE_READY, NULL, NULL);
	else if (doc->status.ready_observed)
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
	return 0;
}
