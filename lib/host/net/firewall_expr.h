/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_EXPR_H
#define KUKEON_FIREWALL_EXPR_H

#include "firewall.h"
#include "rt.h"

/*
 * A rule as nf_tables has it: expressions that load, compare and decide (struct
 * nft_expr of the kernel; linux/netfilter/nf_tables.h), and the comment that nft(8)
 * shows. They have the form that nft gives them, so that it lists them as people write
 * them. A rule that drops counts.
 */
#define FIREWALL_EXPR_COMMENT_MAX 128 /* what nft reads back, with the NUL; longer ones are cut */
#define FIREWALL_MAP_MAX 48

/*
 * How many rules of nf_tables a rule is: two where it is for some states of connections
 * and also for translated ones, which are told apart by different fields.
 */
unsigned firewall_expr_parts(const struct firewall_rule *r);

/*
 * Add NFTA_RULE_EXPRESSIONS and NFTA_RULE_USERDATA of one part, counted from 0, to a
 * message. families: those that the rule is for; all: those of the table.
 */
void firewall_expr_put(struct rt_msg *msg, const struct firewall_rule *r, unsigned families,
		       unsigned all, unsigned part);

/*
 * Add a comment as nft(8) reads it back, as the user data of a rule or of an element of a set:
 * type is NFTA_RULE_USERDATA or NFTA_SET_ELEM_USERDATA.
 */
void firewall_expr_put_comment(struct rt_msg *msg, int type, const char *comment);

/*
 * Whether NFTA_RULE_EXPRESSIONS of the kernel are those that were put. Counters do not
 * matter, nor do members that this build does not know.
 */
bool firewall_expr_eq(const struct rt_attr *have, const struct rt_attr *want);

/*
 * The first name in them of a chain that a verdict jumps to; "" if there is none.
 * Only the verdict of an immediate expression is looked at, not that of a map.
 */
void firewall_expr_jump(const struct rt_attr *have, char *ret, size_t size);

/* Whether they match every packet, and drop or reject it. */
bool firewall_expr_ends(const struct rt_attr *have);

/*
 * A rule that maps a range of ports to another one, one by one, has a map with this
 * name: all of its content follows from it. False if it needs none.
 */
bool firewall_expr_map(const struct firewall_rule *r, char ret[FIREWALL_MAP_MAX]);

#endif
