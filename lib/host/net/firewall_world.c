/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "buf.h"
#include "fd.h"
#include "firewall_nft.h"
#include "firewall_world.h"
#include "firewall_xtc.h"
#include "mem.h"
#include "nft_rules.h"
#include "proc.h"
#include "str.h"

#define MODPROBE_MS 5000
#define READ_TRIES 5 /* when rules change meanwhile */

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

/* ---- nf_tables ---- */

struct nft_view {
	bool in_kernel;
	bool used; /* rules of others filter IPv4 */
	bool ours; /* a table of ours is there */
};

static bool filters(const struct nft_chain *c)
{
	return c->base && (c->family == NFPROTO_IPV4 || c->family == NFPROTO_INET) &&
	       (c->use > 0 || c->policy == NF_DROP);
}

static struct nft_view look_at_nft(void)
{
	cleanup_(nft_ruleset_clear) struct nft_ruleset s = { 0 };
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	struct nft_view v = { 0 };
	int r = -EINTR;

	if (rt_open_netfilter(&sk, NULL) < 0)
		return v;
	for (int tries = 0; r == -EINTR && tries < READ_TRIES; tries++)
		r = nft_ruleset_read(sk, &s, NULL);
	v.in_kernel = r == 0 || r == -EINTR;
	for (size_t i = 0; i < s.n_chains; i++) {
		if (firewall_nft_is_ours(s.chains[i].table))
			v.ours |= s.chains[i].family == NFPROTO_INET;
		else
			v.used |= filters(&s.chains[i]);
	}
	return v;
}

/* ---- legacy tables ---- */

/* Whether tables that are there have rules of others, or a policy DROP. */
static bool legacy_used(void)
{
	for (int id = FIREWALL_FILTER; id < _FIREWALL_TABLE_MAX; id++) {
		cleanup_(xtc_freep) struct xtc *x = NULL;

		if (xtc_exists(FIREWALL_IPV4, id) && xtc_open(FIREWALL_IPV4, id, &x, NULL) == 0 &&
		    xtc_used_by_others(x))
			return true;
	}
	return false;
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

static bool has_legacy_both(void)
{
	for (unsigned f = FIREWALL_IPV4; f <= FIREWALL_IPV6; f <<= 1)
		if (access(families[f].kernel, F_OK) == 0 && !legacy_in_kernel(f) &&
		    !legacy_can_load(f))
			return false;
	return true;
}

static enum firewall_world world_of_host(enum firewall_choice choice)
{
	struct nft_view nft = look_at_nft();
	bool tables = firewall_world_has_legacy(FIREWALL_IPV4);

	if (nft.used || nft.ours || (nft.in_kernel && choice == FIREWALL_CHOICE_STAY_NFT))
		return tables && legacy_used() ? FIREWALL_WORLD_LEGACY : FIREWALL_WORLD_NFT;
	if (tables || has_legacy_both())
		return FIREWALL_WORLD_LEGACY;
	if (nft.in_kernel)
		return FIREWALL_WORLD_NFT;
	return legacy_in_kernel(FIREWALL_IPV4) ? FIREWALL_WORLD_LEGACY : FIREWALL_WORLD_NONE;
}

static enum firewall_world chosen_world(enum firewall_choice choice)
{
	bool there;

	switch (choice) {
	case FIREWALL_CHOICE_LEGACY:
		there = legacy_in_kernel(FIREWALL_IPV4) || legacy_can_load(FIREWALL_IPV4);
		return there ? FIREWALL_WORLD_LEGACY : FIREWALL_WORLD_NONE;
	case FIREWALL_CHOICE_NFT:
		return look_at_nft().in_kernel ? FIREWALL_WORLD_NFT : FIREWALL_WORLD_NONE;
	case FIREWALL_CHOICE_AUTO:
	case FIREWALL_CHOICE_STAY_NFT:
	case _FIREWALL_CHOICE_MAX:
		break;
	}
	return world_of_host(choice);
}

void firewall_probe(enum firewall_choice choice, struct firewall_probe *ret)
{
	*ret = (struct firewall_probe){ .choice = choice, .host = chosen_world(choice) };
}

enum firewall_world firewall_probe_world(const struct firewall_probe *p,
					 enum firewall_family family)
{
	if (access(families[family].kernel, F_OK) < 0)
		return FIREWALL_WORLD_NO_PACKETS;
	if (family == FIREWALL_IPV4 || p->host != FIREWALL_WORLD_LEGACY)
		return p->host;
	if (legacy_in_kernel(family) || legacy_can_load(family))
		return FIREWALL_WORLD_LEGACY;
	return FIREWALL_WORLD_NONE;
}

enum firewall_world firewall_world(enum firewall_choice choice, enum firewall_family family)
{
	struct firewall_probe p;

	firewall_probe(choice, &p);
	return firewall_probe_world(&p, family);
}

static int check_family(const struct firewall_probe *p, enum firewall_family family,
			struct kerr *err)
{
	static const char *const missing[] = {
		[FIREWALL_CHOICE_AUTO] = "neither ip_tables nor nf_tables",
		[FIREWALL_CHOICE_LEGACY] = "no ip_tables (firewallBackend: legacy)",
		[FIREWALL_CHOICE_NFT] = "no nf_tables (firewallBackend: nft)",
		[FIREWALL_CHOICE_STAY_NFT] = "neither ip_tables nor nf_tables",
	};
	enum firewall_world host = firewall_probe_world(p, family);
	enum firewall_choice choice = p->choice;

	_Static_assert(ARRAY_SIZE(missing) == _FIREWALL_CHOICE_MAX, "a choice without words");
	assert(choice < _FIREWALL_CHOICE_MAX && missing[choice] != NULL);
	if (host != FIREWALL_WORLD_NONE)
		return 0;
	if (family == FIREWALL_IPV6 && choice != FIREWALL_CHOICE_NFT)
		return kerr_plain(err, -EOPNOTSUPP, "this kernel has no %s: %s",
				  families[family].module, families[family].lost);
	return kerr_plain(err, -EOPNOTSUPP, "this kernel has %s: %s", missing[choice],
			  families[family].lost);
}

int firewall_probe_check(const struct firewall_probe *p, unsigned which, struct kerr *err)
{
	int r = 0;

	if (which & FIREWALL_IPV4)
		r = check_family(p, FIREWALL_IPV4, err);
	if (r == 0 && which & FIREWALL_IPV6)
		r = check_family(p, FIREWALL_IPV6, err);
	return r;
}

int firewall_world_check(enum firewall_choice choice, unsigned which, struct kerr *err)
{
	struct firewall_probe p;

	firewall_probe(choice, &p);
	return firewall_probe_check(&p, which, err);
}

/* ---- names ---- */

const char *firewall_world_name(enum firewall_world world)
{
	switch (world) {
	case FIREWALL_WORLD_LEGACY:
		return "iptables (legacy)";
	case FIREWALL_WORLD_NFT:
		return "nftables";
	case FIREWALL_WORLD_NONE:
	case FIREWALL_WORLD_NO_PACKETS:
	case _FIREWALL_WORLD_MAX:
		break;
	}
	return "none";
}

int firewall_choice_parse(const char *name, enum firewall_choice *ret)
{
	static const char *const names[] = { "auto", "legacy", "nft" };

	if (str_empty(name))
		name = names[FIREWALL_CHOICE_AUTO];
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(name, names[i])) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}
