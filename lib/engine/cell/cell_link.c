/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cell_link.h"
#include "cell_names.h"
#include "cell_run.h"
#include "fd.h"
#include "hosts.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "pins.h"
#include "scope.h"
#include "str.h"

/* The links found by one netlink dump. */
struct link_view {
	struct link_port *v;
	size_t n;
};

int cell_links_look(struct engine *e, struct kerr *err)
{
	struct link_view view = { 0 };
	int r = link_list_ports(&view.v, &view.n, err);

	if (r < 0)
		return r;
	cell_links_forget(e);
	e->links = xcalloc(1, sizeof(*e->links));
	*e->links = view;
	return 0;
}

void cell_links_forget(struct engine *e)
{
	if (e->links)
		free(e->links->v);
	free(e->links);
	e->links = NULL;
}

static int compare_name(const void *name, const void *port)
{
	return strcmp(name, ((const struct link_port *) port)->name);
}

static const struct link_port *view_find(const struct link_view *view, const char *name)
{
	if (view->n == 0)
		return NULL;
	return bsearch(name, view->v, view->n, sizeof(*view->v), compare_name);
}

/* Return whether the dump shows this port up and attached to that bridge. */
static bool seen_in_order(const struct engine *e, const char *port, const char *bridge)
{
	const struct link_port *p, *b;

	if (!e->links)
		return false;
	p = view_find(e->links, port);
	b = view_find(e->links, bridge);
	return p && b && p->up && p->master == b->ifindex;
}

int cell_link_make(struct engine *e, const struct addr *cell, const struct space_net *net,
		   const struct cell_run *run, struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct link_attach at = { .bridge = net->bridge,
				  .host_name = run->veth,
				  .name = "eth0",
				  .addr = { .addr = run->addr, .prefix = net->subnet.prefix },
				  .gateway = net->gateway,
				  .replace = run->complete };
	cleanup_fd int nsfd = pins_open(e, cell, run->start_id, NS_NET, err);
	int r;

	if (nsfd == -ENOENT)
		return kerr_plain(err, nsfd, "the cell's network namespace is not pinned");
	if (nsfd < 0)
		return nsfd;
	at.netns_fd = nsfd;
	r = link_attach(&at, err);
	if (r != -ENODEV)
		return r;
	/* The bridge was deleted, or this is the first cell of the space since the boot. */
	r = network_up(e, &space, net, err);
	if (r >= 0) /* the rules may have been deleted along with the bridge */
		r = network_sync_rules(e, err);
	return r < 0 ? r : link_attach(&at, err);
}

/* Ask the kernel as well: the dump does not show ports of later starts. */
static bool is_in_order(const char *port, const char *bridge)
{
	struct link_port p, b;

	return link_port_query(port, &p, NULL) == 0 && link_port_query(bridge, &b, NULL) == 0 &&
	       p.up && p.master == b.ifindex;
}

static int mend(struct engine *e, const struct addr *cell, const struct cell_run *run,
		struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct link_port port;
	struct space_net net;
	int r;

	r = network_load(e, &space, &net, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "network not found");
	if (r < 0)
		return r;
	r = link_port_query(run->veth, &port, err);
	if (r == -ENODEV)
		return cell_link_make(e, cell, &net, run, err);
	if (r == 0)
		r = network_up(e, &space, &net, err);
	return r < 0 ? r : link_port_join(run->veth, net.bridge, err);
}

/* Store the trouble with the link, or clear it, in the record of the start. 1 changed. */
static int keep_trouble(struct engine *e, const struct addr *cell, struct cell_run *run,
			const struct kerr *why, struct kerr *err)
{
	cleanup_buf struct buf line = BUF_INIT(sizeof(run->trouble));
	char text[KERR_TEXT_MAX];
	int r;

	if (why)
		str_one_line(&line, kerr_text(why, text, sizeof(text)), sizeof(run->trouble) - 8);
	if (streq(buf_str(&line), run->trouble))
		return 0;
	if (why)
		log_wrn("cannot repair the network link of a cell", "cell", cell->cell, "error",
			buf_str(&line));
	memcpy(run->trouble, buf_str(&line), line.len + 1);
	r = cell_run_save(e, cell, run, err);
	return r < 0 ? r : 1;
}

bool cell_link_in_order(struct engine *e, const struct cell_doc *doc, const struct cell_run *run)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr cell = addr_of_cell(doc);
	char bridge[LINK_NAME_MAX];

	if (!run->complete || !run->veth[0])
		return true;
	cell_names_of(doc, &names);
	if (run->trouble[0] || (run->addr && !lease_stands(e, &names.own, run->addr)))
		return false;
	link_bridge_name(cell.realm, cell.space, e->instance, bridge);
	return seen_in_order(e, run->veth, bridge);
}

/* Errors are left to the next pass: the cell runs, and its names are as they were. */
static void keep_lease(struct engine *e, const struct cell_doc *doc, const struct cell_run *run)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr space;

	if (!run->addr)
		return;
	cell_names_of(doc, &names);
	if (lease_keep(e, &names.own, run->addr, NULL) <= 0)
		return;
	log_wrn("restored the lease of a running cell", "cell", names.own.cell.cell);
	space = (struct addr){ .realm = names.own.cell.realm, .space = names.own.cell.space };
	(void) hosts_update(e, &space, NULL);
}

int cell_link_mend_locked(struct engine *e, const struct cell_doc *doc, struct cell_run *run,
			  struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	char bridge[LINK_NAME_MAX];
	struct kerr why = { 0 };
	int r;

	if (!run->complete || !run->veth[0])
		return 0; /* not started, or uses the host's network */
	keep_lease(e, doc, run);
	link_bridge_name(a.realm, a.space, e->instance, bridge);
	if (seen_in_order(e, run->veth, bridge) || is_in_order(run->veth, bridge))
		return keep_trouble(e, &a, run, NULL, err);
	r = mend(e, &a, run, &why);
	if (r < 0)
		return keep_trouble(e, &a, run, &why, err);
	log_inf("repaired the network link of a cell", "cell", a.cell, "device", run->veth,
		"bridge", bridge);
	r = keep_trouble(e, &a, run, NULL, err);
	return r < 0 ? r : 1;
}
