# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci_format.a
liboci_format_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI_FORMAT)
liboci_format_a_SOURCES = \
	oci/format/digest.c oci/format/digest.h \
	oci/format/image_config.h \
	oci/format/oci_manifest.c oci/format/oci_manifest.h \
	oci/format/ref.c oci/format/ref.h \
	oci/format/tarscan.c oci/format/tarscan.h
