/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "clock.h"
#include "reports.h"

int report_send(struct kukedns *d)
{
	int r;

	if (d->control_full)
		return -EAGAIN;
	r = proto_msg_send(&d->msg, d->control, -1, PROTO_MSG_DONTWAIT);
	if (r != -EAGAIN)
		return r;
	d->control_full = true;
	(void) poller_set(&d->poller, d->control, EPOLLIN | EPOLLOUT, WATCH_CONTROL, d);
	return r;
}

void report_ready(struct kukedns *d)
{
	d->control_full = false;
	(void) poller_set(&d->poller, d->control, EPOLLIN, WATCH_CONTROL, d);
}

void report_query(struct kukedns *d, const struct space *s, const struct ipaddr *cell,
		  const char *name)
{
	struct denied_what what = { .space = s->id, .cell = *cell, .name = name };

	d->refused++;
	denied_add(&d->denied, &what, clock_ms());
}

void report_packet(struct kukedns *d, const struct space *s, const struct frame *c)
{
	struct denied_what what = { s->id,    c->from, c->to,
				    c->proto, c->port, revmap_get(&d->revmap, s->id, &c->to) };

	denied_add(&d->denied, &what, clock_ms());
}

static const char *proto_text(const struct denied_what *w, char buf[8])
{
	if (w->to.family == 0)
		return "dns";
	switch (w->proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		(void) snprintf(buf, 8, "%u", (unsigned) w->proto);
		return buf;
	}
}

static void write_denied(struct proto_msg *m, const struct denied_report *r)
{
	char text[IPADDR_TEXT_MAX], proto[8];

	proto_msg_start(m, "denied");
	proto_msg_add_i64(m, "space", r->what.space);
	proto_msg_add(m, "cell", ipaddr_text(&r->what.cell, text));
	proto_msg_add(m, "to", ipaddr_text(&r->what.to, text));
	proto_msg_add(m, "proto", proto_text(&r->what, proto));
	proto_msg_add_i64(m, "port", r->what.port);
	proto_msg_add(m, "name", r->what.name);
	proto_msg_add_i64(m, "count", (int64_t) r->count);
}

void report_flush(struct kukedns *d, int64_t now_ms)
{
	struct denied_report r;

	while (!d->control_full && denied_next(&d->denied, now_ms, &r)) {
		write_denied(&d->msg, &r);
		if (report_send(d) < 0)
			return;
		denied_told(&d->denied, &r, now_ms);
	}
}

int64_t report_wakes(const struct kukedns *d)
{
	return d->control_full ? -1 : denied_wakes(&d->denied);
}
