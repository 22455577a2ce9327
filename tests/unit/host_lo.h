/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_LO_H
#define HOST_LO_H

#include <check.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* In a network namespace of the test's own: 127.0.0.1 becomes an address of its host. */
static inline void host_lo_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	(void) close(fd);
}

#endif
