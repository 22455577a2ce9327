/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "ports.h"
#include "str.h"
#include "vec.h"

#define ENTRY_MAX 80 /* bytes of an entry that may be valid */

static const char *const proto_names[] = {
	[PORT_TCP] = "tcp",
	[PORT_UDP] = "udp",
};
_Static_assert(ARRAY_SIZE(proto_names) == _PORT_PROTO_MAX, "a protocol without a name");

const char *port_proto_name(enum port_proto p)
{
	assert(p >= PORT_TCP && p < _PORT_PROTO_MAX);
	return proto_names[p];
}

void port_list_clear(struct port_list *l)
{
	free(l->v);
	*l = (struct port_list){ 0 };
}

/* ---- parsing ---- */

struct port_range {
	uint16_t first, last;
};

static const char *parse_port(const char *s, uint16_t *ret)
{
	uint64_t v;

	if (s[0] == '\0')
		return "a port is missing";
	if (str_to_u64(s, 1, 65535, &v) < 0)
		return "a port is a number from 1 to 65535";
	*ret = (uint16_t) v;
	return NULL;
}

/* "80" or "80-89"; modifies s. Returns what is wrong, or NULL. */
static const char *parse_range(char *s, struct port_range *ret)
{
	char *dash = strchr(s, '-');
	const char *why;

	if (dash != NULL)
		*dash++ = '\0';
	why = parse_port(s, &ret->first);
	ret->last = ret->first;
	if (why == NULL && dash != NULL)
		why = parse_port(dash, &ret->last);
	if (why == NULL && ret->last < ret->first)
		why = "the range ends before it begins";
	return why;
}

/* "192.0.2.1" or "[2001:db8::1]"; modifies s. */
static const char *parse_host(char *s, struct port_map *ret)
{
	size_t n = strlen(s);
	struct in_addr v4;

	if (s[0] == '[' && n > 1 && s[n - 1] == ']') {
		s[n - 1] = '\0';
		ret->ipv6 = true;
		return inet_pton(AF_INET6, s + 1, ret->host6) == 1
			       ? NULL
			       : "the address in brackets is not an IPv6 address";
	}
	if (inet_pton(AF_INET, s, &v4) == 1) {
		ret->host = ntohl(v4.s_addr);
		return IN_MULTICAST(ret->host) || IN_EXPERIMENTAL(ret->host)
			       ? "the host's address is none that a host can have"
			       : NULL;
	}
	if (strchr(s, ':') != NULL)
		return "an IPv6 address is written in brackets, [::1]:8080:80";
	return s[0] == '\0' ? "the host's address is missing"
			    : "the host's address is not an IP address";
}

/* "container", "host:container" or "ip:host:container"; modifies s. */
static const char *parse_parts(char *s, struct port_map *ret)
{
	struct port_range host = { 0 }, container = { 0 };
	char *at = strrchr(s, ':');
	const char *why;

	if (at == NULL) {
		why = parse_range(s, &container);
		ret->first = container.first;
		return why;
	}
	*at++ = '\0';
	why = parse_range(at, &container);
	if (why != NULL)
		return why;
	at = strrchr(s, ':');
	if (at != NULL)
		*at++ = '\0';
	why = parse_range(at == NULL ? s : at, &host);
	if (why == NULL && at != NULL)
		why = parse_host(s, ret);
	if (why == NULL && host.last - host.first != container.last - container.first)
		why = "both ranges must have as many ports";
	ret->host_first = host.first;
	ret->host_last = host.last;
	ret->first = container.first;
	return why;
}

static const char *parse_entry(char *s, struct port_map *ret)
{
	char *slash = strchr(s, '/');

	ret->proto = PORT_TCP;
	if (slash != NULL) {
		*slash++ = '\0';
		if (streq(slash, "udp"))
			ret->proto = PORT_UDP;
		else if (!streq(slash, "tcp"))
			return "the protocol is tcp or udp";
	}
	return parse_parts(s, ret);
}

int port_parse(const char *text, struct port_map *ret, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(512);
	cleanup_free char *s = str_trim(text);
	struct port_map m = { 0 };
	const char *why;

	why = strlen(s) > ENTRY_MAX ? "it is too long" : parse_entry(s, &m);
	if (why != NULL) {
		str_vis(&shown, text, strnlen(text, ENTRY_MAX));
		return kerr_plain(err, -EINVAL,
				  "port \"%s\" is not valid: %s; expected "
				  "[hostIP:]hostPort:containerPort[/tcp|udp]",
				  buf_str(&shown), why);
	}
	*ret = m;
	return 0;
}

/* ---- as text ---- */

static const char *host_text(const struct port_map *m, char buf[INET6_ADDRSTRLEN])
{
	struct in_addr v4 = { .s_addr = htonl(m->host) };

	if (m->ipv6)
		(void) inet_ntop(AF_INET6, m->host6, buf, INET6_ADDRSTRLEN);
	else
		(void) inet_ntop(AF_INET, &v4, buf, INET6_ADDRSTRLEN);
	return buf;
}

static const char *range_text(unsigned first, unsigned count, char buf[12])
{
	if (count == 1)
		(void) snprintf(buf, 12, "%u", first % 65536);
	else
		(void) snprintf(buf, 12, "%u-%u", first % 65536, (first + count - 1) % 65536);
	return buf;
}

static const char *write_text(const struct port_map *m, const char *between,
			      char buf[PORT_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN], host[12], container[12];
	unsigned count = m->host_last - m->host_first + 1U;

	(void) snprintf(buf, PORT_TEXT_MAX, "%s%s%s:%s%s%s/%s", m->ipv6 ? "[" : "",
			host_text(m, addr), m->ipv6 ? "]" : "",
			range_text(m->host_first, count, host), between,
			range_text(m->first, count, container), port_proto_name(m->proto));
	return buf;
}

const char *port_text(const struct port_map *m, char buf[PORT_TEXT_MAX])
{
	return write_text(m, ":", buf);
}

const char *port_show(const struct port_map *m, char buf[PORT_TEXT_MAX])
{
	return write_text(m, "->", buf);
}

/* ---- comparing ---- */

bool port_is_for_all(const struct port_map *m)
{
	static const uint8_t any[16];

	return m->ipv6 ? memcmp(m->host6, any, sizeof(any)) == 0 : m->host == 0;
}

static bool same_host(const struct port_map *a, const struct port_map *b)
{
	if (a->ipv6 != b->ipv6)
		return false;
	if (port_is_for_all(a) || port_is_for_all(b))
		return true;
	return a->ipv6 ? memcmp(a->host6, b->host6, sizeof(a->host6)) == 0 : a->host == b->host;
}

bool port_overlap(const struct port_map *a, const struct port_map *b, uint16_t *ret)
{
	uint16_t first = a->host_first > b->host_first ? a->host_first : b->host_first;

	if (a->proto != b->proto || !same_host(a, b) || first > a->host_last ||
	    first > b->host_last)
		return false;
	*ret = first;
	return true;
}

static bool map_eq(const struct port_map *a, const struct port_map *b)
{
	return a->ipv6 == b->ipv6 && memcmp(a->host6, b->host6, sizeof(a->host6)) == 0 &&
	       a->host == b->host && a->host_first == b->host_first &&
	       a->host_last == b->host_last && a->first == b->first && a->proto == b->proto;
}

bool port_list_eq(const struct port_list *a, const struct port_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!map_eq(&a->v[i], &b->v[i]))
			return false;
	return true;
}

bool port_list_has(const struct port_list *l, const struct port_map *m)
{
	for (size_t i = 0; i < l->n; i++)
		if (map_eq(&l->v[i], m))
			return true;
	return false;
}

/* ---- of a container ---- */

static void add_published(const char *text, struct port_list *ret)
{
	struct port_map m;

	if (port_parse(text, &m, NULL) == 0 && m.host_first > 0)
		*(struct port_map *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = m;
}

int ports_check(const struct strlist *ports, struct kerr *err)
{
	struct port_map a = { 0 }, b = { 0 };
	uint16_t port;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ports->n; i++)
		r = port_parse(ports->v[i], &a, err);
	for (size_t i = 1; r == 0 && i < ports->n && ports->n <= PORTS_MAX_PER_CELL; i++) {
		if (port_parse(ports->v[i], &b, NULL) < 0)
			continue;
		for (size_t k = 0; k < i; k++)
			if (port_parse(ports->v[k], &a, NULL) == 0 && a.host_first > 0 &&
			    b.host_first > 0 && port_overlap(&a, &b, &port))
				return kerr_plain(err, -EINVAL,
						  "port %u/%s of the host is published twice: "
						  "\"%s\", \"%s\"",
						  (unsigned) port, port_proto_name(a.proto),
						  ports->v[k], ports->v[i]);
	}
	return r;
}

/* ---- of a cell ---- */

void ports_of_cell(const struct cell_spec *cell, struct port_list *ret)
{
	*ret = (struct port_list){ 0 };
	for (size_t i = 0; i < cell->containers.n; i++) {
		const struct strlist *ports = &cell->containers.v[i].ports;

		for (size_t k = 0; k < ports->n; k++)
			add_published(ports->v[k], ret);
	}
}

/* The i-th published entry, as typed, and its container. */
static const char *entry_at(const struct cell_spec *cell, size_t i, const char **ret_container)
{
	struct port_map m;

	for (size_t c = 0; c < cell->containers.n; c++) {
		const struct strlist *ports = &cell->containers.v[c].ports;

		for (size_t k = 0; k < ports->n; k++) {
			if (port_parse(ports->v[k], &m, NULL) < 0 || m.host_first == 0 || i-- > 0)
				continue;
			*ret_container = cell->containers.v[c].id;
			return ports->v[k];
		}
	}
	return NULL;
}

static int refuse_twice(const struct cell_spec *cell, size_t i, size_t k, const struct port_map *m,
			uint16_t port, struct kerr *err)
{
	const char *first_id = "", *second_id = "";
	const char *first = entry_at(cell, i, &first_id), *second = entry_at(cell, k, &second_id);

	return kerr_plain(err, -EINVAL,
			  "port %u/%s of the host is published twice: \"%s\" of container \"%s\", "
			  "\"%s\" of container \"%s\"",
			  (unsigned) port, port_proto_name(m->proto), first, first_id, second,
			  second_id);
}

int ports_check_cell(const struct cell_spec *cell, struct kerr *err)
{
	cleanup_port_list struct port_list l = { 0 };
	uint16_t port;

	ports_of_cell(cell, &l);
	if (l.n > PORTS_MAX_PER_CELL)
		return kerr_plain(err, -EINVAL,
				  "ports: %zu entries publish ports, a cell has at most %d; use "
				  "ranges",
				  l.n, PORTS_MAX_PER_CELL);
	for (size_t k = 1; k < l.n; k++)
		for (size_t i = 0; i < k; i++)
			if (port_overlap(&l.v[i], &l.v[k], &port))
				return refuse_twice(cell, i, k, &l.v[k], port, err);
	return 0;
}
