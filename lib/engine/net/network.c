/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "cni_space.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "jscan.h"
#include "lease.h"
#include "link_nets.h"
#include "log.h"
#include "mem.h"
#include "net_ipv6.h"
#include "network.h"
#include "path.h"
#include "scope.h"
#include "statefile.h"
#include "str.h"

#define NETWORK_FILE_MAX 65536

char *network_name(const struct addr *space)
{
	return xasprintf("%s-%s", space->realm, space->space);
}

static void fill_net(struct engine *e, const struct addr *space, struct ipv4_net subnet,
		     struct space_net *ret)
{
	ret->subnet = ipv4_subnet(subnet);
	ret->gateway = ipv4_first(subnet) + 1;
	ret->subnet6 = net_ipv6_subnet(e, subnet);
	link_bridge_name(space->realm, space->space, e->instance, ret->bridge);
}

char *network_bridge_owner(const struct addr *space)
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
	cleanup_free char *owner = network_bridge_owner(space);
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

int network_each_space(struct engine *e, network_space_fn *fn, void *ctx, struct kerr *err)
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
	struct net_ipv6_used used6;
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
	net_ipv6_used_add(&c->used6, &net->subnet6);
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
	cleanup_link_nets struct link_nets host = { 0 };
	uint64_t step = 1ULL << (32 - e->pod_prefix);
	int r;

	r = network_each_space(e, collect_space, &c, err);
	for (size_t i = 0; others && r == 0 && i < others->n; i++)
		r = collect_net(&c, &others->v[i].space, &others->v[i].net);
	if (r == 0)
		r = link_list_nets(IPNET_V4, &host, err);
	for (size_t i = 0; r == 0 && i < host.n; i++)
		if (!streq(host.v[i].device, bridge))
			used_add(&c.used, ipnet_ipv4(&host.v[i].net));
	if (r == 0)
		r = net_ipv6_used_by_host(e, bridge, &c.used6, err);
	if (r == 0) {
		r = -ENOSPC;
		for (uint64_t a = ipv4_first(e->pod_net); a <= ipv4_last(e->pod_net); a += step) {
			struct ipv4_net net = { .addr = (uint32_t) a, .prefix = e->pod_prefix };

			if (is_used(&c.used, net) || net_ipv6_is_used(e, &c.used6, net))
				continue;
			*ret = net;
			r = 0;
			break;
		}
		if (r < 0)
			(void) kerr_plain(err, r, "no free subnet available in parent CIDR");
	}
	free(c.used.v);
	net_ipv6_used_clear(&c.used6);
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
	net.subnet6 = net_ipv6_subnet(e, net.subnet);
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
