/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_H
#define KUKEON_LINK_H

#include "defs.h"
#include "err.h"
#include "ipnet.h"
#include "ipv4.h"

/*
 * Bridges, veth pairs, addresses and routes, in the caller's network namespace unless
 * one is named. Calls block only until the kernel answers.
 */
#define LINK_NAME_MAX 16 /* IFNAMSIZ, with the NUL */
#define LINK_MAC_SIZE 6
#define LINK_BRIDGE_PREFIX "k-" /* of every bridge of ours */

/*
 * The bridge of a space: "k-" and eight hex digits of the FNV-1a-32 of
 * "<realm>-<space>", the same names as those of upstream kukeon. instance is "" (or
 * NULL) for the default instance; any other text is mixed into the hash.
 */
void link_bridge_name(const char *realm, const char *space, const char *instance,
		      char ret[LINK_NAME_MAX]);

/* A name for the host's end of a veth pair: "k" and 12 random hex digits, new at each start. */
int link_veth_name(char ret[LINK_NAME_MAX], struct kerr *err);

/*
 * A locally administered MAC derived from the IPv4 address, so that ARP caches stay
 * valid when the device is recreated.
 */
void link_mac_of_addr(uint32_t addr, uint8_t ret[LINK_MAC_SIZE]);

struct link_bridge {
	const char *name;
	struct ipv4_net gateway; /* the bridge's own address with the subnet's prefix */
	struct ipnet gateway6; /* the same of IPv6; no family: the bridge has no IPv6 */
	const char *owner; /* kept as the link's alias ("<realm>/<space>"); NULL: none */
	unsigned mtu; /* 0: as it is */
};

/*
 * Create or repair the bridge: fixed MAC, addresses, MTU, up, no router advertisements, and
 * no IPv6 but what it is given. 1 something was changed, 0 all was in place. -EEXIST, with a
 * message, if a device of that name is not a bridge, has another owner, or has another IPv4
 * address: it is left alone; or if the IPv6 subnet is in use elsewhere: all else is done.
 */
int link_bridge_ensure(const struct link_bridge *b, struct kerr *err);

struct link_bridge_state {
	int ifindex;
	bool is_bridge;
	bool up;
	struct ipv4_net addr; /* its first IPv4 address; prefix 0: none */
	size_t n_addrs;
	uint8_t mac[LINK_MAC_SIZE];
	unsigned mtu;
	char owner[256];
};

/* Query the device of that name. -ENODEV, without touching err, if there is none. */
int link_bridge_query(const char *name, struct link_bridge_state *ret, struct kerr *err);

/* 1 deleted, 0 there was none. A device that is not a bridge is left alone: -EEXIST. */
int link_bridge_delete(const char *name, struct kerr *err);

struct link_attach {
	int netns_fd; /* from ns_open */
	const char *bridge;
	const char *host_name; /* from link_veth_name; recorded by the caller before the call */
	const char *name; /* in the namespace: "eth0" */
	struct ipv4_net addr;
	uint32_t gateway; /* 0: no default route */
	struct ipnet addr6, gateway6; /* the same of IPv6; no family: it is disabled */
	unsigned mtu; /* 0: the bridge's */
	uint8_t mac[LINK_MAC_SIZE]; /* all zero: link_mac_of_addr */
	bool apart; /* the namespace must not forward between its devices: turn ip_forward off */
	bool replace; /* delete a device of that name in the namespace first */
};

/*
 * Create a veth pair between the bridge and the namespace; on return it is up and has
 * its address and default route, and the cell can send nothing with other addresses
 * (link_filter). On failure the pair is removed. -ENODEV if the
 * bridge does not exist. The caller must be single-threaded: it enters the other namespace
 * to open a socket.
 */
int link_attach(const struct link_attach *a, struct kerr *err);

/*
 * Remove the host's end from its bridge without deleting it: deleting blocks for tens
 * of milliseconds, and the kernel does it anyway with the namespace. A missing device
 * is success. The namespace can be kept, by a connection whose end the other side does not
 * acknowledge or by another program: so the device is marked, for link_port.left_ms.
 */
int link_detach(const char *host_name, struct kerr *err);

/* Delete a device, waiting for it. 1 deleted, 0 there was none. */
int link_delete(const char *name, struct kerr *err);

/* A device of this network namespace, with the bridge it is a port of. */
struct link_port {
	char name[LINK_NAME_MAX];
	int ifindex;
	int master; /* ifindex of its bridge; 0: none */
	unsigned mtu;
	bool up;
	int64_t left_ms; /* when link_detach has marked it (clock_ms); 0: it has not */
};

/*
 * All devices, by one dump, sorted by name. *ret is an array owned by the caller
 * (free), NULL if there are none.
 */
int link_list_ports(struct link_port **ret, size_t *ret_n, struct kerr *err);

/* One device. -ENODEV, without touching err, if there is none of that name. */
int link_port_query(const char *name, struct link_port *ret, struct kerr *err);

/*
 * Make the host's end of a pair a port of the bridge, and bring it up. -ENODEV if
 * either is missing.
 */
int link_port_join(const char *host_name, const char *bridge, struct kerr *err);

/*
 * Let frames leave a bridge by the port they came in (hairpin mode of bridge(8)). A cell
 * needs that to reach itself through a published port where br_netfilter is on: the bridge
 * then translates the address by itself, and the frame does not pass through the host.
 */
int link_port_hairpin(const char *host_name, struct kerr *err);

/*
 * Give both ends of a pair the MTU of a bridge: the host's end, and the device of that name
 * in the namespace. A bridge drops frames that are too long for a port.
 */
int link_follow_mtu(int netns_fd, const char *name, const char *host_name, const char *bridge,
		    struct kerr *err);

/*
 * The MTU of the device by which packets leave this host for the world (the kernel's route
 * to an address that no host has, RFC 5737). 0 if there is no such device, or it is lo or a
 * bridge of a space.
 */
int link_uplink_mtu(unsigned *ret, struct kerr *err);

int link_forwarding(struct kerr *err); /* net.ipv4.ip_forward: 1 on, 0 off */
/* Set net.ipv4.ip_forward to 1. 1 changed, 0 it was on. */
int link_forwarding_on(struct kerr *err);

/*
 * Whether packets with an address of 127.0.0.0/8 may come from and go to a device
 * (route_localnet, ip-sysctl). 1 changed, 0 it was so, -ENOENT: no such device.
 */
int link_route_localnet(const char *name, bool on, struct kerr *err);

#endif
