# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_net.a
libengine_net_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_NET)
libengine_net_a_SOURCES = \
	lib/engine/net/hosts.c lib/engine/net/hosts.h \
	lib/engine/net/hosts_text.c lib/engine/net/hosts_text.h \
	lib/engine/net/lease.c lib/engine/net/lease.h \
	lib/engine/net/network.c lib/engine/net/network.h
