/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_PLAN_H
#define KUKEON_FIREWALL_PLAN_H

#include "firewall.h"
#include "ipv4.h"

/*
 * From the spaces of an instance to the wanted chains and rules: pure, and independent
 * of how a host filters packets.
 */
#define FIREWALL_DNS_PORT 53

/* An address that a name has now. */
struct firewall_address {
	struct ipnet addr;
	int64_t until_ms; /* as struct firewall_member has it */
	const char *tag; /* as below */
};

/* A destination that a policy permits: a net, or the addresses of names, which come and go. */
struct firewall_allow {
	struct ipnet dst;
	const uint16_t *ports; /* TCP ports; none: every port of every protocol */
	size_t n_ports;
	const char *tag; /* how the rule is called in its comments: "allow[0]:cidr=10.0.0.0/8" */
	/* Of names: what tells it from the space's others, at most 8 bytes; dst has no family. */
	const char *names;
	size_t rule; /* of the policy, for the caller */
	const struct firewall_address *addrs;
	size_t n_addrs;
};

/* Whether it permits a destination, ports aside. */
bool firewall_allow_has(const struct firewall_allow *a, const struct ipnet *addr);

enum firewall_default {
	FIREWALL_DEFAULT_ALLOW = 1,
	FIREWALL_DEFAULT_DENY, /* of the host's own addresses too, but for ICMP to the gateway */
	/* The space's document cannot be read: its rules stay, without any it is closed. */
	FIREWALL_DEFAULT_UNKNOWN,
};

struct firewall_space {
	const char *realm;
	const char *space;
	const char *bridge;
	struct ipv4_net subnet;
	uint32_t gateway; /* the host's address on the bridge */
	enum firewall_default policy;
	const struct firewall_allow *allow; /* in order */
	size_t n_allow;
	struct ipnet subnet6; /* no family: it has no IPv6 */
	bool dns; /* of a policy that denies: the gateway answers queries for names (kukedns) */
};

/* Published ports of one cell, one protocol: a range of the host's. */
struct firewall_port {
	const char *owner; /* the cell, for the rule's comment: "realm:space:stack:cell" */
	uint32_t cell; /* its address, which tells its space */
	uint32_t host; /* address of the host; 0: each of them */
	uint16_t first, last;
	uint16_t to; /* the cell's port for first; the others follow in order */
	bool udp;
	/* For IPv6 packets instead: cell6 has a family, cell and host are 0. */
	struct ipnet cell6, host6; /* host6 without a family: each address of the host */
};

struct firewall_input {
	const char
		*instance; /* "" or NULL for the default one; else mixed into every chain's name */
	const struct firewall_space *spaces; /* all spaces of the instance, in a stable order */
	size_t n_spaces;
	const struct firewall_port *ports; /* in a stable order, none twice */
	size_t n_ports;
};

/* The host's IPv6 address on the bridge: the subnet's first. No family without a subnet. */
struct ipnet firewall_gateway6(const struct firewall_space *s);

/*
 * The chain of a space in FORWARD or INPUT: KUKE-EGR- or KUKE-INP- and %08x of FNV-1a-32
 * over "<realm>/<space>" (and the instance, if not the default).
 */
void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  enum firewall_builtin builtin, char ret[FIREWALL_CHAIN_MAX]);

/* The set of a rule's names, in the chain of FORWARD; names as in struct firewall_allow. */
void firewall_space_set(const char *realm, const char *space, const char *instance,
			const char *names, enum ipnet_family family, char ret[FIREWALL_CHAIN_MAX]);

/*
 * Both families have the same chains, for what enters from the bridges of spaces:
 *
 *   FORWARD  KUKEON-EGRESS   one jump per space, to KUKE-EGR-…: replies, the space itself;
 *                            DROP for other spaces; what the policy allows; its default.
 *                            Each packet of a space gets its verdict here.
 *            KUKEON-FORWARD  replies, and what comes from outside to a cell; DROP for what
 *                            comes from a bridge and had no verdict, because its chain is
 *                            gone
 *   INPUT    KUKEON-INPUT    one jump per space, to KUKE-INP-…: DROP for what a deny policy
 *                            does not allow. It accepts nothing but queries for names to a
 *                            gateway that answers them: the rest is the host's to do.
 *
 * The addresses of names are a set for each rule and family (firewall_space_set), of KUKE-EGR-…
 * alone: no name opens an address of the host.
 *
 * Isolation stands ahead of what is allowed: a policy opens no other space. What a cell of
 * another space publishes is an address of the host, so it is open to spaces that may go
 * anywhere (firewall_ports.h). A space whose gateway answers queries for names may send them
 * there. The plan refers to no memory of the input.
 */
void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret);

/*
 * What a packet filter needs that is not the one with the plan's rules, but drops what is
 * forwarded: a chain that accepts all that enters or leaves a bridge of ours. The plan's
 * own rules have to stand, for they alone tell what may pass.
 */
void firewall_plan_opening(const struct firewall_plan *p, struct firewall_plan *ret);

#endif
