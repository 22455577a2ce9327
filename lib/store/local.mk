# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_STORE)
libstore_a_SOURCES = \
	lib/store/instance.c \
	lib/store/intent.c lib/store/intent.h \
	lib/store/layout.c lib/store/layout.h \
	lib/store/locks.c lib/store/locks.h \
	lib/store/overlay.c lib/store/overlay.h \
	lib/store/passwords.c lib/store/passwords.h \
	lib/store/store.c lib/store/store.h
LIBSTORE = libstore.a
