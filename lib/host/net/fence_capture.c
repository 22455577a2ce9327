/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "fence_capture.h"
#include "fd.h"
#include "mem.h"

static int attach(int fd, struct sock_filter *v, size_t n, struct kerr *err)
{
	const struct sock_fprog program = { .len = (unsigned short) n, .filter = v };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return kerr_set(err, -errno, "filter what a packet socket gets");
	return 0;
}

static int attach_nothing(int fd, struct kerr *err)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);

	return attach(fd, &nothing, 1, err);
}

int fence_capture_open(const char *bridge, struct kerr *err)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	/* Of no protocol until it is bound: it gets nothing before it has a filter. */
	cleanup_fd int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "open a packet socket");
	at.sll_ifindex = (int) if_nametoindex(bridge);
	if (at.sll_ifindex == 0)
		return kerr_set(err, -errno, "find bridge '%s'", bridge);
	r = attach_nothing(fd, err);
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *) &at, sizeof(at)) < 0)
		return kerr_set(err, -errno, "bind a packet socket to '%s'", bridge);
	return take_fd(fd);
}

int fence_capture_set(int fd, const struct fence *f, struct kerr *err)
{
	cleanup_free struct sock_filter *v = xcalloc(BPF_MAXINSNS, sizeof(*v));
	size_t n = 0;
	int r;

	if (f->n == 0)
		return attach_nothing(fd, err);
	r = fence_catch(f, v, BPF_MAXINSNS, &n) ? attach(fd, v, n, err) : -E2BIG;
	if (r < 0) /* an old filter would catch what is allowed by now */
		(void) attach_nothing(fd, NULL);
	return r;
}
