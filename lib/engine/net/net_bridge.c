/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cni.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "names_state.h"
#include "net_bridge.h"
#include "net_ipv6.h"
#include "net_rules.h"
#include "network.h"
#include "path.h"
#include "temporary.h"

/* A bridge that is not there yet comes when its rules stand: no packet is before them. */
static int rules_before_bridge(struct engine *e, const struct addr *space,
			       const struct space_net *net, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	struct link_bridge_state st;

	if (locks_held(e->locks, &lock) || link_bridge_query(net->bridge, &st, NULL) != -ENODEV)
		return 0;
	if (net_rules_sync(e, err) < 0)
		return -EIO;
	return net_rules_check_link(e, space, err);
}

int net_bridge_up(struct engine *e, const struct addr *space, const struct space_net *net,
		  struct kerr *err)
{
	cleanup_free char *owner = network_bridge_owner(space);
	struct link_bridge b = {
		.name = net->bridge,
		.gateway = { .addr = net->gateway, .prefix = net->subnet.prefix },
		.gateway6 = net_ipv6_addr(&net->subnet6, net->subnet, net->gateway),
		.owner = owner,
	};
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	r = rules_before_bridge(e, space, net, err);
	if (r < 0)
		return r;
	if (link_uplink_mtu(&b.mtu, NULL) < 0)
		b.mtu = 0;
	r = link_bridge_ensure(&b, err);
	if (r < 0)
		return r;
	if (r > 0) /* sockets of the resolver are bound to one that is gone */
		names_poke(e);
	if (r > 0 && net_rules_fence(e, space, NULL, &why) < 0)
		log_wrn("a bridge has no fence yet", "bridge", net->bridge, "error",
			kerr_text(&why, text, sizeof(text)));
	if (link_forwarding_on(NULL) < 0)
		log_wrn("cannot turn on net.ipv4.ip_forward", "bridge", net->bridge);
	if (b.gateway6.family != IPNET_NONE && link_ipv6_forwarding_on(NULL) < 0)
		log_wrn("cannot turn on net.ipv6.conf.all.forwarding", "bridge", net->bridge);
	return r;
}

/*
 * The bridge is identified by name and owner, so that an unreadable record does not
 * block deletion. A link with our name but not created by us is left alone.
 */
static int delete_bridge(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *owner = network_bridge_owner(space);
	struct link_bridge_state st;
	char name[LINK_NAME_MAX];
	int r;

	link_bridge_name(space->realm, space->space, e->instance, name);
	r = link_bridge_query(name, &st, err);
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	return st.is_bridge && streq(st.owner, owner) ? link_bridge_delete(name, err) : 0;
}

int net_bridge_delete(struct engine *e, const struct addr *space, struct kerr *err)
{
	static const enum object_file files[] = { SPACE_CONFLIST, SPACE_NETWORK, SPACE_HOSTS,
						  SPACE_EGRESS,	  SPACE_DENIED,	 SPACE_DENIED_OLD };
	cleanup_free char *leases = layout_object(&e->layout, space, SPACE_LEASES);
	int r;

	r = delete_bridge(e, space, err);
	if (r >= 0)
		r = cni_delete_space(e, space, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_free char *file = layout_object(&e->layout, space, files[i]);

		if (unlink(file) < 0 && errno != ENOENT)
			return kerr_set(err, -errno, "remove '%s'", file);
	}
	r = temporary_save(e, space, &(struct temporary_list){ 0 }, err);
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, leases, 0, err);
	names_poke(e);
	return r;
}
