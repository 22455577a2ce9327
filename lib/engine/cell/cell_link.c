/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_link.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "clock.h"
#include "cni.h"
#include "fd.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "net_bridge.h"
#include "net_ipv6.h"
#include "net_rules.h"
#include "network.h"
#include "pins.h"
#include "scope.h"
#include "str.h"

/*
 * Each CHECK runs every plugin of the network, some milliseconds of the processor for each.
 * A device of the host that is gone is noticed at the next pass anyway.
 */
#define CHECK_EVERY_MS 300000
#define CHECK_TROUBLE_MS 60000
/*
 * What CHECKs may take of one pass: it does not wait for plugins that hang, and after a long
 * time without a daemon all links are due at once. The others have their turn in later passes.
 */
#define CHECK_PASS_MS 2000
#define LEFT_MS 2000 /* until then the kernel has done it, but where the namespace is kept */

/* The links found by one netlink dump. */
struct link_view {
	struct link_port *v;
	size_t n;
	int64_t check_left_ms; /* that CHECKs may still take */
};

int cell_links_look(struct engine *e, struct kerr *err)
{
	struct link_view view = { .check_left_ms = CHECK_PASS_MS };
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

void cell_links_sweep(struct engine *e)
{
	struct kerr err = { 0 };

	for (size_t i = 0; e->links && i < e->links->n; i++) {
		const struct link_port *p = &e->links->v[i];

		if (!p->left_ms || p->master || clock_ms() - p->left_ms < LEFT_MS)
			continue;
		if (link_delete(p->name, &err) < 0)
			log_wrn("a device that a cell has left stays", "device", p->name, "error",
				err.msg);
	}
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
	return p && b && p->up && p->master == b->ifindex && p->mtu == b->mtu;
}

/* One link of a started cell. */
struct port {
	struct addr space;
	const char *veth;
	uint32_t addr;
	bool joined; /* of a space that is not the cell's own */
	char device[LINK_NAME_MAX]; /* in the cell */
};

static struct port port_of(const struct addr *cell, const struct cell_run *run, size_t i)
{
	struct port p = { .space = { .realm = cell->realm, .space = cell->space },
			  .veth = run->veth,
			  .addr = run->addr };

	if (i > 0) {
		p.joined = true;
		p.space.space = run->joined[i - 1].space;
		p.veth = run->joined[i - 1].veth;
		p.addr = run->joined[i - 1].addr;
	}
	(void) snprintf(p.device, sizeof(p.device), "eth%zu", i);
	return p;
}

/*
 * The lock of a cell keeps its own space, but not one that it joins: that is deleted under
 * the lock of its leases. On success port_release must follow.
 */
static int port_hold(struct engine *e, const struct port *p, struct kerr *err)
{
	struct lock_id lock = lock_id_leases(&p->space);
	int r = p->joined ? store_exists(&e->layout, &p->space, err) : 1;

	if (r > 0 && p->joined) {
		r = locks_take(e->locks, &lock, 0, err);
		if (r < 0)
			return r;
		r = store_exists(&e->layout, &p->space, err);
		if (r <= 0)
			locks_drop(e->locks, &lock);
	}
	if (r == 0)
		return kerr_plain(err, -ENOENT, "space \"%s\" does not exist any more",
				  p->space.space);
	return r < 0 ? r : 0;
}

static void port_release(struct engine *e, const struct port *p)
{
	struct lock_id lock = lock_id_leases(&p->space);

	if (p->joined)
		locks_drop(e->locks, &lock);
}

static int make(struct engine *e, const struct addr *cell, const struct cell_run *run, size_t port,
		const struct space_net *net, struct kerr *err)
{
	struct port p = port_of(cell, run, port);
	struct link_attach at = { .bridge = net->bridge,
				  .host_name = p.veth,
				  .name = p.device,
				  .addr = { .addr = p.addr, .prefix = net->subnet.prefix },
				  .gateway = port == 0 ? net->gateway : 0,
				  .addr6 = net_ipv6_addr(&net->subnet6, net->subnet, p.addr),
				  .apart = run->n_joined > 0,
				  .replace = run->complete };
	cleanup_fd int nsfd = pins_open(e, cell, run->start_id, NS_NET, err);
	int r;

	if (port == 0)
		at.gateway6 = net_ipv6_addr(&net->subnet6, net->subnet, net->gateway);
	if (nsfd == -ENOENT)
		return kerr_plain(err, nsfd, "the cell's network namespace is not pinned");
	if (nsfd < 0)
		return nsfd;
	at.netns_fd = nsfd;
	r = net_rules_check_link(e, &p.space, err);
	if (r == 0)
		r = link_attach(&at, err);
	if (r != -ENODEV)
		return r;
	/* The bridge was deleted, or this is the first cell of the space since the boot. */
	r = net_bridge_up(e, &p.space, net, err);
	return r < 0 ? r : link_attach(&at, err);
}

int cell_link_make(struct engine *e, const struct addr *cell, const struct cell_run *run,
		   size_t port, const struct space_net *net, struct kerr *err)
{
	struct port p = port_of(cell, run, port);
	int r = port_hold(e, &p, err);

	if (r < 0)
		return r;
	r = make(e, cell, run, port, net, err);
	port_release(e, &p);
	return r;
}

/* Ask the kernel as well: the dump does not show ports of later starts. */
static bool is_in_order(const char *port, const char *bridge)
{
	struct link_port p, b;

	return link_port_query(port, &p, NULL) == 0 && link_port_query(bridge, &b, NULL) == 0 &&
	       p.up && p.master == b.ifindex && p.mtu == b.mtu;
}

/* The bridge's MTU is that of the uplink, which may have changed. */
static int follow_mtu(struct engine *e, const struct addr *cell, const struct cell_run *run,
		      const struct port *p, const char *bridge, struct kerr *err)
{
	cleanup_fd int nsfd = -EBADF;
	struct link_port port, b;

	if (link_port_query(p->veth, &port, NULL) == 0 && link_port_query(bridge, &b, NULL) == 0 &&
	    port.mtu == b.mtu)
		return 0;
	nsfd = pins_open(e, cell, run->start_id, NS_NET, err);
	return nsfd < 0 ? nsfd : link_follow_mtu(nsfd, p->device, p->veth, bridge, err);
}

/* Whether the links were made as the server's configuration has it now. */
static bool is_as_configured(const struct engine *e, const struct cell_run *run)
{
	char prefix[IPNET_TEXT_MAX];

	return streq(run->prefix6, net_ipv6_prefix(e, prefix));
}

/*
 * Links that were made with another prefix of IPv6 are made anew. The record's addresses
 * follow each link, its prefix all of them.
 */
static int remake(struct engine *e, const struct addr *cell, struct cell_run *run, size_t i,
		  const struct space_net *net, struct kerr *err)
{
	struct port p = port_of(cell, run, i);
	struct ipnet *addr6 = i == 0 ? &run->addr6 : &run->joined[i - 1].addr6;
	int r = make(e, cell, run, i, net, err);

	if (r == 0)
		*addr6 = net_ipv6_addr(&net->subnet6, net->subnet, p.addr);
	return r;
}

static int mend(struct engine *e, const struct addr *cell, struct cell_run *run, size_t i,
		struct kerr *err)
{
	struct port p = port_of(cell, run, i);
	struct link_port port;
	struct space_net net;
	int r;

	r = network_load(e, &p.space, &net, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "network of space \"%s\" not found", p.space.space);
	if (r < 0)
		return r;
	r = is_as_configured(e, run) ? link_port_query(p.veth, &port, err) : -ENODEV;
	if (r == -ENODEV)
		return remake(e, cell, run, i, &net, err);
	if (r == 0)
		r = net_bridge_up(e, &p.space, &net, err);
	if (r >= 0)
		r = link_port_join(p.veth, net.bridge, err);
	return r < 0 ? r : follow_mtu(e, cell, run, &p, net.bridge, err);
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
		log_wrn("the network link of a cell is damaged", "cell", cell->cell, "error",
			buf_str(&line));
	memcpy(run->trouble, buf_str(&line), line.len + 1);
	r = cell_run_save(e, cell, run, err);
	return r < 0 ? r : 1;
}

/* ---- links that plugins made ---- */

int64_t cell_link_next_check(bool in_trouble)
{
	return clock_ms() + (in_trouble ? CHECK_TROUBLE_MS : CHECK_EVERY_MS);
}

/* The first device that plugins named and that is not there; "": none. */
static void lost_device(const struct engine *e, const struct cell_run *run, char ret[LINK_NAME_MAX])
{
	char names[sizeof(run->devices)], *at = names, *name;
	struct link_port port;

	ret[0] = '\0';
	memcpy(names, run->devices, sizeof(names));
	while ((name = strsep(&at, " ")) != NULL) {
		if (!name[0] || (e->links && view_find(e->links, name)) ||
		    link_port_query(name, &port, NULL) != -ENODEV)
			continue;
		(void) snprintf(ret, LINK_NAME_MAX, "%s", name);
		return;
	}
}

/* What is told of a damaged link: err may be long, what to do must not be cut off. */
static void say_damaged(struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(sizeof(why->msg));
	char text[KERR_TEXT_MAX];

	str_one_line(&line, kerr_text(why, text, sizeof(text)), 180);
	(void) kerr_plain(why, -EIO, "%s; stop and start the cell", buf_str(&line));
}

static bool is_check_due(const struct engine *e, const struct cell_run *run)
{
	return run->check_ms >= 0 && clock_ms() >= run->check_ms &&
	       (!e->links || e->links->check_left_ms > 0);
}

static int check(struct engine *e, const struct addr *cell, const struct cell_run *run,
		 struct kerr *err)
{
	int64_t began = clock_ms();
	int r = cni_check(e, cell, run->start_id, err);

	if (e->links)
		e->links->check_left_ms -= clock_ms() - began;
	return r;
}

static int check_plugins(struct engine *e, const struct addr *cell, struct cell_run *run,
			 struct kerr *err)
{
	char device[LINK_NAME_MAX];
	struct kerr why = { 0 };
	int r = 0, changed;

	lost_device(e, run, device);
	if (!is_check_due(e, run) && (!device[0] || run->trouble[0]))
		return 0;
	if (run->check_ms >= 0)
		r = check(e, cell, run, &why);
	if (r == 0 && device[0])
		r = kerr_plain(&why, -ENODEV, "device \"%s\", which plugins made, is gone", device);
	if (r < 0)
		say_damaged(&why);
	if (run->check_ms >= 0)
		run->check_ms = cell_link_next_check(r < 0);
	changed = keep_trouble(e, cell, run, r < 0 ? &why : NULL, err);
	if (changed == 0 && run->check_ms >= 0)
		r = cell_run_save(e, cell, run, err);
	else
		r = changed;
	return r < 0 ? r : changed;
}

/* ---- all links ---- */

/* The lease of a link: in the cell's own space for the first, else in the one it joins. */
static struct lease_holder holder_of(const struct cell_names *names, const struct cell_run *run,
				     size_t i)
{
	return i == 0 ? names->own : cell_names_in(names, run->joined[i - 1].space);
}

static bool port_in_order(struct engine *e, const struct cell_names *names,
			  const struct cell_run *run, size_t i)
{
	struct lease_holder h = holder_of(names, run, i);
	struct port p = port_of(&names->own.cell, run, i);
	char bridge[LINK_NAME_MAX];

	if (p.addr && !lease_stands(e, &h, p.addr))
		return false;
	link_bridge_name(p.space.realm, p.space.space, e->instance, bridge);
	return seen_in_order(e, p.veth, bridge);
}

bool cell_link_in_order(struct engine *e, const struct cell_doc *doc, const struct cell_run *run)
{
	cleanup_cell_names struct cell_names names = { 0 };
	bool in_order = !run->trouble[0];
	char device[LINK_NAME_MAX];

	if (run->complete && run->plugins) {
		lost_device(e, run, device);
		return !run->trouble[0] && !device[0] && !is_check_due(e, run);
	}
	if (!run->complete || !run->veth[0])
		return true;
	in_order = in_order && is_as_configured(e, run);
	cell_names_of(doc, run, &names);
	for (size_t i = 0; in_order && i <= run->n_joined; i++)
		in_order = port_in_order(e, &names, run, i);
	return in_order;
}

/* Whether the space that a link leads to is the one whose subnet its address is of. */
static bool is_same_network(struct engine *e, const struct port *p)
{
	struct space_net net;

	return network_load(e, &p->space, &net, NULL) < 0 || ipv4_contains(net.subnet, p->addr);
}

/* Errors are left to the next pass: the cell runs, and its names are as they were. */
static void keep_leases(struct engine *e, const struct cell_names *names,
			const struct cell_run *run)
{
	bool changed = false;

	for (size_t i = 0; i <= run->n_joined; i++) {
		struct lease_holder h = holder_of(names, run, i);
		struct port p = port_of(&names->own.cell, run, i);

		changed |= p.addr && is_same_network(e, &p) && lease_keep(e, &h, p.addr, NULL) > 0;
	}
	if (!changed)
		return;
	log_wrn("restored the lease of a running cell", "cell", names->own.cell.cell);
	(void) cell_names_publish(e, names, NULL);
}

struct other_holder {
	const struct addr *cell;
	uint32_t addr;
	bool found;
};

static void note_holder(void *ctx, const struct lease *l)
{
	struct other_holder *o = ctx;
	bool own = l->space && streq(l->space, o->cell->space) && streq(l->stack, o->cell->stack) &&
		   streq(l->cell, o->cell->cell);

	o->found |= l->addr == o->addr && !own;
}

/*
 * A space that the cell has joined may have been deleted by force, and made anew, with another
 * subnet or with the cell's address for another. Then the cell loses its link.
 */
static int keep_joined(struct engine *e, const struct cell_names *names, const struct cell_run *run,
		       size_t i, struct kerr *err)
{
	struct port p = port_of(&names->own.cell, run, i);
	struct other_holder o = { .cell = &names->own.cell, .addr = p.addr };
	struct lease_holder h = holder_of(names, run, i);
	int r = p.joined ? store_exists(&e->layout, &p.space, err) : 1;

	if (r < 0 || !p.joined || (r > 0 && lease_stands(e, &h, p.addr)))
		return r < 0 ? r : 0;
	if (r > 0)
		(void) lease_each(e, &p.space, note_holder, &o, NULL);
	if (r > 0 && !o.found && is_same_network(e, &p))
		return 0;
	(void) link_delete(p.veth, NULL); /* else the next pass does */
	return r == 0 ? kerr_plain(err, -ENOENT,
				   "space \"%s\" does not exist any more; the cell has lost %s",
				   p.space.space, p.device)
		      : kerr_plain(err, -ESTALE,
				   "space \"%s\" is not the one that the cell has joined; the cell "
				   "has lost %s; stop and start the cell",
				   p.space.space, p.device);
}

/* 1 repaired, 0 it was in order. */
static int mend_port(struct engine *e, const struct addr *cell, struct cell_run *run, size_t i,
		     struct kerr *err)
{
	struct port p = port_of(cell, run, i);
	char bridge[LINK_NAME_MAX];
	int r;

	link_bridge_name(p.space.realm, p.space.space, e->instance, bridge);
	if (is_as_configured(e, run) &&
	    (seen_in_order(e, p.veth, bridge) || is_in_order(p.veth, bridge)))
		return 0;
	r = port_hold(e, &p, err);
	if (r < 0)
		return r;
	r = mend(e, cell, run, i, err);
	port_release(e, &p);
	if (r < 0)
		return r;
	log_inf("repaired the network link of a cell", "cell", cell->cell, "device", p.veth,
		"bridge", bridge);
	return 1;
}

/* What the document publishes, on links that may have been mended. 1 changed, 0 in order. */
static int mend_published(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
			  bool mended, struct kerr *err)
{
	int r = cell_ports_open(e, doc, run, err), k = 0;

	if (r > 0)
		log_inf("published the ports of a cell again", "cell", doc->head.metadata.name);
	if (r > 0 || (r == 0 && mended))
		k = cell_ports_attach(doc, run, err);
	return k < 0 ? k : r;
}

int cell_link_mend_locked(struct engine *e, const struct cell_doc *doc, struct cell_run *run,
			  struct kerr *err)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr a = addr_of_cell(doc);
	struct kerr why = { 0 };
	int mended = 0, failed = 0, r;

	if (run->complete && run->plugins) {
		r = cell_ports_keep(e, doc, run, err);
		mended = r < 0 ? r : check_plugins(e, &a, run, err);
		return mended < 0 ? mended : r | mended;
	}
	if (!run->complete || !run->veth[0])
		return 0; /* not started, or uses the host's network */
	cell_names_of(doc, run, &names);
	keep_leases(e, &names, run);
	for (size_t i = 0; i <= run->n_joined; i++) { /* the first that fails is reported */
		r = keep_joined(e, &names, run, i, failed < 0 ? NULL : &why);
		if (r == 0)
			r = mend_port(e, &a, run, i, failed < 0 ? NULL : &why);
		failed = failed < 0 || r >= 0 ? failed : r;
		mended |= r > 0;
	}
	if (failed == 0 && !is_as_configured(e, run)) {
		(void) net_ipv6_prefix(e, run->prefix6);
		r = cell_run_save(e, &a, run, err);
		if (r < 0)
			return r;
	}
	r = mend_published(e, doc, run, mended > 0, failed < 0 ? NULL : &why);
	failed = failed < 0 || r >= 0 ? failed : r;
	mended |= r > 0;
	r = keep_trouble(e, &a, run, failed < 0 ? &why : NULL, err);
	return r < 0 ? r : r | mended;
}
