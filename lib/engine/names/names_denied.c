/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "denied_log.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "names_denied.h"
#include "net_ipv6.h"
#include "str.h"

struct search {
	const struct names_space *s;
	struct ipnet addr;
	char *cell; /* "realm/space/stack/cell"; NULL: not found */
};

static void compare(void *ctx, const struct lease *l)
{
	struct search *q = ctx;
	const struct space_net *net = &q->s->net;
	struct ipnet v4 = ipnet_of_ipv4((struct ipv4_net){ l->addr, 32 });
	struct ipnet v6 = net_ipv6_addr(&net->subnet6, net->subnet, l->addr);

	v6.prefix = ipnet_bits(v6.family);
	if (q->cell || (!ipnet_eq(&v4, &q->addr) && !ipnet_eq(&v6, &q->addr)))
		return;
	q->cell = xasprintf("%s/%s/%s/%s", q->s->at.a.realm, l->space ? l->space : q->s->at.a.space,
			    l->stack, l->cell);
}

/* False: a question for a name, or of a protocol that has no name here. */
static bool flow_of(const struct search *q, const struct denied *d, struct conntrack_flow *ret)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP } };

	*ret = (struct conntrack_flow){ .from = q->addr, .to_port = (uint16_t) d->port };
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if (streq(protos[i].name, d->protocol))
			ret->proto = protos[i].proto;
	return ret->proto != 0 && ipnet_parse_addr(d->destination, &ret->to) == 0;
}

void names_denied(struct engine *e, const struct names_space *s, const struct proto_msg *m)
{
	struct search q = { .s = s };
	struct denied d = { .address = proto_msg_get(m, "cell"),
			    .name = proto_msg_get(m, "name"),
			    .destination = proto_msg_get(m, "to"),
			    .protocol = proto_msg_get(m, "proto"),
			    .port = proto_msg_get_i64(m, "port", 0),
			    .count = proto_msg_get_i64(m, "count", 1) };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	struct conntrack_flow flow;

	if (ipnet_parse_addr(d.address, &q.addr) == 0) {
		/* The capture learns of an address that was opened after the cell did. */
		if (flow_of(&q, &d, &flow) && net_open_lets(s->rules, &flow))
			return;
		(void) lease_each(e, &s->at.a, compare, &q, NULL);
	}
	d.cell = q.cell;
	if (denied_log_append(e, &s->at.a, &d, &err) < 0)
		log_dbg("what was denied is not on record", "error",
			kerr_text(&err, text, sizeof(text)));
	free(q.cell);
}
