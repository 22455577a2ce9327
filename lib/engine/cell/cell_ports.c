/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_ports.h"
#include "cellnet.h"
#include "cni_ports.h"
#include "cni_space.h"
#include "mem.h"
#include "net_publish.h"
#include "network.h"
#include "ports.h"
#include "published.h"
#include "scope.h"

/* 1: plugins make the links of the cell's space, as *ret says, which the caller frees. */
static int plugins_of(struct engine *e, const struct addr *cell, char **ret)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct space_net net;

	if (network_load_record(e, &space, &net, NULL) == 0)
		return 0;
	return cni_space_path(e, &space, ret, NULL) > 0;
}

bool cell_ports_by_plugins(struct engine *e, const struct addr *cell)
{
	cleanup_free char *path = NULL;

	return plugins_of(e, cell, &path) > 0;
}

static int check_plugins(struct engine *e, const struct addr *cell, const struct port_list *want,
			 struct kerr *err)
{
	cleanup_free char *path = NULL;

	return plugins_of(e, cell, &path) > 0 ? cni_ports_check_file(path, cell, want, err) : 0;
}

int cell_ports_check(struct engine *e, const struct cell_doc *doc, const struct published_list *all,
		     struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list now = { 0 };
	cleanup_port_list struct port_list want = { 0 };
	struct addr a = addr_of_cell(doc);
	int r;

	ports_of_cell(&doc->spec, &want);
	if (want.n == 0)
		return 0;
	r = ports_check_cell(&doc->spec, err);
	if (r == 0 && cell_host_network(&doc->spec))
		r = kerr_plain(err, -EINVAL, "ports cannot be used on the host network");
	if (r == 0)
		r = check_plugins(e, &a, &want, err);
	if (r == 0 && !all)
		r = published_read_all(e, &now, err);
	return r < 0 ? r : published_check(e, all ? all : &now, &a, &want, err);
}

int cell_ports_check_join(const char *id, const struct strlist *ports, const struct cell_run *run,
			  struct kerr *err)
{
	char buf[PORT_TEXT_MAX];
	struct port_map m;

	for (size_t i = 0; run->plugins && i < ports->n; i++)
		if (port_parse(ports->v[i], &m, NULL) == 0 && m.host_first > 0)
			return kerr_plain(
				err, -EOPNOTSUPP,
				"container \"%s\" cannot publish %s while the cell is up: "
				"its space has a cniConfigPath of its own, and CNI plugins "
				"publish ports when a cell starts; use 'kuke apply', which "
				"restarts the cell",
				id, port_show(&m, buf));
	return 0;
}

bool cell_ports_same(const struct cell_spec *a, const struct cell_spec *b)
{
	cleanup_port_list struct port_list x = { 0 };
	cleanup_port_list struct port_list y = { 0 };

	ports_of_cell(a, &x);
	ports_of_cell(b, &y);
	return port_list_eq(&x, &y);
}

int cell_ports_open(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		    struct kerr *err)
{
	cleanup_port_list struct port_list want = { 0 };
	struct addr a = addr_of_cell(doc);

	if (run->plugins)
		return 0;
	if (run->addr)
		ports_of_cell(&doc->spec, &want);
	return net_publish(e, &a, run->addr, &want, err);
}

int cell_ports_attach(const struct cell_doc *doc, const struct cell_run *run, struct kerr *err)
{
	cleanup_port_list struct port_list want = { 0 };

	ports_of_cell(&doc->spec, &want);
	return want.n > 0 && run->addr ? link_port_hairpin(run->veth, err) : 0;
}

int cell_ports_change(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		      struct kerr *err)
{
	int r = cell_ports_open(e, doc, run, err), k;

	k = r > 0 ? cell_ports_attach(doc, run, err) : 0;
	return k < 0 ? k : r;
}

int cell_ports_close(struct engine *e, const struct addr *cell, struct kerr *err)
{
	static const struct port_list none;
	cleanup_(published_clear) struct published now = { 0 };
	int r = published_read(e, cell, &now, NULL);

	if (r == 0 && !now.addr)
		r = cni_ports_keep(e, cell, err);
	else
		r = net_publish(e, cell, 0, &none, err);
	return r < 0 ? r : 0;
}

bool cell_ports_in_order(struct engine *e, const struct cell_doc *doc, const struct cell_run *run)
{
	cleanup_(published_clear) struct published now = { 0 };
	cleanup_port_list struct port_list want = { 0 };
	struct addr a = addr_of_cell(doc);

	if (!run->complete || (!run->addr && !run->plugins))
		return true;
	ports_of_cell(&doc->spec, &want);
	if (run->plugins)
		return want.n == 0 || published_read(e, &a, &now, NULL) == 0;
	return net_publishes(e, &a, run->addr, &want);
}

int cell_ports_keep(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		    struct kerr *err)
{
	struct addr a = addr_of_cell(doc);

	return cell_ports_in_order(e, doc, run) ? 0 : cni_ports_keep(e, &a, err);
}

void cell_ports_observe(struct engine *e, struct cell_doc *doc, const struct cell_run *run)
{
	cleanup_(published_clear) struct published now = { 0 };
	cleanup_port_list struct port_list want = { 0 };
	struct strlist *shown = &doc->status.network.ports;
	struct addr a = addr_of_cell(doc);
	char buf[PORT_TEXT_MAX];

	strlist_clear(shown);
	if (run->addr)
		ports_of_cell(&doc->spec, &want);
	if ((want.n == 0 && !run->plugins) || published_read(e, &a, &now, NULL) < 0)
		return;
	for (size_t i = 0; i < now.ports.n; i++)
		strlist_add(shown, port_show(&now.ports.v[i], buf));
}
