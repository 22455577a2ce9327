/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "cell_link.h"
#include "cell_names.h"
#include "cell_run.h"
#include "cell_sandbox.h"
#include "cellnet.h"
#include "dir.h"
#include "hosts.h"
#include "lease.h"
#include "mem.h"
#include "mount.h"
#include "network.h"
#include "path.h"
#include "pins.h"
#include "restart.h"
#include "scope.h"
#include "stops.h"
#include "str.h"

static int connect_network(struct engine *e, const struct cell_doc *doc, struct cell_run *run,
			   struct kerr *err)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr cell = addr_of_cell(doc);
	struct addr space = { .realm = cell.realm, .space = cell.space };
	struct space_net net;
	int r;

	cell_names_of(doc, &names);
	r = network_load(e, &space, &net, err);
	if (r == -ENOENT)
		r = kerr_plain(err, r, "network not found");
	if (r == 0)
		r = lease_take(e, &names.own, &net, &run->addr, err);
	if (r == 0)
		r = link_veth_name(run->veth, err);
	if (r == 0)
		r = cell_run_save(e, &cell, run, err);
	if (r < 0)
		return r;
	engine_trace_step(e, "address");
	r = cell_link_make(e, &cell, &net, run, err);
	engine_trace_step(e, "link");
	return r < 0 ? r : hosts_update(e, &space, err);
}

int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err)
{
	bool host = cell_host_network(&cell->spec);
	struct addr a = addr_of_cell(cell);
	cleanup_free char *dir = cell_run_dir(e, &a, run);
	cleanup_free char *resolv = path_join(dir, "resolv.conf", NULL);
	int r;

	engine_trace_step(e, "run directory");
	r = pins_make(e, &a, run->start_id, NS_IPC | NS_UTS | (host ? 0 : NS_NET), a.cell, err);
	engine_trace_step(e, "pins");
	if (r == 0 && !host) {
		r = connect_network(e, cell, run, err);
		if (r < 0)
			r = kerr_wrap(err, r, "failed to attach cell %s to network", a.cell);
	}
	if (r == 0)
		r = hosts_write_resolv(resolv, host ? HOSTS_OF_HOST : 0, err);
	if (r == 0)
		r = hosts_prepare_cell(e, &a, host ? HOSTS_OF_HOST : 0, err);
	engine_trace_step(e, "names");
	return r;
}

static int remove_start_dir(const char *dir, struct kerr *err)
{
	int r = 0;

	/* Starts of versions that mounted in the host's table have their pins here. */
	if (mount_is_point(dir) > 0)
		r = mount_detach_below(dir, err);
	return r < 0 ? r : remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
}

static int end_run(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_free char *parent = layout_start(&e->layout, cell, NULL, NULL);
	cleanup_strlist struct strlist names = { 0 };
	struct cell_run run = { 0 };
	int r;

	r = restarts_drop(e, cell, err);
	if (r < 0)
		return r;
	r = cell_run_load(e, cell, &run, NULL);
	if (r == -ENOENT && access(parent, F_OK) < 0)
		return pins_drop(e, cell, err);
	if (run.veth[0]) {
		r = link_detach(run.veth, err);
		if (r < 0)
			return r;
	}
	/* With the pins go the namespaces and the link. */
	r = pins_drop(e, cell, err);
	dir_names(parent, &names);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		cleanup_free char *dir = path_join(parent, names.v[i], NULL);

		if (!streq(names.v[i], CELL_RUN_FILE)) /* removed last */
			r = remove_start_dir(dir, err);
	}
	return r < 0 ? r : remove_tree_at(AT_FDCWD, parent, REMOVE_TREE_SAME_FS, err);
}

/*
 * The record of a stop is removed last: as long as it exists, ended containers count as
 * stopped by the operator.
 */
int cell_run_end(struct engine *e, const struct addr *cell, struct kerr *err)
{
	int r = end_run(e, cell, err);

	return r < 0 ? r : stops_drop(e, cell, err);
}
