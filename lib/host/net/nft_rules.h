/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NFT_RULES_H
#define KUKEON_NFT_RULES_H

#include "buf.h"
#include "nft_msg.h"

/* What nf_tables has in this network namespace, read from the kernel. */
struct nft_table {
	int family;
	char *name;
	uint32_t flags; /* NFT_TABLE_F_ of linux/netfilter/nf_tables.h */
};

struct nft_chain {
	int family;
	char *table;
	char *name;
	bool base; /* packets enter it; the following are of base chains */
	uint32_t hook; /* NF_INET_ of linux/netfilter.h */
	int32_t priority;
	char type[16]; /* "filter", "nat", "route" */
	uint32_t policy; /* NF_ACCEPT, NF_DROP */
	uint32_t use; /* rules in it, and jumps to it */
};

struct nft_ruleset {
	uint32_t generation;
	struct nft_table *tables;
	size_t n_tables;
	struct nft_chain *chains;
	size_t n_chains;
};

/*
 * All tables and chains of all families. -EINTR: changed meanwhile, to be read again;
 * -EOPNOTSUPP: the kernel has no nf_tables. On failure nothing is returned.
 */
int nft_ruleset_read(struct rt_sock *sk, struct nft_ruleset *ret, struct kerr *err);
void nft_ruleset_clear(struct nft_ruleset *s);

const struct nft_table *nft_table_find(const struct nft_ruleset *s, int family, const char *name);
const struct nft_chain *nft_chain_find(const struct nft_ruleset *s, int family, const char *table,
				       const char *name);

struct nft_rule {
	char *chain;
	uint64_t handle;
	struct rt_attr exprs; /* NFTA_RULE_EXPRESSIONS, in bytes of the list */
	struct rt_attr user; /* NFTA_RULE_USERDATA; n 0: none */
};

/* Rules in order, those of one chain together. */
struct nft_rules {
	struct nft_rule *v;
	size_t n;
	struct buf bytes;
};

#define NFT_RULES_MAX ((size_t) 256 << 20) /* bytes of all rules of one table */
#define NFT_RULES_INIT                           \
	{                                        \
		.bytes = BUF_INIT(NFT_RULES_MAX) \
	}

/* chain NULL: of all chains of the table. -EINTR as above. */
int nft_rules_read(struct rt_sock *sk, int family, const char *table, const char *chain,
		   struct nft_rules *ret, struct kerr *err);
void nft_rules_clear(struct nft_rules *r);

#endif
