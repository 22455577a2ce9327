# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci.a
liboci_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI) $(DIRS_CPPFLAGS) $(JANSSON_CFLAGS)
liboci_a_SOURCES = \
	oci/image_config.h \
	oci/runc.h \
	oci/shim.h \
	oci/spec.h \
	oci/user.h
LIBOCI = liboci.a
