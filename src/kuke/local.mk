# SPDX-License-Identifier: GPL-2.0-or-later
#
# The client. It links no engine and none of the engine's libraries. Its command line
# is a library, so that unit tests can link it.

noinst_LIBRARIES += libkuke.a
libkuke_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE) $(DIRS_CPPFLAGS)
libkuke_a_SOURCES = \
	src/kuke/advice.c src/kuke/advice.h \
	src/kuke/advice_dial.c src/kuke/advice_dial.h \
	src/kuke/call.c \
	src/kuke/cli.c src/kuke/cli.h \
	src/kuke/cmd.c src/kuke/cmd.h \
	src/kuke/help.c src/kuke/help.h \
	src/kuke/hints.c src/kuke/hints.h \
	src/kuke/hostarg.c src/kuke/hostarg.h \
	src/kuke/manifest.c src/kuke/manifest.h \
	src/kuke/opt.c src/kuke/opt.h \
	src/kuke/own_engine.c src/kuke/own_engine.h \
	src/kuke/pages.c src/kuke/pages.h \
	src/kuke/pullview.c src/kuke/pullview.h \
	src/kuke/ready.c src/kuke/ready.h \
	src/kuke/selector.c src/kuke/selector.h \
	src/kuke/settings.c \
	src/kuke/subject.c src/kuke/subject.h \
	src/kuke/term.c src/kuke/term.h

bin_PROGRAMS += kuke
kuke_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE_CMD)
kuke_SOURCES = src/kuke/cmd/main.c
kuke_LDFLAGS = $(AM_LDFLAGS) $(CLIENT_LDFLAGS)
# Of the libraries of lib/base it needs not all: configure looks for these as archives.
kuke_LDADD = $(LIBKUKE) $(LIBCOMMON) $(LIBRPC) $(LIBPROTO) libmodel.a libbase.a $(CLIENT_LIBS)
