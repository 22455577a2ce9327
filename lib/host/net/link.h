/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_H
#define KUKEON_LINK_H

#include "defs.h"
#include "err.h"
#include "ipv4.h"

/*
 * Bridges, veth pairs, addresses and routes, in the caller's network namespace
 * unless one is named. Everything blocks only for the kernel's answer.
 */
#define LINK_NAME_MAX 16 /* IFNAMSIZ, with the NUL */
#define LINK_MAC_SIZE 6

/*
 * The bridge of a space: "k-" and eight hex digits of the FNV-1a-32 of
 * "<realm>-<space>" (spec/runtime.md 5.1). instance is "" (or NULL) for the default
 * instance; any other text is mixed into the hash.
 */
void link_bridge_name(const char *realm, const char *space, const char *instance,
		      char ret[LINK_NAME_MAX]);

/* A name for the host's end of a veth pair: "k" and 12 random hex digits, new at each start. */
int link_veth_name(char ret[LINK_NAME_MAX], struct kerr *err);

/* A locally administered MAC that belongs to an address, so that no ARP cache goes stale. */
void link_mac_of_addr(uint32_t addr, uint8_t ret[LINK_MAC_SIZE]);

struct link_bridge {
	const char *name;
	struct ipv4_net gateway; /* the bridge's own address with the subnet's prefix */
	const char *owner; /* kept as the link's alias ("<realm>/<space>"); NULL: none */
};

/*
 * Make the bridge be there: fixed MAC, address, up, no IPv6 and no router
 * advertisements. 1 something was made or mended, 0 all was in place. -EEXIST, with words, when
 * a device of that name is no bridge, has another owner or an IPv4 address other than ours.
 */
int link_bridge_ensure(const struct link_bridge *b, struct kerr *err);

struct link_bridge_state {
	int ifindex;
	bool is_bridge;
	bool up;
	struct ipv4_net addr; /* its first IPv4 address; prefix 0: none */
	size_t n_addrs;
	uint8_t mac[LINK_MAC_SIZE];
	char owner[256];
};

/* What is known of a device by that name. -ENODEV, without touching err, when there is none. */
int link_bridge_query(const char *name, struct link_bridge_state *ret, struct kerr *err);

/* 1 deleted, 0 there was none. A device that is no bridge is left alone: -EEXIST. */
int link_bridge_delete(const char *name, struct kerr *err);

struct link_attach {
	int netns_fd; /* from ns_open */
	const char *bridge;
	const char *host_name; /* from link_veth_name; recorded by the caller beforehand */
	const char *name; /* in the namespace: "eth0" */
	struct ipv4_net addr;
	uint32_t gateway; /* 0: no default route */
	unsigned mtu; /* 0: the kernel's */
	uint8_t mac[LINK_MAC_SIZE]; /* all zero: link_mac_of_addr */
	bool replace; /* a device of that name in the namespace is deleted first */
};

/*
 * A veth pair between the bridge and the namespace, up and with address and
 * default route when this returns. No IPv6 on it. On failure the pair is gone.
 * -ENODEV when there is no such bridge. The caller must have one thread only:
 * it visits the other namespace for the length of one socket call.
 */
int link_attach(const struct link_attach *a, struct kerr *err);

/*
 * Take the host's end out of its bridge, at once, without deleting it: that
 * costs tens of milliseconds of waiting and happens by itself when the namespace
 * goes. A missing device is success.
 */
int link_detach(const char *host_name, struct kerr *err);

/* Delete a device, waiting for it. 1 deleted, 0 there was none. */
int link_delete(const char *name, struct kerr *err);

/* A device of this network namespace, as far as it is a port of a bridge. */
struct link_port {
	char name[LINK_NAME_MAX];
	int ifindex;
	int master; /* ifindex of the bridge that it is a port of; 0: none */
	bool up;
};

/*
 * All devices, by one dump, sorted by name. *ret is an array owned by the caller
 * (free), NULL when there is none.
 */
int link_list_ports(struct link_port **ret, size_t *ret_n, struct kerr *err);

/* One device. -ENODEV, without touching err, when there is none of that name. */
int link_port_query(const char *name, struct link_port *ret, struct kerr *err);

/* Make the host's end of a pair a port of the bridge, and up. -ENODEV when one is missing. */
int link_port_join(const char *host_name, const char *bridge, struct kerr *err);

/* A subnet this host uses, and by which device ("" for routes without one). */
struct link_net {
	struct ipv4_net net;
	char device[LINK_NAME_MAX];
};

/*
 * Every IPv4 address (as its subnet) and every unicast route but the default
 * ones, of all tables. *ret is an array owned by the caller (free), NULL when none.
 */
int link_list_nets(struct link_net **ret, size_t *ret_n, struct kerr *err);

/* net.ipv4.ip_forward = 1. 1 changed, 0 was on. */
int link_forwarding_on(struct kerr *err);

#endif
