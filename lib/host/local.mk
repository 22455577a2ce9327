# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libhost.a
libhost_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST) $(LIBNL_CFLAGS) $(IPTC_CFLAGS) $(CAP_CFLAGS) $(SECCOMP_CFLAGS)
libhost_a_SOURCES = \
	lib/host/caps.h \
	lib/host/cgroup.h \
	lib/host/firewall.h \
	lib/host/ipv4.h \
	lib/host/link.h \
	lib/host/mount.h \
	lib/host/ns.h \
	lib/host/sysfilter.c lib/host/sysfilter.h
LIBHOST = libhost.a $(LIBNL_LIBS) $(IPTC_LIBS) $(CAP_LIBS) $(SECCOMP_LIBS)
