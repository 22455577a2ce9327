/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "dir.h"
#include "fd.h"
#include "ipv4.h"
#include "portuse.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "vec.h"

/* Fields of a line of /proc/net/tcp, separated by blanks. */
enum {
	FIELD_LOCAL = 1,
	FIELD_STATE = 3,
	FIELD_INODE = 9,
	FIELD_COUNT = 10,
};

static void fclose_p(FILE **f)
{
	if (*f)
		(void) fclose(*f);
}

/* ---- tables ---- */

static int hex_number(const char *s, size_t n, uint32_t *ret)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t) (c - '0');
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (uint32_t) (c - 'A' + 10);
		else
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

/*
 * "0100007F:1F90", or 32 digits of an IPv6 address: 32-bit words in memory order. One that
 * stands for an IPv4 address is that.
 */
static int parse_local(const char *s, bool ipv6, struct portuse *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	size_t digits = ipv6 ? 32 : 8;
	uint32_t words[4] = { 0 }, port;

	if (strlen(s) != digits + 5 || s[digits] != ':' || hex_number(s + digits + 1, 4, &port) < 0)
		return -EINVAL;
	for (size_t i = 0; i < digits / 8; i++)
		if (hex_number(s + i * 8, 8, &words[i]) < 0)
			return -EINVAL;
	ret->port = (uint16_t) port;
	ret->addr = ntohl(words[0]);
	if (!ipv6)
		return 0;
	memcpy(ret->addr6, words, sizeof(ret->addr6));
	ret->ipv6 = memcmp(ret->addr6, mapped, sizeof(mapped)) != 0;
	ret->addr = ret->ipv6 ? 0 : ntohl(words[3]);
	return 0;
}

/* 1 a socket open to all senders, 0 another one, -EINVAL: no line of a socket. */
static int parse_line(char *line, bool udp, bool ipv6, struct portuse *ret, uint32_t *ret_state)
{
	char *fields[FIELD_COUNT], *rest = line;
	struct portuse l = { .udp = udp };
	size_t n = 0;
	int r;

	while (n < FIELD_COUNT && rest) {
		fields[n] = strsep(&rest, " \n");
		n += fields[n][0] != '\0';
	}
	if (n < FIELD_COUNT || hex_number(fields[FIELD_STATE], 2, ret_state) < 0 ||
	    str_to_u64(fields[FIELD_INODE], 0, UINT64_MAX, &l.inode) < 0)
		return -EINVAL;
	r = parse_local(fields[FIELD_LOCAL], ipv6, &l);
	if (r < 0 || *ret_state != (udp ? TCP_CLOSE : TCP_LISTEN))
		return r == -EINVAL ? r : 0;
	*ret = l;
	return 1;
}

/* An IPv6 socket takes IPv4 packets as well, unless it has IPV6_V6ONLY, which no table shows. */
static bool takes_ipv4(const struct portuse *l)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(l->port) };
	cleanup_fd int fd = socket(AF_INET, (l->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0)
		return true;
	if (!l->udp)
		(void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (struct sockaddr *) &to, sizeof(to)) < 0 && errno == EADDRINUSE;
}

static bool is_zero(const uint8_t addr[16])
{
	static const uint8_t zero[16];

	return memcmp(addr, zero, sizeof(zero)) == 0;
}

static bool is_in(const struct portuse *l, const struct portuse_range *range)
{
	if (l->udp != range->udp || l->port < range->first || l->port > range->last)
		return false;
	if (range->ipv6)
		return l->ipv6 && (is_zero(l->addr6) || is_zero(range->addr6) ||
				   memcmp(l->addr6, range->addr6, sizeof(l->addr6)) == 0);
	if (l->ipv6)
		return is_zero(l->addr6) && takes_ipv4(l);
	return l->addr == 0 || range->addr == 0 || l->addr == range->addr;
}

static bool is_wanted(const struct portuse *l, const struct portuse_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_in(l, &ranges[i]))
			return true;
	return false;
}

struct table {
	const char *path;
	bool udp, ipv6;
};

static int read_table(const struct table *t, const struct portuse_range *ranges, size_t n,
		      struct portuse *ret, struct kerr *err)
{
	cleanup_(fclose_p) FILE *f = fopen(t->path, "re");
	cleanup_free char *line = NULL;
	size_t size = 0;
	uint32_t state;

	if (!f && errno == ENOENT) /* a kernel without IPv6 */
		return 0;
	if (!f)
		return kerr_set(err, -errno, "open '%s'", t->path);
	while (getline(&line, &size, f) >= 0) {
		struct portuse l;
		int r = parse_line(line, t->udp, t->ipv6, &l, &state);

		if (r > 0 && is_wanted(&l, ranges, n)) {
			*ret = l;
			return 1;
		}
		/* Sockets that listen come first; connections may be very many. */
		if (r == 0 && !t->udp && state != TCP_LISTEN)
			break;
	}
	return 0;
}

int portuse_find(const struct portuse_range *ranges, size_t n, struct portuse *ret,
		 struct kerr *err)
{
	static const struct table tables[] = {
		{ "/proc/net/tcp", false, false },
		{ "/proc/net/tcp6", false, true },
		{ "/proc/net/udp", true, false },
		{ "/proc/net/udp6", true, true },
	};
	bool any[2] = { false, false };
	int r = 0;

	for (size_t i = 0; i < n; i++)
		any[ranges[i].udp] = true;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables); i++)
		if (any[tables[i].udp])
			r = read_table(&tables[i], ranges, n, ret, err);
	return r;
}

/* ---- whose it is ---- */

static bool has_socket(const char *pid, const char *socket)
{
	cleanup_free char *dir = path_join("/proc", pid, "fd", NULL);
	cleanup_strlist struct strlist fds = { 0 };

	dir_names(dir, &fds);
	for (size_t i = 0; i < fds.n; i++) {
		cleanup_free char *path = path_join(dir, fds.v[i], NULL);
		char to[64];
		ssize_t len = readlink(path, to, sizeof(to) - 1);

		if (len <= 0)
			continue;
		to[len] = '\0';
		if (streq(to, socket))
			return true;
	}
	return false;
}

char *portuse_process(const struct portuse *l)
{
	cleanup_free char *socket = xasprintf("socket:[%llu]", (unsigned long long) l->inode);
	cleanup_strlist struct strlist pids = { 0 };

	dir_names("/proc", &pids);
	for (size_t i = 0; i < pids.n; i++) {
		cleanup_free char *comm = NULL;
		cleanup_buf struct buf name = BUF_INIT(64), shown = BUF_INIT(256);

		if (pids.v[i][strspn(pids.v[i], "0123456789")] != '\0' ||
		    !has_socket(pids.v[i], socket))
			continue;
		comm = path_join("/proc", pids.v[i], "comm", NULL);
		(void) sys_read(AT_FDCWD, comm, &name);
		str_vis(&shown, buf_str(&name), strcspn(buf_str(&name), "\n"));
		return xasprintf("%s (pid %s)", shown.len ? buf_str(&shown) : "a process",
				 pids.v[i]);
	}
	return NULL;
}

char *portuse_text(const struct portuse *l)
{
	char addr[INET6_ADDRSTRLEN];

	if (!l->ipv6)
		return xasprintf("%s:%u", ipv4_text(l->addr, addr), (unsigned) l->port);
	(void) inet_ntop(AF_INET6, l->addr6, addr, sizeof(addr));
	return xasprintf("[%s]:%u", addr, (unsigned) l->port);
}

bool portuse_may_bind(uint32_t addr)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(addr) };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || bind(fd, (struct sockaddr *) &to, sizeof(to)) == 0 ||
	       errno != EADDRNOTAVAIL;
}

bool portuse_may_bind6(const uint8_t addr[16])
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	cleanup_fd int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&to.sin6_addr, addr, sizeof(to.sin6_addr));
	return fd < 0 || bind(fd, (struct sockaddr *) &to, sizeof(to)) == 0 ||
	       errno != EADDRNOTAVAIL;
}
