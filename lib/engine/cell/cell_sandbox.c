/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "cell_link.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_sandbox.h"
#include "cellnet.h"
#include "cni_space.h"
#include "dir.h"
#include "hosts.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "mount.h"
#include "names_state.h"
#include "net_ipv6.h"
#include "network.h"
#include "path.h"
#include "pins.h"
#include "restart.h"
#include "scope.h"
#include "stops.h"
#include "str.h"

/* In a space with a network configuration of its own. */
static int connect_plugins(struct engine *e, const struct cell_doc *doc,
			   const struct lease_holder *own, const char *path, struct cell_run *run,
			   struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(e, &own->cell);
	cleanup_port_list struct port_list ports = { 0 };
	struct cni_cell who = { .addr = own->cell,
				.start_id = run->start_id,
				.cgroup = cgroup,
				.aliases = own->aliases,
				.ports = &ports };
	struct cni_link link;
	int r;

	ports_of_cell(&doc->spec, &ports);
	r = cni_attach(e, &who, path, &link, err);

	engine_trace_step(e, "plugins");
	if (r < 0)
		return r;
	run->plugins = true;
	run->addr = link.addr;
	memcpy(run->devices, link.devices, sizeof(run->devices));
	run->check_ms = link.has_check ? cell_link_next_check(false) : -1;
	return cell_run_save(e, &own->cell, run, err);
}

/* An address and a device name in the space; *ret is the network. */
static int take_port(struct engine *e, const struct lease_holder *h, struct space_net *ret,
		     uint32_t *ret_addr, char ret_veth[LINK_NAME_MAX], struct kerr *err)
{
	struct addr space = { .realm = h->cell.realm,
			      .space = h->space ? h->space : h->cell.space };
	int r = network_load(e, &space, ret, err);

	if (r == -ENOENT)
		r = kerr_plain(err, -EINVAL, "network of space \"%s\" not found", space.space);
	if (r == 0)
		r = lease_take(e, h, ret, ret_addr, err);
	return r < 0 ? r : link_veth_name(ret_veth, err);
}

/* Addresses in all networks of the cell; nets has room for KUKE_MAX_NETWORKS + 1. */
static int take_ports(struct engine *e, const struct cell_names *names, struct space_net *nets,
		      struct cell_run *run, struct kerr *err)
{
	int r = cell_names_leave_locked(e, names, err);

	if (r == 0)
		r = take_port(e, &names->own, &nets[0], &run->addr, run->veth, err);
	if (r == 0)
		run->addr6 = net_ipv6_addr(&nets[0].subnet6, nets[0].subnet, run->addr);
	(void) net_ipv6_prefix(e, run->prefix6);
	for (size_t i = 0; r == 0 && i < names->networks.n; i++) {
		struct lease_holder h = cell_names_in(names, names->networks.v[i]);
		struct cell_port *p = &run->joined[i];

		(void) snprintf(p->space, sizeof(p->space), "%s", h.space);
		r = take_port(e, &h, &nets[i + 1], &p->addr, p->veth, err);
		if (r == 0)
			p->addr6 = net_ipv6_addr(&nets[i + 1].subnet6, nets[i + 1].subnet, p->addr);
		run->n_joined += r == 0;
	}
	return r < 0 ? r : cell_run_save(e, &names->own.cell, run, err);
}

/* A space that has no record of a subnet may have a configuration of its own. */
static int connect_networks(struct engine *e, const struct cell_doc *doc,
			    const struct cell_names *names, struct cell_run *run, struct kerr *err)
{
	struct addr space = { .realm = names->own.cell.realm, .space = names->own.cell.space };
	struct space_net nets[KUKE_MAX_NETWORKS + 1];
	cleanup_free char *path = NULL;
	int r = network_load_record(e, &space, &nets[0], NULL);

	if (r < 0)
		r = cni_space_path(e, &space, &path, err);
	if (r > 0) {
		r = connect_plugins(e, doc, &names->own, path, run, err);
		return r < 0 ? r : hosts_update(e, &space, err);
	}
	if (r < 0)
		return r;
	if (names->networks.n > KUKE_MAX_NETWORKS) /* a document that was edited on the disk */
		return kerr_plain(err, -EINVAL, "networks: the cell joins %zu, at most %d",
				  names->networks.n, KUKE_MAX_NETWORKS);
	r = take_ports(e, names, nets, run, err);
	engine_trace_step(e, "address");
	if (r == 0)
		r = cell_ports_open(e, doc, run, err);
	engine_trace_step(e, "ports");
	for (size_t i = 0; r >= 0 && i <= run->n_joined; i++)
		r = cell_link_make(e, &names->own.cell, run, i, &nets[i], err);
	if (r >= 0)
		r = cell_ports_attach(doc, run, err);
	engine_trace_step(e, "link");
	return r < 0 ? r : cell_names_publish(e, names, err);
}

/* Where kukedns is to answer, it does so before the cell begins to ask. */
static int find_resolvers(struct engine *e, const struct addr *cell, struct strlist *ret,
			  struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct space_net net;
	int r = network_load(e, &space, &net, err);

	if (r < 0)
		return r;
	hosts_resolvers(e, &space, &net, ret);
	if (ret->n > 0 && !names_wait(e, net.bridge))
		log_wrn("names are not answered for now", "bridge", net.bridge);
	return 0;
}

int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err)
{
	bool host = cell_host_network(&cell->spec);
	struct addr a = addr_of_cell(cell);
	cleanup_free char *dir = cell_run_dir(e, &a, run);
	cleanup_free char *resolv = path_join(dir, "resolv.conf", NULL);
	cleanup_cell_names struct cell_names names = { 0 };
	cleanup_strlist struct strlist resolvers = { 0 };
	enum hosts_flags flags = host ? HOSTS_OF_HOST : 0;
	int r;

	cell_names_of(cell, NULL, &names);
	engine_trace_step(e, "run directory");
	r = pins_make(e, &a, run->start_id, NS_IPC | NS_UTS | (host ? 0 : NS_NET), a.cell, err);
	engine_trace_step(e, "pins");
	if (r == 0 && !host) {
		r = connect_networks(e, cell, &names, run, err);
		if (r < 0)
			r = kerr_wrap(err, r, "failed to attach cell %s to network", a.cell);
	}
	if (run->prefix6[0])
		flags |= HOSTS_IPV6;
	if (r == 0 && !host && !run->plugins)
		r = find_resolvers(e, &names.own.cell, &resolvers, err);
	if (r == 0)
		r = hosts_write_resolv(resolv, flags, &resolvers, err);
	if (r == 0)
		r = hosts_prepare_cell(e, &a, &names.networks, flags, err);
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

static int detach_ports(const struct cell_run *run, struct kerr *err)
{
	int r = run->veth[0] ? link_detach(run->veth, err) : 0;

	for (size_t i = 0; r == 0 && i < run->n_joined; i++)
		r = link_detach(run->joined[i].veth, err);
	return r;
}

/*
 * While the namespace is still there. Plugins that fail do not keep a cell from being
 * stopped: the sweep tries again.
 */
static void end_plugins(struct engine *e, const struct addr *cell)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = cni_detach(e, cell, &err);

	if (r < 0)
		log_wrn("the network of a cell could not be undone; it will be tried again", "cell",
			cell->cell, "error", kerr_text(&err, text, sizeof(text)));
	if (r != 0 && hosts_update(e, &space, NULL) < 0)
		log_wrn("hosts files of the space not updated; the next reconcile pass retries",
			"space", space.space);
}

static int end_run(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_free char *parent = layout_start(&e->layout, cell, NULL, NULL);
	cleanup_strlist struct strlist names = { 0 };
	struct cell_run run = { 0 };
	int r;

	r = restarts_drop(e, cell, err);
	if (r == 0) /* before the address can become another cell's */
		r = cell_ports_close(e, cell, err);
	if (r < 0)
		return r;
	end_plugins(e, cell);
	r = cell_run_load(e, cell, &run, NULL);
	if (r == -ENOENT && access(parent, F_OK) < 0)
		return pins_drop(e, cell, err);
	r = detach_ports(&run, err);
	if (r < 0)
		return r;
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
