/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PORTS_H
#define KUKEON_PORTS_H

#include "err.h"
#include "kinds.h"

/*
 * Published ports: `[hostIP:]hostPort:containerPort[/tcp|udp]`, where both ports may be
 * ranges of one length. Pure functions.
 */
#define PORTS_MAX_PER_CELL 64 /* entries; a range is one */
#define PORT_TEXT_MAX 112 /* the longest text of one, with its NUL */

enum port_proto {
	PORT_TCP = 1,
	PORT_UDP,
	_PORT_PROTO_MAX,
};

struct port_map {
	bool ipv6; /* the host's address is an IPv6 one */
	uint8_t host6[16];
	uint32_t host; /* IPv4, in host byte order; 0: all addresses of the host */
	uint16_t host_first, host_last; /* 0: nothing is published */
	uint16_t first; /* in the cell; the others follow in order */
	enum port_proto proto;
};

struct port_list {
	struct port_map *v;
	size_t n;
};

void port_list_clear(struct port_list *l);
#define cleanup_port_list cleanup_(port_list_clear)

/* One entry of a manifest. -EINVAL, with a message that names it. */
int port_parse(const char *text, struct port_map *ret, struct kerr *err);

/* As port_parse reads it, in full: "0.0.0.0:8080:80/tcp". Fills and returns buf. */
const char *port_text(const struct port_map *m, char buf[PORT_TEXT_MAX])
	__attribute__((returns_nonnull));

/* For people, as docker ps has it: "0.0.0.0:8080->80/tcp", "…:8000-8010->9000-9010/udp". */
const char *port_show(const struct port_map *m, char buf[PORT_TEXT_MAX])
	__attribute__((returns_nonnull));

const char *port_proto_name(enum port_proto p); /* "tcp" */

bool port_is_for_all(const struct port_map *m); /* 0.0.0.0 or [::] */

/*
 * Whether a port of the host is in both: same protocol, ranges that overlap, and the same
 * address or one that stands for all. *ret: the first such port.
 */
bool port_overlap(const struct port_map *a, const struct port_map *b, uint16_t *ret);

/*
 * What the containers of a cell publish, in the order of the manifest; entries that publish
 * nothing, and ones that cannot be parsed, are left out. The caller clears *ret.
 */
void ports_of_cell(const struct cell_spec *cell, struct port_list *ret);

bool port_list_has(const struct port_list *l, const struct port_map *m);
bool port_list_eq(const struct port_list *a, const struct port_list *b);

/* The entries of one container: -EINVAL if one is not valid, or two take one port of the host. */
int ports_check(const struct strlist *ports, struct kerr *err);

/*
 * Containers of a cell share its ports. -EINVAL if two entries take one port of the host,
 * or if there are more than PORTS_MAX_PER_CELL.
 */
int ports_check_cell(const struct cell_spec *cell, struct kerr *err);

#endif
