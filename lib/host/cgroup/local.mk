# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libhost_cgroup.a
libhost_cgroup_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST_CGROUP)
libhost_cgroup_a_SOURCES = \
	lib/host/cgroup/cgroup.c lib/host/cgroup/cgroup.h \
	lib/host/cgroup/cgroup_doctor.c lib/host/cgroup/cgroup_doctor.h \
	lib/host/cgroup/cgroup_freeze.c lib/host/cgroup/cgroup_freeze.h \
	lib/host/cgroup/cgroup_host.c lib/host/cgroup/cgroup_host.h \
	lib/host/cgroup/cgroup_kill.c lib/host/cgroup/cgroup_kill.h \
	lib/host/cgroup/cgroup_v1.c lib/host/cgroup/cgroup_v1.h
