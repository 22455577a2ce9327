/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded (ld.so(8)): hides packet filters of the kernel from a program. The file
 * that $LACKS names has the words, while there is one: "ip6_tables", whose list of tables is
 * not there then, and "nf_tables", whose sockets cannot be made.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool lacks(const char *what)
{
	const char *file = getenv("LACKS");
	char words[256];
	ssize_t n = -1;
	int fd = file ? (int) syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	n = read(fd, words, sizeof(words) - 1);
	(void) close(fd);
	words[n > 0 ? n : 0] = '\0';
	return strstr(words, what) != NULL;
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
	if (strcmp(path, "/proc/net/ip6_tables_names") == 0 && lacks("ip6_tables")) {
		errno = ENOENT;
		return -1;
	}
	return (int) syscall(SYS_openat, dir, path, flags, mode);
}

/* The mode is there only if the flags say so. */
#define OPEN_AT(name)                                        \
	int name(int dir, const char *path, int flags, ...); \
	int name(int dir, const char *path, int flags, ...)  \
	{                                                    \
		mode_t mode = 0;                             \
		va_list ap;                                  \
                                                             \
		va_start(ap, flags);                         \
		if (flags & (O_CREAT | __O_TMPFILE))         \
			mode = va_arg(ap, mode_t);           \
		va_end(ap);                                  \
		return open_at(dir, path, flags, mode);      \
	}

OPEN_AT(openat)
OPEN_AT(openat64)
OPEN_AT(__openat_2)
OPEN_AT(__openat64_2)

int socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_NETFILTER && lacks("nf_tables")) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return (int) syscall(SYS_socket, domain, type, protocol);
}
