# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_STORE)
libstore_a_SOURCES =
LIBSTORE = libstore.a
