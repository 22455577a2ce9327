# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon, which is the engine's program: what libraries the engine needs are here.

noinst_LIBRARIES += libkukeond.a
libkukeond_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEOND) $(DIRS_CPPFLAGS)
libkukeond_a_SOURCES = \
	src/kukeond/kukeond.h \
	src/kukeond/listener.c src/kukeond/listener.h \
	src/kukeond/private.c \
	src/kukeond/serve.c \
	src/kukeond/settings.c src/kukeond/settings.h \
	src/kukeond/sockets.c src/kukeond/sockets.h \
	src/kukeond/usage.c src/kukeond/usage.h
LIBKUKEOND = libkukeond.a

bin_PROGRAMS += kukeond
kukeond_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEOND)
kukeond_SOURCES = src/kukeond/main.c
kukeond_LDADD = $(LIBKUKEOND) $(LIBCOMMON) $(LIBENGINE) $(LIBOCI) $(LIBRPC) $(LIBSTORE) \
	$(LIBHOST) $(LIBMODEL) $(LIBBASE)
