/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cell_names.h"
#include "cellnet.h"
#include "hosts.h"
#include "mem.h"
#include "scope.h"

void cell_names_of(const struct cell_doc *doc, struct cell_names *ret)
{
	*ret = (struct cell_names){ 0 };
	cell_aliases(&doc->spec, &ret->aliases);
	cell_networks(&doc->spec, &ret->networks);
	ret->own = (struct lease_holder){ .cell = addr_of_cell(doc),
					  .aliases = &ret->aliases,
					  .networks = &ret->networks };
}

void cell_names_clear(struct cell_names *n)
{
	strlist_clear(&n->aliases);
	strlist_clear(&n->networks);
}

int cell_names_keep_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr space;
	int r;

	if (cell_host_network(&doc->spec))
		return 0;
	cell_names_of(doc, &names);
	r = lease_tell(e, &names.own, err);
	if (r <= 0)
		return r;
	space = (struct addr){ .realm = names.own.cell.realm, .space = names.own.cell.space };
	return hosts_update(e, &space, err);
}
