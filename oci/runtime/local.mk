# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci_runtime.a
liboci_runtime_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI_RUNTIME) $(DIRS_CPPFLAGS)
liboci_runtime_a_SOURCES = \
	oci/runtime/copy_in.c oci/runtime/copy_in.h \
	oci/runtime/exec.c oci/runtime/exec.h \
	oci/runtime/copy_run.c oci/runtime/copy_run.h \
	oci/runtime/exec_groups.c oci/runtime/exec_groups.h \
	oci/runtime/exec_spec.c oci/runtime/exec_spec.h \
	oci/runtime/mount_compose.c oci/runtime/mount_compose.h \
	oci/runtime/mount_plan.c oci/runtime/mount_plan.h \
	oci/runtime/rootfs_guard.c oci/runtime/rootfs_guard.h \
	oci/runtime/runc.c oci/runtime/runc.h \
	oci/runtime/runc_fixes.c oci/runtime/runc_fixes.h \
	oci/runtime/seccomp_default.c \
	oci/runtime/seccomp_filter.c oci/runtime/seccomp_filter.h \
	oci/runtime/seccomp_profile.c oci/runtime/seccomp_profile.h \
	oci/runtime/security.c oci/runtime/security.h \
	oci/runtime/shim.c oci/runtime/shim.h \
	oci/runtime/shim_state.c oci/runtime/shim_state.h \
	oci/runtime/spec.c oci/runtime/spec.h \
	oci/runtime/spec_devices.c \
	oci/runtime/spec_mounts.c \
	oci/runtime/spec_priv.h \
	oci/runtime/spec_process.c \
	oci/runtime/spec_tables.c oci/runtime/spec_tables.h \
	oci/runtime/user.c oci/runtime/user.h
