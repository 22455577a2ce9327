# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci_store.a
liboci_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI_STORE)
liboci_store_a_SOURCES = \
	oci/store/cas.c oci/store/cas.h \
	oci/store/image.c oci/store/image.h \
	oci/store/image_gc.c oci/store/image_gc.h \
	oci/store/image_hold.c oci/store/image_hold.h \
	oci/store/image_inspect.c oci/store/image_inspect.h \
	oci/store/image_record.c oci/store/image_record.h \
	oci/store/imgstore.c oci/store/imgstore.h \
	oci/store/layer.c oci/store/layer.h \
	oci/store/layer_below.c oci/store/layer_below.h \
	oci/store/layer_fixup.c oci/store/layer_fixup.h \
	oci/store/layer_links.c oci/store/layer_links.h \
	oci/store/layer_meta.c oci/store/layer_meta.h \
	oci/store/snapshot.c oci/store/snapshot.h
