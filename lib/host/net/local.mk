# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libhost_net.a
libhost_net_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST_NET) $(LIBNL_CFLAGS) $(IPTC_CFLAGS)
libhost_net_a_SOURCES = \
	lib/host/net/bpf.c lib/host/net/bpf.h \
	lib/host/net/bridge_fence.c lib/host/net/bridge_fence.h \
	lib/host/net/fence_capture.c lib/host/net/fence_capture.h \
	lib/host/net/conntrack.c lib/host/net/conntrack.h \
	lib/host/net/fence.c lib/host/net/fence.h \
	lib/host/net/firewall.c lib/host/net/firewall.h \
	lib/host/net/firewall_entry.c lib/host/net/firewall_entry.h \
	lib/host/net/firewall_expr.c lib/host/net/firewall_expr.h \
	lib/host/net/firewall_flow.c lib/host/net/firewall_flow.h \
	lib/host/net/firewall_host.c lib/host/net/firewall_host.h \
	lib/host/net/firewall_iptc.c lib/host/net/firewall_iptc.h \
	lib/host/net/firewall_nft.c lib/host/net/firewall_nft.h \
	lib/host/net/firewall_open.c lib/host/net/firewall_open.h \
	lib/host/net/firewall_plan.c lib/host/net/firewall_plan.h \
	lib/host/net/firewall_ports.c lib/host/net/firewall_ports.h \
	lib/host/net/firewall_world.c lib/host/net/firewall_world.h \
	lib/host/net/firewall_xtc.c lib/host/net/firewall_xtc.h \
	lib/host/net/ipnet.c lib/host/net/ipnet.h \
	lib/host/net/ipv4.c lib/host/net/ipv4.h \
	lib/host/net/link.c lib/host/net/link.h \
	lib/host/net/link_filter.c lib/host/net/link_filter.h \
	lib/host/net/link_ipv6.c lib/host/net/link_ipv6.h \
	lib/host/net/link_nets.c lib/host/net/link_nets.h \
	lib/host/net/local_addr.c lib/host/net/local_addr.h \
	lib/host/net/netwatch.c lib/host/net/netwatch.h \
	lib/host/net/nft_msg.c lib/host/net/nft_msg.h \
	lib/host/net/nft_rules.c lib/host/net/nft_rules.h \
	lib/host/net/nft_sets.c lib/host/net/nft_sets.h \
	lib/host/net/portuse.c lib/host/net/portuse.h \
	lib/host/net/rt.c lib/host/net/rt.h \
	lib/host/net/tc.c lib/host/net/tc.h
