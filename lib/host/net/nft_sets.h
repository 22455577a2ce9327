/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NFT_SETS_H
#define KUKEON_NFT_SETS_H

#include "firewall.h"
#include "nft_msg.h"

/*
 * The sets of a table of nf_tables (family inet), read from the kernel, and the messages that
 * make them those of a plan: sets of addresses, each of which ends by itself (nft(8), "timeout").
 */
enum {
	NFT_SET_NAME_LEN = 48
};

struct nft_set {
	char name[NFT_SET_NAME_LEN];
	uint32_t flags; /* NFT_SET_ of linux/netfilter/nf_tables.h */
	uint32_t key_type; /* as nft has it (its datatype.h) */
	struct nft_element {
		struct ipnet addr;
		int64_t left_ms; /* INT64_MAX: it does not end */
	} * v; /* of a set of addresses that end, sorted; nothing of others */
	size_t n;
};

struct nft_sets {
	struct nft_set *v;
	size_t n;
};

/* All sets and maps of a table. -EINTR: changed meanwhile, to be read again. */
int nft_sets_read(struct rt_sock *sk, const char *table, struct nft_sets *ret, struct kerr *err);
void nft_sets_clear(struct nft_sets *s);
const struct nft_set *nft_sets_find(const struct nft_sets *s, const char *name);

/* Whether a set of the kernel can have the members of one of a plan. */
bool nft_set_fits(const struct nft_set *have, const struct firewall_set *want);
/* Whether it has them, and none of them ends too early. now_ms: clock_ms(). */
bool nft_set_eq(const struct nft_set *have, const struct firewall_set *want, int64_t now_ms);

/* ---- of a transaction ---- */

void nft_set_create(struct rt_batch *b, const char *table, const struct firewall_set *set);
/* Its members in addition to those that it has, which keep their ends. */
void nft_set_extend(struct rt_batch *b, const char *table, const struct firewall_set *set,
		    int64_t now_ms);
/* Its members instead of those that it has. */
void nft_set_replace(struct rt_batch *b, const char *table, const struct firewall_set *set,
		     int64_t now_ms);
void nft_set_delete(struct rt_batch *b, const char *table, const char *name);

#endif
