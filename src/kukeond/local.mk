# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libkukeond.a
libkukeond_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE) -I$(top_srcdir)/lib/model \
	-I$(top_srcdir)/lib/rpc -I$(top_srcdir)/lib/engine/core \
	-I$(top_srcdir)/lib/engine/reconcile -I$(top_srcdir)/lib/engine -I$(top_srcdir)/src/kuke $(DIRS_CPPFLAGS)
libkukeond_a_SOURCES = \
	src/kukeond/kukeond.h \
	src/kukeond/listener.c src/kukeond/listener.h \
	src/kukeond/serve.c \
	src/kukeond/settings.c src/kukeond/settings.h \
	src/kukeond/sockets.c src/kukeond/sockets.h \
	src/kukeond/usage.c src/kukeond/usage.h
LIBKUKEOND = libkukeond.a
