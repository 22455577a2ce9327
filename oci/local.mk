# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci.a
liboci_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI) $(DIRS_CPPFLAGS)
liboci_a_SOURCES = \
	oci/archive_layers.c oci/archive_layers.h \
	oci/blob_tee.c oci/blob_tee.h \
	oci/bundle.c oci/bundle.h \
	oci/cas.c oci/cas.h \
	oci/copy_in.c oci/copy_in.h \
	oci/digest.c oci/digest.h \
	oci/fetch.c oci/fetch.h \
	oci/fetch_proto.c oci/fetch_proto.h \
	oci/filelist.c oci/filelist.h \
	oci/helper.c oci/helper.h \
	oci/hostport.c oci/hostport.h \
	oci/image.c oci/image.h \
	oci/image_collect.c \
	oci/image_inspect.c oci/image_inspect.h \
	oci/image_load.c \
	oci/image_new.c oci/image_new.h \
	oci/image_pull.c oci/image_pull.h \
	oci/image_record.c oci/image_record.h \
	oci/image_verify.c oci/image_verify.h \
	oci/image_config.h \
	oci/imgstore.c oci/imgstore.h \
	oci/inflate.c oci/inflate.h \
	oci/layer.c oci/layer.h \
	oci/layer_below.c oci/layer_below.h \
	oci/layer_links.c oci/layer_links.h \
	oci/layer_notes.c oci/layer_notes.h \
	oci/layer_verify.c oci/layer_verify.h \
	oci/layers.c oci/layers.h \
	oci/mount_compose.c \
	oci/mount_plan.c oci/mount_plan.h \
	oci/oci_manifest.c oci/oci_manifest.h \
	oci/ref.c oci/ref.h \
	oci/registry.c oci/registry.h \
	oci/rootfs_guard.c oci/rootfs_guard.h \
	oci/runc.c oci/runc.h \
	oci/runc_fixes.c oci/runc_fixes.h \
	oci/seccomp_default.c \
	oci/seccomp_filter.c oci/seccomp_filter.h \
	oci/seccomp_profile.c oci/seccomp_profile.h \
	oci/security.c oci/security.h \
	oci/shim.c oci/shim_state.c oci/shim.h \
	oci/snapshot.c oci/snapshot.h \
	oci/spec.c oci/spec_devices.c oci/spec_mounts.c oci/spec_process.c oci/spec_tables.c \
	oci/spec.h oci/spec_priv.h oci/spec_tables.h \
	oci/tarscan.c oci/tarscan.h \
	oci/unpack.c oci/unpack.h \
	oci/unpack_proto.c \
	oci/unpack_proto.h \
	oci/user.c oci/user.h
LIBOCI = liboci.a
