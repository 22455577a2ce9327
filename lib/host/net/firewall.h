/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_H
#define KUKEON_FIREWALL_H

#include "defs.h"
#include "err.h"
#include "ipv4.h"

#define FIREWALL_CHAIN_MAX 32 /* xt_chainlabel; iptables itself takes names of 28 bytes */

/*
 * The packet filter in two parts: firewall_plan_make computes the required chains and
 * rules from the spaces (pure; independent of the back end), and firewall_apply brings
 * the host's tables into that state with one commit per table.
 */
struct firewall_space {
	const char *realm;
	const char *space;
	const char *bridge;
	struct ipv4_net subnet;
};

struct firewall_input {
	const char
		*instance; /* "" or NULL for the default one; else mixed into every chain's name */
	const struct firewall_space *spaces; /* all spaces of the instance, in a stable order */
	size_t n_spaces;
};

enum firewall_verdict {
	FIREWALL_ACCEPT = 1,
	FIREWALL_DROP,
	FIREWALL_RETURN,
	FIREWALL_MASQUERADE,
	FIREWALL_JUMP, /* to the chain named by jump */
	_FIREWALL_VERDICT_MAX,
};

enum firewall_ct {
	FIREWALL_CT_ESTABLISHED = 1 << 0,
	FIREWALL_CT_RELATED = 1 << 1,
};

enum firewall_not {
	FIREWALL_NOT_IN = 1 << 0,
	FIREWALL_NOT_OUT = 1 << 1,
	FIREWALL_NOT_SRC = 1 << 2,
	FIREWALL_NOT_DST = 1 << 3,
};

/* One rule. Empty strings and prefix 0 match everything. */
struct firewall_rule {
	char in[16]; /* interface; a '+' at the end is a wildcard */
	char out[16];
	struct ipv4_net src;
	struct ipv4_net dst;
	unsigned invert; /* bits of enum firewall_not */
	unsigned ct; /* bits of enum firewall_ct; 0: any state */
	char *comment;
	enum firewall_verdict verdict;
	char *jump;
};

enum firewall_table {
	FIREWALL_FILTER = 1,
	FIREWALL_NAT,
	_FIREWALL_TABLE_MAX,
};

struct firewall_chain {
	enum firewall_table table;
	char name[FIREWALL_CHAIN_MAX];
	struct firewall_rule *rules;
	size_t n;
};

/*
 * A jump from a built-in chain into one of ours. In one built-in chain, all jumps of an
 * earlier group come before those of a later group, across all instances: the ACCEPT of
 * one instance must not hide the DROP of another.
 */
struct firewall_hook {
	const char *group; /* the chain's name in the default instance */
	enum firewall_table table;
	const char *builtin; /* "FORWARD", "POSTROUTING" */
	char chain[FIREWALL_CHAIN_MAX];
	char *comment; /* NULL: none */
};

struct firewall_plan {
	char master[FIREWALL_CHAIN_MAX]; /* KUKEON-EGRESS: names our per-space chains */
	struct firewall_chain *chains;
	size_t n_chains;
	struct firewall_hook *hooks;
	size_t n_hooks;
};

/* KUKE-EGR- and %08x of FNV-1a-32 over "<realm>/<space>" (and the instance, if not the default). */
void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  char ret[FIREWALL_CHAIN_MAX]);

const char *firewall_table_name(enum firewall_table t); /* "filter" */
const char *firewall_rule_target(const struct firewall_rule *r); /* "DROP", or the chain */

void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret);
void firewall_plan_clear(struct firewall_plan *p);

/* The plan as lines in the style of iptables -S, for tests and --dry-run; owned by the caller. */
char *firewall_plan_text(const struct firewall_plan *p) __attribute__((returns_nonnull));

enum firewall_world {
	FIREWALL_WORLD_LEGACY = 1, /* ip_tables: supported */
	FIREWALL_WORLD_NFT, /* rules are in nf_tables; legacy rules must not be added beside them */
	FIREWALL_WORLD_NONE, /* the kernel has neither, or ip_tables cannot be loaded */
	_FIREWALL_WORLD_MAX,
};

#endif
