/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "conntrack.h"
#include "log.h"
#include "mem.h"
#include "net_ipv6.h"
#include "net_publish.h"
#include "net_rules.h"
#include "network.h"
#include "published.h"

/* What the ports of a change are for: a cell's addresses; none of them: this host itself. */
struct target {
	uint32_t to;
	struct ipnet to6;
	bool ipv6; /* cells have it */
};

static void add_match(const struct port_map *m, const struct target *t, bool ipv6,
		      struct conntrack_match *ret, size_t *n)
{
	struct conntrack_match match = { .udp = m->proto == PORT_UDP,
					 .first = m->host_first,
					 .last = m->host_last,
					 .ipv6 = ipv6 };

	if (ipv6) {
		match.to6 = t->to6;
		if (m->ipv6)
			match.dst6 = net_ipv6_of_host(m);
	} else {
		match.to = t->to;
		match.dst = m->host;
	}
	ret[(*n)++] = match;
}

/*
 * Connections that keep what the rules were: entries of a that are not in b; at most two for
 * each.
 */
static void add_changed(const struct port_list *a, const struct port_list *b,
			const struct target *t, struct conntrack_match *ret, size_t *n)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct port_map *m = &a->v[i];

		/* TCP connections to a port that was not published ended when it was refused. */
		if (port_list_has(b, m) || (!t->to && m->proto != PORT_UDP))
			continue;
		if (!m->ipv6)
			add_match(m, t, false, ret, n);
		if (t->ipv6 && (m->ipv6 || port_is_for_all(m)))
			add_match(m, t, true, ret, n);
	}
}

static struct target target_of(struct engine *e, const struct published *old)
{
	struct addr space = { .realm = old->cell.a.realm, .space = old->cell.a.space };
	struct target t = { .to = old->addr };
	struct space_net net;

	if (!old->addr || network_load(e, &space, &net, NULL) < 0)
		return t;
	t.to6 = net_ipv6_addr(&net.subnet6, net.subnet, old->addr);
	t.to6.prefix = ipnet_bits(t.to6.family);
	t.ipv6 = t.to6.family != IPNET_NONE;
	return t;
}

static void forget_connections(struct engine *e, const struct published *old,
			       const struct port_list *new)
{
	cleanup_free struct conntrack_match *m =
		xcalloc(2 * (old->ports.n + new->n) + 1, sizeof(*m));
	const struct target cell = target_of(e, old);
	const struct target host = { .ipv6 = e->pod_net6.family != IPNET_NONE };
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	size_t n = 0;
	int r = 0;

	add_changed(&old->ports, new, &cell, m, &n);
	if (n > 0)
		r = conntrack_forget(m, n, &why);
	n = 0;
	add_changed(new, &old->ports, &host, m, &n);
	if (r >= 0 && n > 0)
		r = conntrack_forget(m, n, &why);
	if (r < 0)
		log_wrn("connections keep the ports they had", "error",
			kerr_text(&why, text, sizeof(text)));
}

/*
 * With the lock of the firewall. While the cell has rules it has a record: of what it
 * published before until the change is complete, so that it is undone otherwise.
 */
static int publish_locked(struct engine *e, const struct addr *cell, uint32_t addr,
			  const struct port_list *ports, struct kerr *err)
{
	static const struct port_list none;
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_(published_clear) struct published old = { 0 };
	struct kerr why = { 0 };
	int r = published_read_all(e, &all, err);

	if (r == 0)
		r = published_check(e, &all, cell, ports, err);
	if (r < 0)
		return r;
	r = published_read(e, cell, &old, NULL);
	if (r == -ENOENT)
		r = published_write(e, cell, addr, ports, err);
	if (r < 0 && r != -EBADMSG)
		return r;
	published_set(&all, cell, addr, ports);
	r = net_rules_write_ports(e, &all, cell, &why);
	if (r == -EOPNOTSUPP && ports->n == 0)
		r = 0; /* then there are no rules to remove */
	if (r < 0) {
		if (err)
			*err = why;
		if (!old.addr)
			(void) published_write(e, cell, addr, &none, NULL);
		return kerr_wrap(err, r, "ports cannot be %s",
				 ports->n ? "published" : "taken back");
	}
	forget_connections(e, &old, ports);
	r = published_write(e, cell, addr, ports, err);
	return r < 0 ? r : 1;
}

bool net_publishes(struct engine *e, const struct addr *cell, uint32_t addr,
		   const struct port_list *ports)
{
	cleanup_(published_clear) struct published have = { 0 };
	int r = published_read(e, cell, &have, NULL);

	if (r == -ENOENT)
		return ports->n == 0;
	return r == 0 && have.addr == addr && port_list_eq(&have.ports, ports);
}

int net_publish(struct engine *e, const struct addr *cell, uint32_t addr,
		const struct port_list *ports, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	int r;

	if (net_publishes(e, cell, addr, ports))
		return 0;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = publish_locked(e, cell, addr, ports, err);
	locks_drop(e->locks, &lock);
	return r;
}
