# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liboci.a
liboci_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI) $(DIRS_CPPFLAGS) $(JANSSON_CFLAGS)
liboci_a_SOURCES =
LIBOCI = liboci.a
