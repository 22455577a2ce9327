# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one program, installed as kuke and (a hard link) kukeond. Its command line
# is a library, so that unit tests can link it.

noinst_LIBRARIES += libkuke.a
libkuke_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE) $(DIRS_CPPFLAGS) -I$(top_srcdir)/src/kuke
libkuke_a_SOURCES = \
	src/kuke/call.c \
	src/kuke/cli.c src/kuke/cli.h \
	src/kuke/cmd.c src/kuke/cmd.h \
	src/kuke/cmd_daemon.c \
	src/kuke/cmd_get.c \
	src/kuke/cmd_init.c \
	src/kuke/cmd_version.c \
	src/kuke/help.c \
	src/kuke/opt.c src/kuke/opt.h \
	src/kuke/root.c \
	src/kuke/settings.c \
	src/kuke/verbs.h

bin_PROGRAMS += kuke
kuke_CPPFLAGS = $(libkuke_a_CPPFLAGS) -I$(top_srcdir)/src/kukeond
kuke_SOURCES = src/kuke/main.c
kuke_LDADD = libkuke.a $(LIBKUKEOND) $(LIBENGINE) $(LIBOCI) $(LIBRPC) $(LIBSTORE) $(LIBHOST) \
	$(LIBMODEL) $(LIBBASE)

# The other name, for use from the build tree.
noinst_SCRIPTS = kukeond
CLEANFILES += kukeond
kukeond: kuke$(EXEEXT)
	$(AM_V_GEN)ln -f kuke$(EXEEXT) $@
