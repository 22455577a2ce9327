/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "buf.h"
#include "fd.h"
#include "firewall_world.h"
#include "mem.h"
#include "proc.h"
#include "str.h"

#define MODPROBE_MS 5000
#define NFT_ANSWER_MAX 16384

static const struct {
	const char *module;
	const char *tables; /* a line per table in use in this namespace; reading loads nothing */
	const char *kernel; /* there if the kernel has the family */
	const char *lost; /* what is missing without */
} families[] = {
	[FIREWALL_IPV4] = { "ip_tables", "/proc/net/ip_tables_names", "/proc/sys/net/ipv4",
			    "no NAT and no isolation between spaces" },
	[FIREWALL_IPV6] = { "ip6_tables", "/proc/net/ip6_tables_names", "/proc/sys/net/ipv6",
			    "no rules for IPv6" },
};

static int read_legacy_tables(enum firewall_family family, struct buf *ret)
{
	return sys_read(AT_FDCWD, families[family].tables, ret);
}

bool firewall_world_has_legacy(enum firewall_family family)
{
	cleanup_buf struct buf b = BUF_INIT(4096);

	return read_legacy_tables(family, &b) == 0 && b.len > 0;
}

static bool legacy_in_kernel(enum firewall_family family)
{
	cleanup_buf struct buf b = BUF_INIT(4096);

	return read_legacy_tables(family, &b) != -ENOENT;
}

static bool nft_answer_has_table(char *buf, ssize_t len, bool *ret_end)
{
	struct nlmsghdr *h = (struct nlmsghdr *) (void *) buf;
	size_t n = (size_t) len;
	struct nfgenmsg *head;
	bool found = false;

	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
			*ret_end = true;
			break;
		}
		head = NLMSG_DATA(h);
		if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWTABLE &&
		    (head->nfgen_family == NFPROTO_IPV4 || head->nfgen_family == NFPROTO_INET))
			found = true;
	}
	return found;
}

/* Whether nf_tables filters IPv4 here: any table of family ip or inet. */
static bool nft_has_tables(void)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg head;
	} req = {
		.h = { .nlmsg_len = sizeof(req),
		       .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.head = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 },
	};
	cleanup_free char *buf = xmalloc(NFT_ANSWER_MAX);
	cleanup_fd int fd = -EBADF;
	bool found = false, end = false;
	ssize_t n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0)
		return false;
	while (!end) {
		n = recv(fd, buf, NFT_ANSWER_MAX, 0);
		if (n <= 0)
			break;
		found = nft_answer_has_table(buf, n, &end) || found;
	}
	return found;
}

/* By the program that the kernel calls to load a module (kernel.modprobe, sysctl/kernel.rst). */
static bool legacy_can_load(enum firewall_family family)
{
	cleanup_buf struct buf setting = BUF_INIT(4096);
	cleanup_free char *modprobe = NULL;
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;

	if (sys_read(AT_FDCWD, "/proc/sys/kernel/modprobe", &setting) == 0)
		modprobe = str_trim(buf_str(&setting));
	if (str_empty(modprobe))
		return false; /* a kernel without modules, or with module loading disabled */
	how.path = modprobe;
	how.argv = (char *const[]){ modprobe, (char *) (uintptr_t) "-q",
				    (char *) (uintptr_t) families[family].module, NULL };
	(void) proc_run(&how, NULL, NULL, NULL, MODPROBE_MS, &status, NULL);
	return legacy_in_kernel(family);
}

/* What rules for IPv4 are in is what the host uses. */
static enum firewall_world world_of_host(void)
{
	if (firewall_world_has_legacy(FIREWALL_IPV4))
		return FIREWALL_WORLD_LEGACY;
	if (nft_has_tables())
		return FIREWALL_WORLD_NFT;
	if (legacy_in_kernel(FIREWALL_IPV4) || legacy_can_load(FIREWALL_IPV4))
		return FIREWALL_WORLD_LEGACY;
	return FIREWALL_WORLD_NONE;
}

enum firewall_world firewall_world(enum firewall_choice choice, enum firewall_family family)
{
	enum firewall_world host;

	if (access(families[family].kernel, F_OK) < 0)
		return FIREWALL_WORLD_NO_PACKETS;
	(void) choice;
	host = world_of_host();
	if (family == FIREWALL_IPV4 || host != FIREWALL_WORLD_LEGACY)
		return host;
	if (legacy_in_kernel(family) || legacy_can_load(family))
		return FIREWALL_WORLD_LEGACY;
	return FIREWALL_WORLD_NONE;
}

static int check_family(enum firewall_choice choice, enum firewall_family family, struct kerr *err)
{
	switch (firewall_world(choice, family)) {
	case FIREWALL_WORLD_LEGACY:
	case FIREWALL_WORLD_NO_PACKETS:
		return 0;
	case FIREWALL_WORLD_NFT:
		return kerr_plain(err, -EOPNOTSUPP,
				  "this host filters with nf_tables, which is not supported yet: "
				  "%s",
				  families[family].lost);
	case FIREWALL_WORLD_NONE:
	case _FIREWALL_WORLD_MAX:
		break;
	}
	return kerr_plain(err, -EOPNOTSUPP, "this kernel has no %s: %s", families[family].module,
			  families[family].lost);
}

int firewall_world_check(enum firewall_choice choice, unsigned which, struct kerr *err)
{
	int r = 0;

	if (which & FIREWALL_IPV4)
		r = check_family(choice, FIREWALL_IPV4, err);
	if (r == 0 && which & FIREWALL_IPV6)
		r = check_family(choice, FIREWALL_IPV6, err);
	return r;
}
