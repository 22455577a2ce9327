/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "cni.h"
#include "copy.h"
#include "egress.h"
#include "fd.h"
#include "hosts.h"
#include "hosts_text.h"
#include "lease.h"
#include "mem.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_ipv6.h"
#include "path.h"
#include "str.h"

/* A subnet of 4000 cells with as many names as they may have. */
#define HOSTS_MAX (16 << 20)
#define RESOLV_MAX 65536
#define RESOLVERS_MAX 3 /* the C library uses no more (MAXNS) */

/* A cell that is in several spaces. */
struct member {
	char *space, *stack, *cell;
	struct strlist networks;
};

struct gathered {
	const char *space; /* that the leases are of */
	struct space_net net; /* of it; without IPv6 nothing is asked of it */
	unsigned section;
	struct hosts_cells cells;
	struct member *members;
	size_t n_members;
};

static void gathered_clear(struct gathered *g)
{
	hosts_cells_clear(&g->cells);
	for (size_t i = 0; i < g->n_members; i++) {
		free(g->members[i].space);
		free(g->members[i].stack);
		free(g->members[i].cell);
		strlist_clear(&g->members[i].networks);
	}
	free(g->members);
}

#define cleanup_gathered cleanup_(gathered_clear)

static void add_cell(void *ctx, const struct lease *l)
{
	struct gathered *g = ctx;
	struct hosts_cell *c = vec_grow(&g->cells.v, &g->cells.n, sizeof(*c));
	struct member *m;

	c->section = g->section;
	c->addr = l->addr;
	c->addr6 = net_ipv6_addr(&g->net.subnet6, g->net.subnet, l->addr);
	c->cell = xstrdup(l->cell);
	c->stack = xstrdup(l->stack);
	c->space = xstrdup_null(l->space);
	strlist_copy(&c->aliases, &l->aliases);
	if (l->networks.n == 0)
		return;
	m = vec_grow(&g->members, &g->n_members, sizeof(*m));
	m->space = xstrdup(l->space ? l->space : g->space);
	m->stack = xstrdup(l->stack);
	m->cell = xstrdup(l->cell);
	strlist_copy(&m->networks, &l->networks);
}

/* The addresses of a space; of one whose record is lost only those of IPv4, for a while. */
static int gather(struct engine *e, const struct addr *space, struct gathered *g, struct kerr *err)
{
	g->space = space->space;
	if (e->pod_net6.family == IPNET_NONE || network_load_record(e, space, &g->net, NULL) < 0)
		g->net = (struct space_net){ 0 };
	return lease_each(e, space, add_cell, g, err);
}

/* 1 written, 0 it was the same. */
static int write_in_place(int fd, const struct buf *text, const char *file, struct kerr *err)
{
	cleanup_buf struct buf old = BUF_INIT(HOSTS_MAX);
	ssize_t n;
	int r;

	r = buf_read_fd(&old, fd, NULL);
	if (r == 0 && old.len == text->len && memcmp(buf_str(&old), buf_str(text), text->len) == 0)
		return 0;
	n = pwrite(fd, buf_str(text), text->len, 0);
	if (n != (ssize_t) text->len)
		return kerr_set(err, n < 0 ? -errno : -ENOSPC, "write '%s'", file);
	if (ftruncate(fd, (off_t) text->len) < 0)
		return kerr_set(err, -errno, "write '%s'", file);
	return 1;
}

/*
 * Open the file for writing. Its content is generated, so anything but a regular file
 * or a directory is replaced.
 */
static int open_hosts(const char *file, struct kerr *err)
{
	struct stat st;
	int fd;

	if (lstat(file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		(void) unlink(file); /* on failure, open below reports the error */
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	(void) fchmod(fd, 0644); /* despite the umask: users in containers read it */
	return fd;
}

/* The cells, then what the space's egress policy allows by name. */
static int make_text(struct engine *e, const struct addr *space, struct buf *out,
		     const struct gathered *g, struct kerr *err)
{
	hosts_text(out, &g->cells);
	net_egress_add_hosts(e, space, out);
	return buf_check(out, "hosts file", err);
}

/* Write the file of the space. *ret: what its leases say. */
static int update_locked(struct engine *e, const struct addr *space, struct gathered *ret,
			 struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_HOSTS);
	cleanup_buf struct buf text = BUF_INIT(HOSTS_MAX);
	cleanup_fd int fd = -EBADF;
	int r;

	r = gather(e, space, ret, err);
	if (r == 0)
		r = cni_each_address(e, space, add_cell, ret, err);
	if (r == 0)
		r = make_text(e, space, &text, ret, err);
	if (r < 0)
		return r;
	fd = open_hosts(file, err);
	r = fd < 0 ? fd : write_in_place(fd, &text, file, err);
	if (r > 0)
		names_poke(e);
	return r < 0 ? r : 0;
}

/* ---- cells in several spaces ---- */

/* The text for a cell: its own space first, then those that it joins. */
static int member_text(struct engine *e, const struct addr *cell, const struct strlist *networks,
		       struct buf *out, struct kerr *err)
{
	cleanup_gathered struct gathered g = { 0 };
	struct addr space = { .realm = cell->realm, .space = cell->space };
	int r;

	r = gather(e, &space, &g, err);
	for (size_t i = 0; r == 0 && i < networks->n; i++) {
		space.space = networks->v[i];
		g.section++;
		r = gather(e, &space, &g, err);
	}
	space.space = cell->space;
	return r < 0 ? r : make_text(e, &space, out, &g, err);
}

/* Whether the file is the cell's own: not a link to that of a space. */
static bool is_own(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1;
}

/*
 * Write the file of a cell, under the lock of its own space's leases: who writes last has
 * read last. The other spaces' leases need no lock to be read.
 */
static int write_member_locked(struct engine *e, const struct addr *cell, int fd,
			       const struct strlist *networks, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, cell, CELL_ETC_HOSTS);
	cleanup_buf struct buf text = BUF_INIT(HOSTS_MAX);
	int r = member_text(e, cell, networks, &text, err);

	if (r == 0)
		r = write_in_place(fd, &text, file, err);
	return r < 0 ? r : 0;
}

/* A file that is not there, or a link, is the business of the cell's next start. */
static int update_member(struct engine *e, const char *realm, const struct member *m,
			 struct kerr *err)
{
	struct addr cell = {
		.realm = realm, .space = m->space, .stack = m->stack, .cell = m->cell
	};
	cleanup_free char *file = layout_object(&e->layout, &cell, CELL_ETC_HOSTS);
	cleanup_fd int fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct lock_id lock = lock_id_leases(&cell);
	int r;

	if (fd < 0 || !is_own(fd))
		return 0;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = write_member_locked(e, &cell, fd, &m->networks, err);
	locks_drop(e->locks, &lock);
	return r;
}

/* Containers of an earlier start keep the file they have: it is written in place. */
static int make_member(struct engine *e, const struct addr *cell, const struct strlist *networks,
		       struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, cell, CELL_ETC_HOSTS);
	struct lock_id lock = lock_id_leases(cell);
	cleanup_fd int fd = open_hosts(file, err);
	int r;

	if (fd >= 0 && !is_own(fd)) {
		fd_close_p(&fd);
		if (unlink(file) < 0)
			return kerr_set(err, -errno, "remove '%s'", file);
		fd = open_hosts(file, err);
	}
	if (fd < 0)
		return fd;
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = write_member_locked(e, cell, fd, networks, err);
	locks_drop(e->locks, &lock);
	return r;
}

int hosts_check(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_HOSTS);
	cleanup_buf struct buf text = BUF_INIT(HOSTS_MAX);
	int r = file_read_at(AT_FDCWD, file, HOSTS_MAX, &text, err);

	return r == -ENOENT ? 0 : r;
}

int hosts_update(struct engine *e, const struct addr *space, struct kerr *err)
{
	struct addr a = { .realm = space->realm, .space = space->space };
	cleanup_free char *dir = layout_object(&e->layout, &a, OBJECT_DIR);
	cleanup_gathered struct gathered g = { 0 };
	struct lock_id lock = lock_id_leases(&a);
	int r;

	if (access(dir, F_OK) < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", dir);
	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = update_locked(e, &a, &g, err);
	locks_drop(e->locks, &lock);
	for (size_t i = 0; i < g.n_members; i++) {
		int k = update_member(e, a.realm, &g.members[i], r < 0 ? NULL : err);

		r = r < 0 ? r : k;
	}
	return r;
}

static int link_hosts(struct engine *e, const struct addr *cell, struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	cleanup_free char *from = layout_object(&e->layout, &space, SPACE_HOSTS);
	cleanup_free char *to = layout_object(&e->layout, cell, CELL_ETC_HOSTS);
	struct stat a, b;

	if (lstat(from, &a) < 0)
		return kerr_set(err, -errno, "stat '%s'", from);
	if (lstat(to, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return 0;
	if (unlink(to) < 0 &&
	    errno != ENOENT) /* a copy of the host's file, from an earlier configuration */
		return kerr_set(err, -errno, "remove '%s'", to);
	if (link(from, to) < 0)
		return kerr_set(err, -errno, "link '%s'", to);
	return 0;
}

/* Read a file of the host, which may be a symbolic link; empty if missing. */
static int read_host_file(const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	buf_init(ret, max);
	if (fd < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", path);
	r = buf_read_fd(ret, fd, err);
	return r < 0 ? kerr_wrap(err, r, "read '%s'", path) : 0;
}

/* Copy the host's /etc/hosts into a new file: the old one may be a hard link to the space's. */
static int copy_hosts(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_free char *to = layout_object(&e->layout, cell, CELL_ETC_HOSTS);
	cleanup_buf struct buf text = BUF_INIT(HOSTS_MAX);
	int r = read_host_file("/etc/hosts", HOSTS_MAX, &text, err);

	if (r < 0)
		return r;
	if (text.len == 0)
		buf_adds(&text, hosts_head);
	return atomic_write_at(AT_FDCWD, to, buf_str(&text), text.len, 0644, ATOMIC_WRITE_NOSYNC,
			       err);
}

int hosts_prepare_cell(struct engine *e, const struct addr *cell, const struct strlist *networks,
		       enum hosts_flags flags, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, cell, CELL_ETC_HOSTNAME);
	cleanup_free char *line = xasprintf("%s\n", cell->cell);
	cleanup_fd int fd = -EBADF;
	int r;

	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_TRUNC, 0644);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	(void) fchmod(fd, 0644);
	r = fd_write_all(fd, line, strlen(line));
	if (r < 0)
		return kerr_set(err, r, "write '%s'", file);
	if (flags & HOSTS_OF_HOST)
		return copy_hosts(e, cell, err);
	return networks->n > 0 ? make_member(e, cell, networks, err) : link_hosts(e, cell, err);
}

/* ---- resolv.conf ---- */

/*
 * Return whether a cell can reach the resolver at this address: a loopback address or one that
 * is no address is the cell itself, and a link-local one is of another link.
 */
static bool is_reachable(const char *addr, size_t n, enum hosts_flags flags)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr a6;
	struct in_addr a;
	uint32_t v;

	n = n < sizeof(text) ? n : sizeof(text) - 1; /* a truncated one is not an address either */
	memcpy(text, addr, n);
	if (flags & HOSTS_IPV6 && inet_pton(AF_INET6, text, &a6) == 1)
		return !IN6_IS_ADDR_UNSPECIFIED(&a6) && !IN6_IS_ADDR_LOOPBACK(&a6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&a6) && !IN6_IS_ADDR_V4MAPPED(&a6);
	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	v = ntohl(a.s_addr);
	return v != INADDR_ANY && v >> 24 != IN_LOOPBACKNET;
}

/* Return the address of a nameserver line and its length, NULL for any other line. */
static const char *nameserver(const char *line, size_t n, size_t *ret_len)
{
	static const char word[] = "nameserver";
	size_t skip = sizeof(word) - 1, end;

	if (n <= skip || strncmp(line, word, skip) != 0 || !strchr(" \t", line[skip]))
		return NULL;
	while (skip < n && strchr(" \t", line[skip]))
		skip++;
	for (end = skip; end < n && !strchr(" \t\r", line[end]);)
		end++;
	*ret_len = end - skip;
	return line + skip;
}

size_t hosts_filter_resolv(struct buf *out, const char *text, enum hosts_flags flags)
{
	size_t left = 0;

	while (*text) {
		size_t n = strcspn(text, "\n"), len;
		const char *addr = nameserver(text, n, &len);

		if (!addr || (is_reachable(addr, len, flags) && left++ < RESOLVERS_MAX)) {
			buf_add(out, text, n);
			buf_addc(out, '\n');
		}
		text += n + (text[n] == '\n');
	}
	return left < RESOLVERS_MAX ? left : RESOLVERS_MAX;
}

/* The host's file with other resolvers: what it says of domains and options stays. */
static void replace_resolvers(struct buf *out, const char *text, const struct strlist *resolvers)
{
	for (size_t i = 0; i < resolvers->n; i++)
		buf_addf(out, "nameserver %s\n", resolvers->v[i]);
	while (*text) {
		size_t n = strcspn(text, "\n"), len;

		if (!nameserver(text, n, &len))
			buf_addf(out, "%.*s\n", (int) n, text);
		text += n + (text[n] == '\n');
	}
}

void hosts_resolvers_of_host(struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT(RESOLV_MAX);
	size_t n = 0, len;

	(void) read_host_file("/etc/resolv.conf", RESOLV_MAX, &text, NULL);
	for (const char *line = buf_str(&text); *line && n < RESOLVERS_MAX;) {
		size_t end = strcspn(line, "\n");
		const char *addr = nameserver(line, end, &len);

		if (addr && len > 0)
			buf_addf(out, "%s%.*s", n++ ? "," : "", (int) len, addr);
		line += end + (line[end] == '\n');
	}
	if (n == 0)
		buf_adds(out, "127.0.0.1"); /* resolv.conf(5) */
}

static void make_resolv(struct buf *out, enum hosts_flags flags, const struct strlist *resolvers)
{
	static const char *const sources[] = { "/etc/resolv.conf",
					       "/run/systemd/resolve/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		cleanup_buf struct buf text = BUF_INIT(RESOLV_MAX);

		if (read_host_file(sources[i], RESOLV_MAX, &text, NULL) < 0)
			continue;
		buf_reset(out);
		if (flags & HOSTS_OF_HOST) {
			buf_add(out, buf_str(&text), text.len);
			return;
		}
		if (resolvers->n > 0) {
			replace_resolvers(out, buf_str(&text), resolvers);
			return;
		}
		if (hosts_filter_resolv(out, buf_str(&text), flags) > 0)
			return;
	}
	if (out->len == 0)
		replace_resolvers(out, "", resolvers);
}

int hosts_write_resolv(const char *path, enum hosts_flags flags, const struct strlist *resolvers,
		       struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(RESOLV_MAX);

	make_resolv(&out, flags, resolvers);
	return atomic_write_at(AT_FDCWD, path, buf_str(&out), out.len, 0644, ATOMIC_WRITE_NOSYNC,
			       err);
}

int hosts_rewrite_resolv(const char *path, enum hosts_flags flags, const struct strlist *resolvers,
			 struct kerr *err)
{
	cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	cleanup_buf struct buf out = BUF_INIT(RESOLV_MAX);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", path);
	make_resolv(&out, flags, resolvers);
	r = write_in_place(fd, &out, path, err);
	return r < 0 ? r : 0;
}

static void add_addr(struct strlist *to, struct ipnet addr)
{
	char text[IPNET_TEXT_MAX];

	if (addr.family != IPNET_NONE)
		strlist_add(to, ipnet_addr_text(&addr, text));
}

void hosts_resolvers(struct engine *e, const struct addr *space, const struct space_net *net,
		     struct strlist *ret)
{
	struct space_doc d = { 0 };

	if (net_egress_load(e, space, &d, NULL) > 0 && egress_denies(egress_of(&d))) {
		add_addr(ret, ipnet_of_ipv4((struct ipv4_net){ net->gateway, 32 }));
		add_addr(ret, net_ipv6_addr(&net->subnet6, net->subnet, net->gateway));
	}
	model_clear(&space_doc_type, &d);
}
