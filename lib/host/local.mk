# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libhost.a
libhost_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST) $(SECCOMP_CFLAGS)
libhost_a_SOURCES = \
	lib/host/jail.c lib/host/jail.h \
	lib/host/mntns.c lib/host/mntns.h \
	lib/host/mount.c lib/host/mount.h \
	lib/host/mountfd.c lib/host/mountfd.h \
	lib/host/newroot.c lib/host/newroot.h \
	lib/host/ns.c lib/host/ns.h \
	lib/host/sysctl.c lib/host/sysctl.h \
	lib/host/sysfilter.c lib/host/sysfilter.h
