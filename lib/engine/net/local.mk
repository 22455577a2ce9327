# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_net.a
libengine_net_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_NET)
libengine_net_a_SOURCES = \
	lib/engine/net/cni.c lib/engine/net/cni.h \
	lib/engine/net/cni_chain.c lib/engine/net/cni_chain.h \
	lib/engine/net/cni_conf.c lib/engine/net/cni_conf.h \
	lib/engine/net/cni_exec.c lib/engine/net/cni_exec.h \
	lib/engine/net/cni_ports.c lib/engine/net/cni_ports.h \
	lib/engine/net/cni_record.c lib/engine/net/cni_record.h \
	lib/engine/net/cni_result.c lib/engine/net/cni_result.h \
	lib/engine/net/cni_space.c lib/engine/net/cni_space.h \
	lib/engine/net/denied_list.c lib/engine/net/denied_list.h \
	lib/engine/net/denied_log.c lib/engine/net/denied_log.h \
	lib/engine/net/egress_hosts.c lib/engine/net/egress_hosts.h \
	lib/engine/net/hosts.c lib/engine/net/hosts.h \
	lib/engine/net/hosts_text.c lib/engine/net/hosts_text.h \
	lib/engine/net/lease.c lib/engine/net/lease.h \
	lib/engine/net/names_opened.c lib/engine/net/names_opened.h \
	lib/engine/net/names_state.c lib/engine/net/names_state.h \
	lib/engine/net/net_allow.c lib/engine/net/net_allow.h \
	lib/engine/net/net_bridge.c lib/engine/net/net_bridge.h \
	lib/engine/net/net_egress.c lib/engine/net/net_egress.h \
	lib/engine/net/net_input.c lib/engine/net/net_input.h \
	lib/engine/net/net_ipv6.c lib/engine/net/net_ipv6.h \
	lib/engine/net/net_open.c lib/engine/net/net_open.h \
	lib/engine/net/net_overlap.c lib/engine/net/net_overlap.h \
	lib/engine/net/net_publish.c lib/engine/net/net_publish.h \
	lib/engine/net/net_rules.c lib/engine/net/net_rules.h \
	lib/engine/net/net_why.c lib/engine/net/net_why.h \
	lib/engine/net/network.c lib/engine/net/network.h \
	lib/engine/net/packet_filter.c lib/engine/net/packet_filter.h \
	lib/engine/net/published.c lib/engine/net/published.h \
	lib/engine/net/resolve.c lib/engine/net/resolve.h \
	lib/engine/net/temporary.c lib/engine/net/temporary.h
