/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "cni_record.h"
#include "copy.h"
#include "dir.h"
#include "fd.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "portuse.h"
#include "published.h"
#include "str.h"
#include "vec.h"
#include "wake.h"

#define NEW_LINK ".new"
#define BY_PLUGINS "plugins"
#define RECORD_MAX 4094 /* what a symbolic link holds */

/* An entry has at most 45 bytes, so that they fit; one with an IPv6 address may have 69. */
_Static_assert(IPV4_TEXT_MAX + PORTS_MAX_PER_CELL * 46 <= RECORD_MAX, "a record of entries");

void published_clear(struct published *p)
{
	addr_copy_clear(&p->cell);
	port_list_clear(&p->ports);
}

void published_list_clear(struct published_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		published_clear(&l->v[i]);
	free(l->v);
	*l = (struct published_list){ 0 };
}

/* ---- records ---- */

static char *record_dir(struct engine *e)
{
	return layout_rt(&e->layout, RT_PUBLISHED);
}

/* The words of a record; modifies text. */
static int parse_record(char *text, struct published *ret)
{
	char *word = strsep(&text, " ");

	if (!streq_null(word, BY_PLUGINS) && (ipv4_parse(word, &ret->addr) < 0 || !ret->addr))
		return -EBADMSG;
	while ((word = strsep(&text, " ")) != NULL) {
		struct port_map m;

		if (port_parse(word, &m, NULL) < 0 || m.host_first == 0)
			return -EBADMSG;
		*(struct port_map *) vec_grow(&ret->ports.v, &ret->ports.n, sizeof(m)) = m;
	}
	return ret->ports.n > 0 ? 0 : -EBADMSG;
}

/* *ret's address and ports; on failure they are to be cleared. */
static int read_record(int dir, const char *key, struct published *ret)
{
	char text[RECORD_MAX + 1];
	ssize_t n = readlinkat(dir, key, text, sizeof(text));

	if (n < 0)
		return errno == ENOENT ? -ENOENT : -EBADMSG;
	if ((size_t) n == sizeof(text))
		return -EBADMSG;
	text[n] = '\0';
	return parse_record(text, ret);
}

int published_read(struct engine *e, const struct addr *cell, struct published *ret,
		   struct kerr *err)
{
	cleanup_free char *dir = record_dir(e);
	cleanup_free char *key = wake_key(cell);
	cleanup_free char *path = path_join(dir, key, NULL);
	struct published p = { 0 };
	int r = read_record(AT_FDCWD, path, &p);

	if (r < 0)
		published_clear(&p);
	if (r == -EBADMSG)
		return kerr_plain(err, r, "'%s' is not a valid record of published ports", path);
	if (r < 0)
		return r;
	addr_copy_set(&p.cell, cell);
	*ret = p;
	return 0;
}

/* What the document says, which is what the next pass will publish. */
static void read_document(struct engine *e, const struct addr *cell, struct port_list *ret)
{
	struct cell_doc doc = { 0 };

	port_list_clear(ret);
	if (store_load(&e->layout, cell, 0, &doc, NULL) < 0)
		return;
	ports_of_cell(&doc.spec, ret);
	model_clear(&cell_doc_type, &doc);
}

static void add_record(struct engine *e, int dir, const char *key, struct published_list *ret)
{
	cleanup_free char *copy = xstrdup(key);
	struct addr cell = { 0 };
	struct published *p;
	int r;

	if (wake_parse(copy, &cell) < 0)
		return;
	p = vec_grow(&ret->v, &ret->n, sizeof(*ret->v));
	addr_copy_set(&p->cell, &cell);
	r = read_record(dir, key, p);
	if (r == -EBADMSG) {
		log_wrn("damaged record of published ports", "cell", key);
		read_document(e, &cell, &p->ports);
		p->addr = 0;
		(void) lease_find(e, &(struct lease_holder){ .cell = cell }, &p->addr);
	}
}

int published_read_all(struct engine *e, struct published_list *ret, struct kerr *err)
{
	cleanup_free char *path = record_dir(e);
	cleanup_strlist struct strlist keys = { 0 };
	cleanup_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	*ret = (struct published_list){ 0 };
	if (dir < 0 && errno == ENOENT)
		return 0;
	r = dir < 0 ? -errno : dir_list(path, &keys);
	if (r < 0)
		return kerr_set(err, r, "read '%s'", path);
	for (size_t i = 0; i < keys.n; i++)
		add_record(e, dir, keys.v[i], ret);
	return 0;
}

int published_write(struct engine *e, const struct addr *cell, uint32_t addr,
		    const struct port_list *ports, struct kerr *err)
{
	cleanup_free char *dir = record_dir(e);
	cleanup_free char *key = wake_key(cell);
	cleanup_free char *path = path_join(dir, key, NULL);
	cleanup_free char *new = path_join(dir, NEW_LINK, NULL);
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX + 1);
	char buf[PORT_TEXT_MAX];
	int r;

	assert(ports->n <= PORTS_MAX_PER_CELL);
	if (ports->n == 0)
		return remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	r = mkdir_p(dir, 0700, err);
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, new, REMOVE_TREE_SAME_FS, err);
	if (r < 0)
		return r;
	buf_adds(&text, addr ? ipv4_text(addr, buf) : BY_PLUGINS);
	for (size_t i = 0; i < ports->n; i++)
		buf_addf(&text, " %s", port_text(&ports->v[i], buf));
	if (symlink(buf_str(&text), new) < 0)
		return kerr_set(err, -errno, "create '%s'", new);
	if (rename(new, path) == 0)
		return 0;
	if (errno != EISDIR)
		return kerr_set(err, -errno, "create '%s'", path);
	/* damage: a directory in its place */
	r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	if (r == 0 && rename(new, path) < 0)
		r = kerr_set(err, -errno, "create '%s'", path);
	return r;
}

/* ---- in memory ---- */

static bool same_cell(const struct addr *a, const struct addr *b)
{
	return streq(a->realm, b->realm) && streq(a->space, b->space) &&
	       streq(a->stack, b->stack) && streq(a->cell, b->cell);
}

static size_t find_index(const struct published_list *l, const struct addr *cell)
{
	size_t i = 0;

	while (i < l->n && !same_cell(&l->v[i].cell.a, cell))
		i++;
	return i;
}

const struct published *published_find(const struct published_list *l, const struct addr *cell)
{
	size_t i = find_index(l, cell);

	return i < l->n ? &l->v[i] : NULL;
}

/* Where a list has a cell that it does not have yet, so that the rules stay in one order. */
static struct published *insert(struct published_list *l, const struct addr *cell)
{
	cleanup_free char *key = wake_key(cell);
	size_t i = 0;

	for (; i < l->n; i++) {
		cleanup_free char *other = wake_key(&l->v[i].cell.a);

		if (strcmp(other, key) > 0)
			break;
	}
	(void) vec_grow(&l->v, &l->n, sizeof(*l->v));
	memmove(&l->v[i + 1], &l->v[i], (l->n - 1 - i) * sizeof(*l->v));
	l->v[i] = (struct published){ 0 };
	addr_copy_set(&l->v[i].cell, cell);
	return &l->v[i];
}

void published_set(struct published_list *l, const struct addr *cell, uint32_t addr,
		   const struct port_list *ports)
{
	size_t i = find_index(l, cell);
	struct published *p;

	if (i == l->n) {
		if (!ports || ports->n == 0)
			return;
		p = insert(l, cell);
	} else {
		p = &l->v[i];
		port_list_clear(&p->ports);
	}
	p->addr = addr;
	for (size_t k = 0; ports && k < ports->n; k++)
		*(struct port_map *) vec_grow(&p->ports.v, &p->ports.n, sizeof(*p->ports.v)) =
			ports->v[k];
}

/* ---- conflicts ---- */

/* A dry run starts cells in memory only. */
static bool has_start(struct engine *e, const struct addr *cell)
{
	cleanup_free char *start = layout_start(&e->layout, cell, NULL, NULL);

	return e->layout.overlay || access(start, F_OK) == 0 || errno != ENOENT;
}

bool published_is_stale(struct engine *e, const struct addr *cell)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };

	return !has_start(e, cell) && cni_refs_list(e, cell, &refs, NULL) == 0 && refs.n == 0;
}

/* Where cells have IPv6, 0.0.0.0 stands for the host's addresses of both families. */
static bool overlaps(const struct engine *e, const struct port_map *a, const struct port_map *b,
		     uint16_t *ret)
{
	struct port_map a6 = *a, b6 = *b;

	if (port_overlap(a, b, ret))
		return true;
	if (e->pod_net6.family == IPNET_NONE)
		return false;
	a6.ipv6 = a6.ipv6 || port_is_for_all(a);
	b6.ipv6 = b6.ipv6 || port_is_for_all(b);
	return port_overlap(&a6, &b6, ret);
}

static int check_cell(struct engine *e, const struct published *other, const struct port_map *want,
		      struct kerr *err)
{
	const struct addr *a = &other->cell.a;
	char buf[PORT_TEXT_MAX];
	uint16_t port;

	for (size_t i = 0; i < other->ports.n; i++)
		if (overlaps(e, &other->ports.v[i], want, &port) && !published_is_stale(e, a))
			return kerr_plain(
				err, -EADDRINUSE,
				"port %u/%s of the host is taken by cell \"%s\" (realm "
				"\"%s\", space \"%s\", stack \"%s\"), which publishes "
				"%s%s",
				(unsigned) port, port_proto_name(want->proto), a->cell, a->realm,
				a->space, a->stack, port_show(&other->ports.v[i], buf),
				has_start(e, a) ? "" : ": its plugins could not undo that yet");
	return 0;
}

static int check_address(const struct engine *e, const struct port_map *m, struct kerr *err)
{
	char buf[PORT_TEXT_MAX], ip[IPV4_TEXT_MAX];

	if (m->ipv6 && e->pod_net6.family == IPNET_NONE)
		return kerr_plain(err, -EAFNOSUPPORT,
				  "cannot publish %s: cells have no IPv6 address, since "
				  "podSubnetCIDRv6 is not set; use an IPv4 address of the host",
				  port_show(m, buf));
	if (m->ipv6 && memcmp(m->host6, &in6addr_loopback, sizeof(m->host6)) == 0)
		return kerr_plain(err, -EADDRNOTAVAIL,
				  "cannot publish %s: the kernel lets nothing pass from ::1 to a "
				  "cell; use 127.0.0.1",
				  port_show(m, buf));
	if (m->ipv6 && !portuse_may_bind6(m->host6))
		return kerr_plain(err, -EADDRNOTAVAIL,
				  "cannot publish %s: the host has no such address",
				  port_show(m, buf));
	if (m->ipv6)
		return 0;
	if (!portuse_may_bind(m->host))
		return kerr_plain(err, -EADDRNOTAVAIL,
				  "cannot publish %s: the host has no address %s",
				  port_show(m, buf), ipv4_text(m->host, ip));
	return 0;
}

/* Sockets of other programs; what is published already has none, or has had them since. */
static void add_range(const struct engine *e, const struct port_map *m,
		      struct portuse_range *ranges, size_t *n)
{
	struct portuse_range r = { .udp = m->proto == PORT_UDP,
				   .addr = m->host,
				   .first = m->host_first,
				   .last = m->host_last,
				   .ipv6 = m->ipv6 };

	memcpy(r.addr6, m->host6, sizeof(r.addr6));
	ranges[(*n)++] = r;
	if (m->ipv6 || !port_is_for_all(m) || e->pod_net6.family == IPNET_NONE)
		return;
	r.ipv6 = true;
	ranges[(*n)++] = r;
}

static int check_sockets(const struct engine *e, const struct published *mine,
			 const struct port_list *want, struct kerr *err)
{
	cleanup_free struct portuse_range *ranges = xcalloc(2 * want->n + 1, sizeof(*ranges));
	cleanup_free char *where = NULL;
	cleanup_free char *who = NULL;
	struct portuse found;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < want->n; i++)
		if (!mine || !port_list_has(&mine->ports, &want->v[i]))
			add_range(e, &want->v[i], ranges, &n);
	r = n > 0 ? portuse_find(ranges, n, &found, err) : 0;
	if (r <= 0)
		return r;
	where = portuse_text(&found);
	who = portuse_process(&found);
	return kerr_plain(err, -EADDRINUSE, "port %u/%s of the host is taken: %s listens on %s",
			  (unsigned) found.port, found.udp ? "udp" : "tcp",
			  who ? who : "another program", where);
}

static int check_length(const struct port_list *want, struct kerr *err)
{
	size_t n = IPV4_TEXT_MAX;
	char buf[PORT_TEXT_MAX];

	for (size_t i = 0; i < want->n; i++)
		n += strlen(port_text(&want->v[i], buf)) + 1;
	return n <= RECORD_MAX
		       ? 0
		       : kerr_plain(err, -EINVAL,
				    "ports: %zu entries with IPv6 addresses are too many for "
				    "one cell; use ranges",
				    want->n);
}

int published_check(struct engine *e, const struct published_list *all, const struct addr *cell,
		    const struct port_list *want, struct kerr *err)
{
	const struct published *mine = published_find(all, cell);
	int r = check_length(want, err);

	for (size_t i = 0; r == 0 && i < want->n; i++)
		r = check_address(e, &want->v[i], err);
	for (size_t i = 0; r == 0 && i < want->n; i++)
		for (size_t k = 0; r == 0 && k < all->n; k++)
			if (&all->v[k] != mine)
				r = check_cell(e, &all->v[k], &want->v[i], err);
	return r < 0 ? r : check_sockets(e, mine, want, err);
}
