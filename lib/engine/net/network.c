/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "cni.h"
#include "cni_space.h"
#include "conntrack.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "firewall.h"
#include "firewall_plan.h"
#include "firewall_ports.h"
#include "firewall_world.h"
#include "jscan.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "net_egress.h"
#include "network.h"
#include "packet_filter.h"
#include "path.h"
#include "published.h"
#include "scope.h"
#include "statefile.h"
#include "str.h"

#define NETWORK_FILE_MAX 65536
#define RULES_TOLD_FILE ".firewall" /* in the runtime directory: what was told of the host */

char *network_name(const struct addr *space)
{
	return xasprintf("%s-%s", space->realm, space->space);
}

static void fill_net(struct engine *e, const struct addr *space, struct ipv4_net subnet,
		     struct space_net *ret)
{
	ret->subnet = ipv4_subnet(subnet);
	ret->gateway = ipv4_first(subnet) + 1;
	link_bridge_name(space->realm, space->space, e->instance, ret->bridge);
}

static char *bridge_owner(const struct addr *space)
{
	return xasprintf("%s/%s", space->realm, space->space);
}

int network_load_record(struct engine *e, const struct addr *space, struct space_net *ret,
			struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_NETWORK);
	cleanup_buf struct buf text = BUF_INIT(NETWORK_FILE_MAX);
	struct ipv4_net subnet = { 0 };
	char cidr[64];
	int r;

	r = state_read_at(AT_FDCWD, file, NETWORK_FILE_MAX, &text, err);
	if (r < 0)
		return r;
	r = jscan_get_str(buf_str(&text), text.len, "subnetCIDR", cidr, sizeof(cidr));
	if (r == 0)
		r = ipv4_net_parse(cidr, &subnet);
	if (r < 0)
		return kerr_plain(err, -EINVAL, "subnet allocator state is malformed: '%s'", file);
	fill_net(e, space, subnet, ret);
	return 0;
}

/* Take the subnet from the CNI configuration: its first (and only) "subnet". */
static int load_conflist(struct engine *e, const struct addr *space, struct ipv4_net *ret)
{
	static const char key[] = "\"subnet\": \"";
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_CONFLIST);
	cleanup_buf struct buf text = BUF_INIT(NETWORK_FILE_MAX);
	char cidr[IPV4_NET_TEXT_MAX];
	const char *at;
	size_t n;

	if (state_read_at(AT_FDCWD, file, NETWORK_FILE_MAX, &text, NULL) < 0)
		return -ENOENT;
	at = strstr(buf_str(&text), key);
	if (!at)
		return -ENOENT;
	at += sizeof(key) - 1;
	n = strcspn(at, "\"");
	if (n >= sizeof(cidr))
		return -ENOENT;
	(void) snprintf(cidr, sizeof(cidr), "%.*s", (int) n, at);
	return ipv4_net_parse(cidr, ret);
}

/* Take the subnet from the bridge's address in the kernel, if the bridge exists. */
static int load_bridge(struct engine *e, const struct addr *space, struct ipv4_net *ret)
{
	cleanup_free char *owner = bridge_owner(space);
	struct link_bridge_state st;
	char name[LINK_NAME_MAX];

	link_bridge_name(space->realm, space->space, e->instance, name);
	if (link_bridge_query(name, &st, NULL) < 0 || !st.is_bridge || !streq(st.owner, owner) ||
	    st.addr.prefix != e->pod_prefix)
		return -ENOENT;
	*ret = ipv4_subnet(st.addr);
	return 0;
}

static void keep_first(void *ctx, const struct lease *l)
{
	uint32_t *first = ctx;

	if (!*first)
		*first = l->addr;
}

/* Take the subnet from the leases of the cells. */
static int load_leases(struct engine *e, const struct addr *space, struct ipv4_net *ret)
{
	uint32_t addr = 0;

	if (lease_each(e, space, keep_first, &addr, NULL) < 0 || !addr)
		return -ENOENT;
	*ret = ipv4_subnet((struct ipv4_net){ .addr = addr, .prefix = e->pod_prefix });
	return 0;
}

int network_load(struct engine *e, const struct addr *space, struct space_net *ret,
		 struct kerr *err)
{
	struct ipv4_net subnet;
	struct kerr why = { 0 };
	int r = network_load_record(e, space, ret, &why);

	if (r == 0)
		return 0;
	if (load_conflist(e, space, &subnet) == 0 || load_bridge(e, space, &subnet) == 0 ||
	    load_leases(e, space, &subnet) == 0) {
		fill_net(e, space, subnet, ret);
		return 0;
	}
	if (r != -ENOENT && err)
		*err = why;
	return r;
}

/* ---- choosing a subnet ---- */

struct used_nets {
	struct ipv4_net *v;
	size_t n;
};

static void used_add(struct used_nets *u, struct ipv4_net net)
{
	struct ipv4_net *slot = vec_grow(&u->v, &u->n, sizeof(*u->v));

	*slot = net;
}

typedef int space_fn(void *ctx, struct engine *e, const struct addr *space);

/* Call fn for every space of the instance, realm by realm. */
static int each_space(struct engine *e, space_fn *fn, void *ctx, struct kerr *err)
{
	struct addr root = { 0 };
	cleanup_strlist struct strlist realms = { 0 };
	int r = store_list(&e->layout, &root, &realms, err);

	for (size_t i = 0; r == 0 && i < realms.n; i++) {
		struct addr realm = { .realm = realms.v[i] };
		cleanup_strlist struct strlist spaces = { 0 };

		r = store_list(&e->layout, &realm, &spaces, err);
		for (size_t k = 0; r == 0 && k < spaces.n; k++) {
			struct addr space = addr_child(&realm, spaces.v[k]);

			r = fn(ctx, e, &space);
		}
	}
	return r;
}

struct collect {
	struct used_nets used;
	const struct addr *self;
	const char *bridge;
	struct kerr *err;
};

static int collect_net(struct collect *c, const struct addr *space, const struct space_net *net)
{
	if (streq(net->bridge, c->bridge))
		return kerr_plain(c->err, -EEXIST,
				  "space \"%s\" in realm \"%s\" would share bridge %s with space "
				  "\"%s\" in realm \"%s\"; choose another name",
				  c->self->space, c->self->realm, net->bridge, space->space,
				  space->realm);
	used_add(&c->used, net->subnet);
	return 0;
}

static int collect_space(void *ctx, struct engine *e, const struct addr *space)
{
	struct collect *c = ctx;
	struct space_net net;
	int r;

	if (streq(space->realm, c->self->realm) && streq(space->space, c->self->space))
		return 0;
	r = network_load(e, space, &net, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		cleanup_free char *where = addr_text(space);

		log_wrn("unreadable subnet record; not checked for a shared bridge", "space",
			where);
		return 0;
	}
	return collect_net(c, space, &net);
}

static bool is_used(const struct used_nets *u, struct ipv4_net net)
{
	for (size_t i = 0; i < u->n; i++)
		if (ipv4_overlap(u->v[i], net))
			return true;
	return false;
}

/* others: planned networks that are not stored yet; NULL: none. */
static int choose_subnet(struct engine *e, const struct addr *space, const char *bridge,
			 const struct network_list *others, struct ipv4_net *ret, struct kerr *err)
{
	struct collect c = { .self = space, .bridge = bridge, .err = err };
	cleanup_free struct link_net *host = NULL;
	uint64_t step = 1ULL << (32 - e->pod_prefix);
	size_t n_host = 0;
	int r;

	r = each_space(e, collect_space, &c, err);
	for (size_t i = 0; others && r == 0 && i < others->n; i++)
		r = collect_net(&c, &others->v[i].space, &others->v[i].net);
	if (r == 0)
		r = link_list_nets(&host, &n_host, err);
	for (size_t i = 0; r == 0 && i < n_host; i++)
		if (!streq(host[i].device, bridge))
			used_add(&c.used, host[i].net);
	if (r == 0) {
		r = -ENOSPC;
		for (uint64_t a = ipv4_first(e->pod_net); a <= ipv4_last(e->pod_net); a += step) {
			struct ipv4_net net = { .addr = (uint32_t) a, .prefix = e->pod_prefix };

			if (is_used(&c.used, net))
				continue;
			*ret = net;
			r = 0;
			break;
		}
		if (r < 0)
			(void) kerr_plain(err, r, "no free subnet available in parent CIDR");
	}
	free(c.used.v);
	return r;
}

/* ---- the files ---- */

static void conflist_text(struct buf *out, const char *name, const struct space_net *net)
{
	char cidr[IPV4_NET_TEXT_MAX];
	struct jemit j;

	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "cniVersion");
	jemit_str(&j, "0.4.0");
	jemit_key(&j, "name");
	jemit_str(&j, name);
	jemit_key(&j, "plugins");
	jemit_array(&j);
	jemit_object(&j);
	jemit_key(&j, "type");
	jemit_str(&j, "bridge");
	jemit_key(&j, "bridge");
	jemit_str(&j, net->bridge);
	jemit_key(&j, "isGateway");
	jemit_bool(&j, true);
	jemit_key(&j, "ipMasq");
	jemit_bool(&j, true);
	jemit_key(&j, "ipam");
	jemit_object(&j);
	jemit_key(&j, "type");
	jemit_str(&j, "host-local");
	jemit_key(&j, "ranges");
	jemit_array(&j);
	jemit_array(&j);
	jemit_object(&j);
	jemit_key(&j, "subnet");
	jemit_str(&j, ipv4_net_text(net->subnet, cidr));
	jemit_object_end(&j);
	jemit_array_end(&j);
	jemit_array_end(&j);
	jemit_key(&j, "routes");
	jemit_array(&j);
	jemit_object(&j);
	jemit_key(&j, "dst");
	jemit_str(&j, "0.0.0.0/0");
	jemit_object_end(&j);
	jemit_array_end(&j);
	jemit_object_end(&j);
	jemit_object_end(&j);
	jemit_object(&j);
	jemit_key(&j, "type");
	jemit_str(&j, "loopback");
	jemit_object_end(&j);
	jemit_array_end(&j);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

static int write_file(struct engine *e, const struct addr *space, enum object_file what,
		      const struct buf *text, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, what);

	return atomic_write_at(AT_FDCWD, file, text->data, text->len, 0600, ATOMIC_WRITE_SUM, err);
}

static int write_records(struct engine *e, const struct addr *space, const struct space_net *net,
			 struct kerr *err)
{
	cleanup_free char *name = network_name(space);
	cleanup_free char *dir = layout_object(&e->layout, space, OBJECT_DIR);
	cleanup_buf struct buf text = BUF_INIT(NETWORK_FILE_MAX);
	char cidr[IPV4_NET_TEXT_MAX];
	int r;

	r = mkdir_p(dir, 02750, err);
	if (r < 0)
		return r;
	buf_addf(&text, "{\n  \"version\": \"v1\",\n  \"subnetCIDR\": \"%s\"\n}\n",
		 ipv4_net_text(net->subnet, cidr));
	r = write_file(e, space, SPACE_NETWORK, &text, err);
	if (r < 0)
		return r;
	buf_reset(&text);
	conflist_text(&text, name, net);
	return write_file(e, space, SPACE_CONFLIST, &text, err);
}

/* Return whether both files match the known network. */
static bool records_stand(struct engine *e, const struct addr *space, const struct space_net *net)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_CONFLIST);
	cleanup_free char *name = network_name(space);
	cleanup_buf struct buf have = BUF_INIT(NETWORK_FILE_MAX);
	cleanup_buf struct buf want = BUF_INIT(NETWORK_FILE_MAX);
	struct space_net stored;

	if (network_load_record(e, space, &stored, NULL) < 0 ||
	    state_read_at(AT_FDCWD, file, NETWORK_FILE_MAX, &have, NULL) < 0)
		return false;
	conflist_text(&want, name, net);
	return have.len == want.len && memcmp(buf_str(&have), buf_str(&want), want.len) == 0;
}

/* Rewrite both files if one of them is lost or damaged. */
static void mend_records(struct engine *e, const struct addr *space, const struct space_net *net)
{
	cleanup_free char *where = addr_text(space);
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (write_records(e, space, net, &err) < 0)
		log_wrn("cannot rewrite damaged network files", "space", where, "error",
			kerr_text(&err, text, sizeof(text)));
	else
		log_wrn("rewrote damaged network files", "space", where);
}

int network_create(struct engine *e, const struct addr *space, struct space_net *ret,
		   struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	struct space_net net = { 0 };
	struct ipv4_net subnet;
	int r;

	r = network_load(e, space, &net, err);
	if (r == 0 && records_stand(e, space, &net)) {
		*ret = net;
		return 0;
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT) {
		link_bridge_name(space->realm, space->space, e->instance, net.bridge);
		r = locks_take(e->locks, &lock, 0, err);
		if (r < 0)
			return r;
		r = choose_subnet(e, space, net.bridge, NULL, &subnet, err);
		if (r == 0) {
			fill_net(e, space, subnet, &net);
			r = write_records(e, space, &net, err);
		}
		locks_drop(e->locks, &lock);
	} else {
		mend_records(e, space, &net);
		r = 0;
	}
	if (r < 0)
		return kerr_wrap(err, r, "failed to create network");
	*ret = net;
	return 1;
}

int network_plan(struct engine *e, const struct addr *space, const struct network_list *others,
		 struct space_net *ret, struct kerr *err)
{
	struct space_net net = { 0 };
	int r = network_load(e, space, ret, err);

	if (r != -ENOENT)
		return r;
	link_bridge_name(space->realm, space->space, e->instance, net.bridge);
	r = choose_subnet(e, space, net.bridge, others, &net.subnet, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to create network");
	*ret = net;
	return 0;
}

int network_rewrite(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *path = NULL;
	struct space_net net;
	int r = network_load(e, space, &net, err);

	if (r == -ENOENT && cni_space_path(e, space, &path, NULL) > 0)
		return 0; /* it is described in a file of the user's */
	if (r == -ENOENT)
		return kerr_plain(err, r, "network not found");
	return r < 0 ? r : write_records(e, space, &net, err);
}

/* A bridge that is not there yet comes when its rules stand: no packet is before them. */
static int rules_before_bridge(struct engine *e, const struct space_net *net, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	struct link_bridge_state st;

	if (locks_held(e->locks, &lock) || link_bridge_query(net->bridge, &st, NULL) != -ENODEV)
		return 0;
	return network_sync_rules(e, err) < 0 ? -EIO : 0;
}

int network_up(struct engine *e, const struct addr *space, const struct space_net *net,
	       struct kerr *err)
{
	cleanup_free char *owner = bridge_owner(space);
	struct link_bridge b = {
		.name = net->bridge,
		.gateway = { .addr = net->gateway, .prefix = net->subnet.prefix },
		.owner = owner,
	};
	int r;

	r = rules_before_bridge(e, net, err);
	if (r < 0)
		return r;
	if (link_uplink_mtu(&b.mtu, NULL) < 0)
		b.mtu = 0;
	r = link_bridge_ensure(&b, err);
	if (r < 0)
		return r;
	if (link_forwarding_on(NULL) < 0)
		log_wrn("cannot turn on net.ipv4.ip_forward", "bridge", net->bridge);
	return r;
}

/* Spaces that a route overlaps: the first, and how many. */
struct overlaps {
	struct link_net route;
	char *space;
	char subnet[IPV4_NET_TEXT_MAX];
	size_t n;
};

static int count_overlap(void *ctx, struct engine *e, const struct addr *space)
{
	struct overlaps *o = ctx;
	struct space_net net;

	if (network_load_record(e, space, &net, NULL) < 0 || streq(net.bridge, o->route.device) ||
	    !ipv4_overlap(net.subnet, o->route.net))
		return 0;
	if (o->n++ == 0) {
		o->space = addr_text(space);
		(void) ipv4_net_text(net.subnet, o->subnet);
	}
	return 0;
}

static void warn_overlap(struct engine *e, const struct link_net *route)
{
	struct overlaps o = { .route = *route };
	char text[IPV4_NET_TEXT_MAX], more[32];

	if (each_space(e, count_overlap, &o, NULL) == 0 && o.n > 0) {
		(void) snprintf(more, sizeof(more), "%zu", o.n - 1);
		log_wrn("a route of the host overlaps the subnet of a space", "route",
			ipv4_net_text(route->net, text), "device", route->device, "space", o.space,
			"subnet", o.subnet, "more spaces", more);
	}
	free(o.space);
}

void network_warn_overlaps(struct engine *e)
{
	cleanup_free struct link_net *nets = NULL;
	size_t n = 0;

	if (link_list_nets(&nets, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		bool told = !ipv4_overlap(nets[i].net, e->pod_net) ||
			    str_has_prefix(nets[i].device, LINK_BRIDGE_PREFIX);

		for (size_t k = 0; !told && k < i; k++) /* an address and its route are one */
			told = ipv4_net_eq(nets[k].net, nets[i].net) &&
			       streq(nets[k].device, nets[i].device);
		if (!told)
			warn_overlap(e, &nets[i]);
	}
}

/*
 * The bridge is identified by name and owner, so that an unreadable record does not
 * block deletion. A link with our name but not created by us is left alone.
 */
static int delete_bridge(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *owner = bridge_owner(space);
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

int network_delete(struct engine *e, const struct addr *space, struct kerr *err)
{
	static const enum object_file files[] = { SPACE_CONFLIST, SPACE_NETWORK, SPACE_HOSTS,
						  SPACE_EGRESS };
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
	return remove_tree_at(AT_FDCWD, leases, 0, err);
}

/* ---- rules ---- */

/* What rules are made of: what is stored, but for one space. */
struct rules_as {
	const struct addr *space;
	const struct space_doc *doc; /* as if this were stored as that space's */
	bool seen;
};

struct rules_input {
	struct firewall_space *v;
	size_t n;
	struct net_egress_rules *allow; /* what v refers to */
	size_t n_allow;
	struct firewall_port *ports;
	size_t n_ports;
	struct rules_as *as; /* NULL: all is stored */
	int64_t now;
};

/* A policy without its record of addresses admits no host name. */
static void rules_of_policy(struct rules_input *in, struct engine *e, const struct addr *space,
			    const struct egress_policy *p, struct firewall_space *s)
{
	struct net_egress_rules *allow = vec_grow(&in->allow, &in->n_allow, sizeof(*in->allow));
	cleanup_egress_hosts struct egress_hosts hosts = { 0 };

	(void) egress_hosts_load(e, space, &hosts, NULL); /* told when it is next written */
	net_egress_rules_make(p, &hosts, in->now, allow);
	s->policy = egress_denies(p) ? FIREWALL_DEFAULT_DENY : FIREWALL_DEFAULT_ALLOW;
	s->allow = allow->v;
	s->n_allow = allow->n;
}

static bool is_as(const struct rules_as *as, const struct addr *space)
{
	return as && streq(as->space->realm, space->realm) && streq(as->space->space, space->space);
}

static int rules_space(void *ctx, struct engine *e, const struct addr *space)
{
	struct rules_input *in = ctx;
	struct space_doc d = { 0 };
	struct firewall_space *s;
	struct space_net net;
	int r;

	if (network_load(e, space, &net, NULL) < 0)
		return 0;
	s = vec_grow(&in->v, &in->n, sizeof(*in->v));
	s->realm = xstrdup(space->realm);
	s->space = xstrdup(space->space);
	s->bridge = xstrdup(net.bridge);
	s->subnet = net.subnet;
	s->gateway = net.gateway;
	s->policy = FIREWALL_DEFAULT_ALLOW;
	if (is_as(in->as, space)) {
		in->as->seen = true;
		rules_of_policy(in, e, space, egress_of(in->as->doc), s);
		return 0;
	}
	r = net_egress_load(e, space, &d, NULL);
	if (r < 0)
		s->policy = FIREWALL_DEFAULT_UNKNOWN;
	if (r > 0)
		rules_of_policy(in, e, space, egress_of(&d), s);
	model_clear(&space_doc_type, &d);
	return 0;
}

static void rules_input_clear(struct rules_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free((void *) (uintptr_t) in->v[i].realm);
		free((void *) (uintptr_t) in->v[i].space);
		free((void *) (uintptr_t) in->v[i].bridge);
	}
	for (size_t i = 0; i < in->n_ports; i++)
		free((void *) (uintptr_t) in->ports[i].owner);
	for (size_t i = 0; i < in->n_allow; i++)
		net_egress_rules_clear(&in->allow[i]);
	free(in->v);
	free(in->allow);
	free(in->ports);
}

static void add_ports(struct rules_input *in, const struct published *p)
{
	const struct addr *a = &p->cell.a;

	for (size_t i = 0; p->addr && i < p->ports.n; i++) {
		const struct port_map *m = &p->ports.v[i];
		struct firewall_port *port;

		if (m->ipv6)
			continue;
		port = vec_grow(&in->ports, &in->n_ports, sizeof(*in->ports));
		port->owner = xasprintf("%s:%s:%s:%s", a->realm, a->space, a->stack, a->cell);
		port->cell = p->addr;
		port->host = m->host;
		port->first = m->host_first;
		port->last = m->host_last;
		port->to = m->first;
		port->udp = m->proto == PORT_UDP;
	}
}

/*
 * A bridge takes packets of 127.0.0.0/8 only while a cell behind it publishes a port
 * there, and not before the rules stand that keep cells away from the host's own.
 */
static void set_localnet(const struct rules_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		bool on = false;

		for (size_t k = 0; k < in->n_ports && !on; k++)
			on = ipv4_contains(in->v[i].subnet, in->ports[k].cell) &&
			     firewall_port_on_loopback(&in->ports[k]);
		if (link_route_localnet(in->v[i].bridge, on, NULL) == -EROFS)
			log_wrn("cannot set route_localnet", "bridge", in->v[i].bridge);
	}
}

typedef int plan_fn(struct engine *e, const struct firewall_plan *plan, struct kerr *err);

static int try_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	return packet_filter_apply(e, plan, err);
}

/* What this host cannot do is told when that begins, not again by every pass. */
static void tell_unsupported(struct engine *e, const char *why)
{
	cleanup_free char *file = path_join(e->layout.runtime_dir, RULES_TOLD_FILE, NULL);
	cleanup_buf struct buf told = BUF_INIT(NETWORK_FILE_MAX);

	if (!*why) {
		(void) unlink(file);
		return;
	}
	if (file_read_at(AT_FDCWD, file, NETWORK_FILE_MAX, &told, NULL) == 0 &&
	    streq(buf_str(&told), why))
		return;
	log_wrn("this host's packets cannot be filtered as they should be", "reason", why);
	/* If this fails, it is only told again. */
	(void) atomic_write_at(AT_FDCWD, file, why, strlen(why), 0600, ATOMIC_WRITE_NOSYNC, NULL);
}

static int apply_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = try_plan(e, plan, &why);

	if (r < 0 && r != -EOPNOTSUPP) {
		if (err)
			*err = why;
		return r;
	}
	if (r >= 0) /* IPv4 stands; what of IPv6 */
		(void) firewall_world_check(packet_filter_choice(e), FIREWALL_IPV6, &why);
	tell_unsupported(e, kerr_text(&why, text, sizeof(text)));
	return r < 0 ? 0 : r;
}

static int compare_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	return firewall_differs(plan, packet_filter_choice(e), err);
}

/* With the lock of the firewall: make the plan of all spaces, and call fn with it. */
static int with_plan_locked(struct engine *e, struct rules_as *as,
			    const struct published_list *ports, plan_fn *fn, struct kerr *err)
{
	cleanup_(rules_input_clear) struct rules_input in = { .as = as, .now = ktime_now().sec };
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
	struct firewall_input fi = { .instance = e->instance };
	int r = each_space(e, rules_space, &in, err);

	if (r == 0 && as && !as->seen) /* it is being created and not listed yet */
		r = rules_space(&in, e, as->space);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ports->n; i++)
		add_ports(&in, &ports->v[i]);
	fi.spaces = in.v;
	fi.n_spaces = in.n;
	fi.ports = in.ports;
	fi.n_ports = in.n_ports;
	firewall_plan_make(&fi, &plan);
	r = fn(e, &plan, err);
	if (r >= 0 && fn != compare_plan)
		set_localnet(&in);
	return r;
}

/* The same with the ports that are published. */
static int with_plan(struct engine *e, struct rules_as *as, plan_fn *fn, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = published_read_all(e, &ports, err);

	return r < 0 ? r : with_plan_locked(e, as, &ports, fn, err);
}

int network_rules_hold(struct engine *e, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();

	return locks_take(e->locks, &lock, 0, err);
}

void network_rules_release(struct engine *e)
{
	struct lock_id lock = lock_id_firewall();

	locks_drop(e->locks, &lock);
}

int network_rules_write(struct engine *e, const struct addr *space, const struct space_doc *doc,
			struct kerr *err)
{
	struct rules_as as = { .space = space, .doc = doc };

	return with_plan(e, space ? &as : NULL, apply_plan, err);
}

int network_sync_rules(struct engine *e, struct kerr *err)
{
	struct kerr why = { 0 };
	int r;

	r = network_rules_hold(e, err);
	if (r < 0)
		return r;
	r = with_plan(e, NULL, apply_plan, &why);
	network_rules_release(e);
	e->rules_error = why;
	if (r < 0 && err)
		*err = why;
	return r;
}

int network_rules_differ(struct engine *e, struct kerr *err)
{
	int r;

	r = network_rules_hold(e, err);
	if (r < 0)
		return r;
	r = with_plan(e, NULL, compare_plan, err);
	network_rules_release(e);
	return r;
}

/* ---- published ports ---- */

/* Connections that keep what the rules were: entries of a that are not in b. */
static void add_changed(const struct port_list *a, const struct port_list *b, uint32_t to,
			struct conntrack_match *ret, size_t *n)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct port_map *m = &a->v[i];

		/* TCP connections to a port that was not published ended when it was refused. */
		if (port_list_has(b, m) || m->ipv6 || (!to && m->proto != PORT_UDP))
			continue;
		ret[(*n)++] = (struct conntrack_match){ .udp = m->proto == PORT_UDP,
							.first = m->host_first,
							.last = m->host_last,
							.dst = m->host,
							.to = to };
	}
}

static void forget_connections(const struct published *old, const struct port_list *new)
{
	cleanup_free struct conntrack_match *m = xcalloc(old->ports.n + new->n + 1, sizeof(*m));
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	size_t n = 0;
	int r = 0;

	add_changed(&old->ports, new, old->addr, m, &n);
	if (n > 0)
		r = conntrack_forget(m, n, &why);
	n = 0;
	add_changed(new, &old->ports, 0, m, &n);
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
	r = with_plan_locked(e, NULL, &all, try_plan, &why);
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
	forget_connections(&old, ports);
	r = published_write(e, cell, addr, ports, err);
	return r < 0 ? r : 1;
}

bool network_publishes(struct engine *e, const struct addr *cell, uint32_t addr,
		       const struct port_list *ports)
{
	cleanup_(published_clear) struct published have = { 0 };
	int r = published_read(e, cell, &have, NULL);

	if (r == -ENOENT)
		return ports->n == 0;
	return r == 0 && have.addr == addr && port_list_eq(&have.ports, ports);
}

int network_publish(struct engine *e, const struct addr *cell, uint32_t addr,
		    const struct port_list *ports, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	int r;

	if (network_publishes(e, cell, addr, ports))
		return 0;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = publish_locked(e, cell, addr, ports, err);
	locks_drop(e->locks, &lock);
	return r;
}
