# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci_transfer.a
liboci_transfer_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI_TRANSFER) $(DIRS_CPPFLAGS)
liboci_transfer_a_SOURCES = \
	oci/transfer/archive_layers.c oci/transfer/archive_layers.h \
	oci/transfer/blob_tee.c oci/transfer/blob_tee.h \
	oci/transfer/bundle.c oci/transfer/bundle.h \
	oci/transfer/fetch.c oci/transfer/fetch.h \
	oci/transfer/image_import.c oci/transfer/image_import.h \
	oci/transfer/image_load.c oci/transfer/image_load.h \
	oci/transfer/image_pull.c oci/transfer/image_pull.h \
	oci/transfer/image_verify.c oci/transfer/image_verify.h \
	oci/transfer/inflate.c oci/transfer/inflate.h \
	oci/transfer/layer_unpack.c oci/transfer/layer_unpack.h \
	oci/transfer/layer_verify.c oci/transfer/layer_verify.h \
	oci/transfer/registry.c oci/transfer/registry.h \
	oci/transfer/unpack.c oci/transfer/unpack.h
