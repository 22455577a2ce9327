# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci.a
liboci_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI) $(DIRS_CPPFLAGS) $(JANSSON_CFLAGS)
liboci_a_SOURCES = \
	oci/cas.h \
	oci/digest.h \
	oci/helper.h \
	oci/image.h \
	oci/image_config.h \
	oci/imgstore.h \
	oci/layer.h \
	oci/manifest.h \
	oci/ref.h \
	oci/runc.c oci/runc.h \
	oci/shim.c oci/shim_state.c oci/shim.h \
	oci/snapshot.h \
	oci/spec.c oci/spec_mounts.c oci/spec_process.c oci/spec_tables.c \
	oci/spec.h oci/spec_priv.h oci/spec_tables.h \
	oci/unpack_proto.c \
	oci/unpack_proto.h \
	oci/user.c oci/user.h
LIBOCI = liboci.a
