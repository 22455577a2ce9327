/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cni_ports.h"
#include "cni_record.h"
#include "cni_space.h"
#include "ipv4.h"
#include "mem.h"
#include "published.h"
#include "str.h"

/* ---- what a network can do ---- */

static bool has_capability(const struct cni_conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (strlist_has(&c->v[i].capabilities, CNI_PORTS_CAPABILITY))
			return true;
	return false;
}

static unsigned count_one(const struct port_map *m)
{
	return m->host_last - m->host_first + 1U;
}

static size_t count(const struct port_list *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < ports->n; i++)
		n += count_one(&ports->v[i]);
	return n;
}

int cni_ports_check(const struct cni_conf *c, const char *path, const struct addr *cell,
		    const struct port_list *ports, struct kerr *err)
{
	char buf[PORT_TEXT_MAX];

	if (ports->n == 0)
		return 0;
	if (!has_capability(c))
		return kerr_plain(
			err, -EOPNOTSUPP,
			"cell \"%s\" cannot publish %s in space \"%s\": no plugin in "
			"its cniConfigPath '%s' has \"capabilities\": {\"" CNI_PORTS_CAPABILITY
			"\": true}; add portmap with it there",
			cell->cell, port_show(&ports->v[0], buf), cell->space, path);
	if (count(ports) > CNI_PORTS_MAX)
		return kerr_plain(err, -EINVAL,
				  "cell \"%s\" cannot publish %zu ports in space \"%s\": it has a "
				  "cniConfigPath of its own, where a cell has at most %d",
				  cell->cell, count(ports), cell->space, CNI_PORTS_MAX);
	for (size_t i = 0; i < ports->n; i++)
		if (ports->v[i].ipv6) /* portmap leaves out what the cell has no address for */
			return kerr_plain(err, -EAFNOSUPPORT,
					  "cell \"%s\" cannot publish %s in space \"%s\": it has a "
					  "cniConfigPath of its own, where ports are on IPv4 "
					  "addresses of the host",
					  cell->cell, port_show(&ports->v[i], buf), cell->space);
	return 0;
}

int cni_ports_check_file(const char *path, const struct addr *cell, const struct port_list *ports,
			 struct kerr *err)
{
	cleanup_cni_conf struct cni_conf conf = { 0 };
	int r = ports->n > 0 ? cni_space_read(path, &conf, NULL, err) : 0;

	return r < 0 ? r : cni_ports_check(&conf, path, cell, ports, err);
}

/* ---- as text ---- */

/* As the conventions of the specification have it; without hostIP: all addresses. */
static void emit_one(struct jemit *j, const struct port_map *m, unsigned i)
{
	char ip[IPV4_TEXT_MAX];

	jemit_object(j);
	jemit_key(j, "hostPort");
	jemit_u64(j, m->host_first + i);
	jemit_key(j, "containerPort");
	jemit_u64(j, m->first + i);
	jemit_key(j, "protocol");
	jemit_str(j, port_proto_name(m->proto));
	if (m->host) {
		jemit_key(j, "hostIP");
		jemit_str(j, ipv4_text(m->host, ip));
	}
	jemit_object_end(j);
}

void cni_ports_emit(struct jemit *j, const struct port_list *ports)
{
	jemit_array(j);
	for (size_t i = 0; i < ports->n; i++)
		for (unsigned k = 0; k < count_one(&ports->v[i]); k++)
			emit_one(j, &ports->v[i], k);
	jemit_array_end(j);
}

char *cni_ports_text(const struct port_list *ports)
{
	struct buf out = BUF_INIT(PORTS_MAX_PER_CELL * PORT_TEXT_MAX);
	char buf[PORT_TEXT_MAX];

	if (ports->n == 0)
		return NULL;
	for (size_t i = 0; i < ports->n; i++)
		buf_addf(&out, "%s%s", i ? " " : "", port_text(&ports->v[i], buf));
	return buf_take(&out);
}

/* ---- who has which ---- */

static void add_port(struct port_list *l, const struct port_map *m)
{
	if (!port_list_has(l, m))
		*(struct port_map *) vec_grow(&l->v, &l->n, sizeof(*l->v)) = *m;
}

static void add_ports(struct port_list *l, const char *text)
{
	cleanup_free char *copy = xstrdup(text ? text : "");
	char *at = copy, *word;
	struct port_map m;

	while ((word = strsep(&at, " ")) != NULL)
		if (port_parse(word, &m, NULL) == 0)
			add_port(l, &m);
}

/*
 * What the attachments of a cell hold, but for one; except NULL: all. 1: a record cannot be
 * read, so there may be more.
 */
static int held(struct engine *e, const struct addr *cell, const char *except,
		struct port_list *ret, struct kerr *err)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	int r = cni_refs_list(e, cell, &refs, err), more = 0;

	for (size_t i = 0; r == 0 && i < refs.n; i++) {
		cleanup_cni_record struct cni_record rec = { 0 };

		if (except && streq(refs.v[i].start_id, except))
			continue;
		if (cni_record_load(e, cell, refs.v[i].start_id, &rec, NULL) == 0)
			add_ports(ret, rec.ports);
		else
			more = 1;
	}
	return r < 0 ? r : more;
}

/* With the lock of the firewall. 1 changed, 0 not. */
static int write_held(struct engine *e, const struct addr *cell, const char *except,
		      struct kerr *err)
{
	cleanup_(published_clear) struct published now = { 0 };
	cleanup_port_list struct port_list ports = { 0 };
	int k = published_read(e, cell, &now, NULL), r = held(e, cell, except, &ports, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r > 0 && i < now.ports.n; i++)
		add_port(&ports, &now.ports.v[i]);
	if (ports.n > PORTS_MAX_PER_CELL) /* what stands there holds most of them */
		return 0;
	if (k == -ENOENT ? ports.n == 0 : k == 0 && port_list_eq(&now.ports, &ports))
		return 0;
	r = published_write(e, cell, 0, &ports, err);
	return r < 0 ? r : 1;
}

static int keep_but(struct engine *e, const struct addr *cell, const char *except, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	int r = locks_take(e->locks, &lock, 0, err);

	if (r < 0)
		return r;
	r = write_held(e, cell, except, err);
	locks_drop(e->locks, &lock);
	return r;
}

int cni_ports_keep(struct engine *e, const struct addr *cell, struct kerr *err)
{
	return keep_but(e, cell, NULL, err);
}

int cni_ports_release(struct engine *e, const struct addr *cell, const char *start_id,
		      struct kerr *err)
{
	cleanup_(published_clear) struct published now = { 0 };
	int r;

	if (published_read(e, cell, &now, NULL) == -ENOENT)
		return 0;
	r = keep_but(e, cell, start_id, err);
	return r < 0 ? r : 0;
}

/* Rules of an attachment that is left would take the packets. */
static int refuse_left(const struct port_list *left, const struct port_list *ports,
		       struct kerr *err)
{
	char buf[PORT_TEXT_MAX];
	uint16_t port;

	for (size_t i = 0; i < ports->n; i++)
		for (size_t k = 0; k < left->n; k++)
			if (port_overlap(&left->v[k], &ports->v[i], &port))
				return kerr_plain(
					err, -EADDRINUSE,
					"port %u/%s of the host is taken by an earlier start of the "
					"cell, whose %s the plugins could not undo; see the "
					"daemon's log, and repair or install them",
					(unsigned) port, port_proto_name(ports->v[i].proto),
					port_show(&left->v[k], buf));
	return left->n + ports->n <= PORTS_MAX_PER_CELL
		       ? 0
		       : kerr_plain(
				 err, -EBUSY,
				 "too many ports with those of earlier starts of the cell, which "
				 "the plugins could not undo; see the daemon's log");
}

static int claim(struct engine *e, const struct addr *cell, const char *start_id,
		 const struct port_list *ports, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	cleanup_port_list struct port_list left = { 0 };
	int r = held(e, cell, start_id, &left, err);

	if (r >= 0)
		r = refuse_left(&left, ports, err);
	if (r == 0)
		r = published_read_all(e, &all, err);
	if (r == 0)
		r = published_check(e, &all, cell, ports, err);
	return r < 0 ? r : write_held(e, cell, NULL, err);
}

int cni_ports_claim(struct engine *e, const struct addr *cell, const char *start_id,
		    const struct port_list *ports, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();
	int r;

	if (ports->n == 0)
		return 0;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = claim(e, cell, start_id, ports, err);
	locks_drop(e->locks, &lock);
	return r < 0 ? r : 0;
}
