/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_H
#define KUKEON_FIREWALL_H

#include "defs.h"
#include "ipnet.h"

/*
 * What a packet filter should hold: chains of rules, and where packets enter them. The
 * planner (firewall_plan) makes it, a back end (firewall_iptc) brings a host there;
 * neither knows of the other. The words are those of iptables, because people look at
 * the result with its tools.
 */
#define FIREWALL_CHAIN_MAX 32 /* xt_chainlabel; iptables itself takes names of 28 bytes */
#define FIREWALL_DEVICE_MAX 16 /* IFNAMSIZ */
#define FIREWALL_TAG_MAX 9
#define FIREWALL_COMMENT_MAX 256 /* xt_comment, with the NUL; what is longer is cut */

/* Bits: which packets a chain, a rule or a hook is for. */
enum firewall_family {
	FIREWALL_IPV4 = 1 << 0,
	FIREWALL_IPV6 = 1 << 1,
	FIREWALL_BOTH = FIREWALL_IPV4 | FIREWALL_IPV6,
};

enum firewall_table {
	FIREWALL_FILTER = 1,
	FIREWALL_NAT,
	_FIREWALL_TABLE_MAX,
};

/* The built-in chains of a table, in which packets start. */
enum firewall_builtin {
	FIREWALL_PREROUTING = 1,
	FIREWALL_INPUT,
	FIREWALL_FORWARD,
	FIREWALL_OUTPUT,
	FIREWALL_POSTROUTING,
	_FIREWALL_BUILTIN_MAX,
};

enum firewall_proto {
	FIREWALL_ANY_PROTO = 0,
	FIREWALL_TCP,
	FIREWALL_UDP,
	FIREWALL_ICMP, /* IPv4 only */
	FIREWALL_ICMPV6, /* IPv6 only */
	_FIREWALL_PROTO_MAX,
};

enum firewall_verdict {
	FIREWALL_ACCEPT = 1,
	FIREWALL_DROP,
	FIREWALL_RETURN,
	FIREWALL_MASQUERADE,
	FIREWALL_DNAT, /* to the address and port in to */
	FIREWALL_JUMP, /* to the chain named by jump */
	_FIREWALL_VERDICT_MAX,
};

/* Bits: states of the packet's connection, any of them. */
enum firewall_ct {
	FIREWALL_CT_RELATED = 1 << 0,
	FIREWALL_CT_ESTABLISHED = 1 << 1,
	FIREWALL_CT_DNAT = 1 << 2, /* its destination was translated */
};

enum firewall_not {
	FIREWALL_NOT_IN = 1 << 0,
	FIREWALL_NOT_OUT = 1 << 1,
	FIREWALL_NOT_SRC = 1 << 2,
	FIREWALL_NOT_DST = 1 << 3,
};

/* Ports, first to last; first 0: every port. */
struct firewall_ports {
	uint16_t first;
	uint16_t last;
};

/* One rule. What is empty or 0 matches everything. */
struct firewall_rule {
	unsigned families; /* 0: all those of its chain that its other members leave */
	char in[FIREWALL_DEVICE_MAX]; /* interface; a '+' at the end is a wildcard */
	char out[FIREWALL_DEVICE_MAX];
	struct ipnet src;
	struct ipnet dst;
	/* The destination is in this set of the plan, which has addresses of one family. */
	char set[FIREWALL_CHAIN_MAX];
	enum ipnet_family set_family;
	unsigned invert; /* bits of enum firewall_not */
	enum firewall_proto proto;
	struct firewall_ports dport; /* of TCP and UDP */
	bool dst_local; /* the destination is an address of this host */
	unsigned ct; /* bits of enum firewall_ct; 0: any state */
	char *comment; /* NULL: none */
	enum firewall_verdict verdict;
	char *jump;
	/*
	 * Of DNAT: the address, and what becomes of the first port of dport; the others
	 * follow it in order. 0: ports stay.
	 */
	struct ipnet to;
	uint16_t to_port;
};

/*
 * Destinations that come and go while the rules about them stay: what a name's addresses are
 * just now. Where there are no sets (firewall_iptc), it is a chain of its own that accepts
 * them; so its rules accept, too.
 */
struct firewall_member {
	struct ipnet addr; /* one address */
	int64_t until_ms; /* clock_ms() from which on it is over */
	char *comment;
};

/* How much longer a set of the kernel keeps a member than until its end. */
#define FIREWALL_MEMBER_SPARE_MS 60000

struct firewall_set {
	char name[FIREWALL_CHAIN_MAX];
	enum ipnet_family family;
	struct firewall_member *v; /* sorted by address, none twice */
	size_t n;
};

struct firewall_chain {
	enum firewall_table table;
	unsigned families;
	char name[FIREWALL_CHAIN_MAX];
	/*
	 * Its rules are not known now: those of the host stay, with the sets that belong to
	 * it, and these are for a chain that is missing or empty.
	 */
	bool keep;
	struct firewall_rule *rules;
	size_t n;
};

/*
 * A jump from a built-in chain into one of ours. In one built-in chain, all jumps of an
 * earlier group come before those of a later group, across all instances: the ACCEPT of
 * one instance must not hide the DROP of another.
 */
struct firewall_hook {
	enum firewall_table table;
	unsigned families;
	enum firewall_builtin builtin;
	const char *group; /* the chain's name in the default instance */
	char chain[FIREWALL_CHAIN_MAX];
	bool first; /* nothing but jumps of its group may stand ahead of it */
	char *comment; /* NULL: none */
};

/*
 * The chains that hooks lead to are the tops; every other chain has a name that begins
 * with FIREWALL_INNER and is reached from a top by a jump, which is how a back end finds
 * chains that are no longer wanted.
 */
#define FIREWALL_INNER "KUKE-"
#define FIREWALL_TOP "KUKEON-" /* what the names of tops begin with */

struct firewall_plan {
	char tag[FIREWALL_TAG_MAX]; /* of the instance, for names; "": the default one */
	struct firewall_chain *chains;
	size_t n_chains;
	struct firewall_hook *hooks; /* in one built-in chain: in order */
	size_t n_hooks;
	struct firewall_set *sets; /* of the table filter */
	size_t n_sets;
};

/* The tag of an instance; NULL or "": the default one. */
void firewall_tag(const char *instance, char ret[FIREWALL_TAG_MAX]);

/* Name of a top chain: plain, or with a hash of the instance if it is not the default one. */
void firewall_top_chain(const char *name, const char *instance, char ret[FIREWALL_CHAIN_MAX]);

/* ---- making a plan; the parts are the plan's and valid until the next one is added ---- */

struct firewall_chain *firewall_add_chain(struct firewall_plan *p, enum firewall_table table,
					  unsigned families, const char *name);
struct firewall_rule *firewall_add_rule(struct firewall_chain *c, enum firewall_verdict verdict);
struct firewall_hook *firewall_add_hook(struct firewall_plan *p, enum firewall_table table,
					unsigned families, enum firewall_builtin builtin,
					const char *group, const char *chain);
/*
 * A set that belongs to a chain of the table filter: its name is the chain's, '-', what tells it
 * from the chain's others, '-', and 4 or 6.
 */
void firewall_set_name(const char *chain, const char *which, enum ipnet_family family,
		       char ret[FIREWALL_CHAIN_MAX]);
struct firewall_set *firewall_add_set(struct firewall_plan *p, const char *name,
				      enum ipnet_family family);
/* One that is there already stays until the later of both ends. */
void firewall_add_member(struct firewall_set *s, const struct ipnet *addr, int64_t until_ms,
			 const char *comment);
void firewall_set_clear(struct firewall_set *s);
void firewall_plan_clear(struct firewall_plan *p);

/* The same plan for a filter without sets. It refers to no memory of the other. */
void firewall_plan_without_sets(const struct firewall_plan *p, struct firewall_plan *ret);

/* ---- reading one ---- */

const char *firewall_table_name(enum firewall_table t); /* "filter" */
const char *firewall_builtin_name(enum firewall_builtin b); /* "FORWARD" */
const char *firewall_rule_target(const struct firewall_rule *r); /* "DROP", or the chain */

/* Bits: the families for which a rule of a chain exists. */
unsigned firewall_rule_families(const struct firewall_chain *c, const struct firewall_rule *r);

/* Whether a set or chain of that name belongs to a chain whose rules stay as they are. */
bool firewall_plan_keeps(const struct firewall_plan *p, const char *name);

/* Whether there is anything of it in that table of that family. */
bool firewall_plan_uses(const struct firewall_plan *p, enum firewall_table table,
			enum firewall_family family);

/*
 * The rules of one family as lines in the style of iptables-save, in which every rule
 * reads as iptables -S shows it, sets as chains; owned by the caller.
 */
char *firewall_plan_text(const struct firewall_plan *p, enum firewall_family family)
	__attribute__((returns_nonnull));

#endif
