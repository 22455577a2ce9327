# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libhost.a
libhost_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST) $(LIBNL_CFLAGS) $(IPTC_CFLAGS) $(SECCOMP_CFLAGS)
libhost_a_SOURCES = \
	lib/host/cgroup.c lib/host/cgroup.h lib/host/cgroup_priv.h \
	lib/host/cgroup_doctor.c \
	lib/host/cgroup_freeze.c \
	lib/host/cgroup_kill.c \
	lib/host/cgroup_v1.c \
	lib/host/firewall.c lib/host/firewall.h \
	lib/host/firewall_iptc.c \
	lib/host/ipv4.c lib/host/ipv4.h \
	lib/host/link.c lib/host/link.h \
	lib/host/mount.c lib/host/mount.h \
	lib/host/mountfd.c lib/host/mountfd.h \
	lib/host/newroot.c lib/host/newroot.h \
	lib/host/ns.c lib/host/ns.h \
	lib/host/sysfilter.c lib/host/sysfilter.h
LIBHOST = libhost.a $(LIBNL_LIBS) $(IPTC_LIBS) $(SECCOMP_LIBS)
