/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DNS_PROTO_H
#define KUKEON_DNS_PROTO_H

#include "proto_msg.h"

/*
 * The protocol between the engine and kukedns, which answers the DNS queries of cells in
 * spaces whose egress policy denies. kukedns is executed as
 *
 *   kukedns VERSION control=FD
 *
 * control is a socket for messages of proto_msg.h. When the engine's end closes, kukedns
 * ends. Nothing it says is trusted: it can ask to open addresses only for names that the
 * space's policy has, and the engine judges each address.
 *
 * From the engine, in any order and at any time:
 *
 *   op=servers  list=ADDR[:PORT],…   the resolvers to ask, in this order; IPv6 in brackets
 *                                    when there is a port; replaces the list before
 *   op=space    id=N ipv6=0|1        a space; its cells have IPv6 or not. Known already: only
 *                                    ipv6 is taken over
 *   op=socket   id=N kind=KIND       with a descriptor, non-blocking. udp, udp6: bound to port
 *                                    53 of the space's gateway; tcp, tcp6: listening there;
 *                                    capture: a packet socket of the space's bridge, which gets
 *                                    the Ethernet frames that the policy drops. Replaces an
 *                                    earlier one of its kind
 *   op=policy   id=N                 begins a new policy, which counts from its commit on
 *   op=allow    id=N hosts=…         more names of it: each with a newline; "*.example.com"
 *                                    is every name below example.com, not that name itself
 *   op=names    id=N text=…          more names of the space's own cells: lines of
 *                                    hosts(5). Answered at once, with a TTL of 0
 *   op=commit   id=N
 *   op=gone     id=N                 forget the space; its descriptors are closed
 *   op=opened   id=Q addrs=ADDR,… failed=0|1
 *                                    the answer to open: those that cells can now reach; failed:
 *                                    they may be, but could not be opened just now
 *   op=ping     n=N
 *
 * From kukedns:
 *
 *   op=open     id=Q space=N name=NAME ttl=S addrs=ADDR,…
 *                                    before a cell is answered: NAME, in lower case and without
 *                                    the trailing dot, has these addresses for S seconds
 *   op=denied   space=N cell=ADDR to=ADDR proto=tcp|udp|icmp|N port=N name=NAME count=N
 *                                    what was tried and not allowed. A query: to is empty, proto
 *                                    is dns, name what was asked for. A packet: name is what
 *                                    the address was last given as in an answer, or empty. Sent
 *                                    at once, then once a minute with what came since
 *   op=pong     n=N queries=N refused=N asked=N     counters since its start
 *   op=failed   text=…               why it ends
 */
enum {
	DNS_PROTO_VERSION = 1,
	DNS_ADDRS_MAX = 64, /* of one answer; more are left out */
	DNS_NAME_MAX = 253, /* bytes of a name as text (RFC 1035, 2.3.4) */
	DNS_TTL_MAX = 3600, /* seconds that an answer is valid for a cell at most */
	DNS_HELD_S = 600, /* an address stays open for this long beyond the TTL */
};

#endif
