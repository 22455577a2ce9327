# SPDX-License-Identifier: GPL-2.0-or-later
#
# The client. It links no engine and none of the engine's libraries. Its command line
# is a library, so that unit tests can link it.

noinst_LIBRARIES += libkuke.a
libkuke_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE) $(DIRS_CPPFLAGS)
libkuke_a_SOURCES = \
	src/kuke/advice.c src/kuke/advice.h \
	src/kuke/call.c \
	src/kuke/cli.c src/kuke/cli.h \
	src/kuke/cmd.c src/kuke/cmd.h \
	src/kuke/cmd_apply.c \
	src/kuke/cmd_completion.c \
	src/kuke/cmd_create.c \
	src/kuke/cmd_daemon.c \
	src/kuke/cmd_delete.c \
	src/kuke/cmd_explain.c \
	src/kuke/cmd_get.c \
	src/kuke/cmd_help.c \
	src/kuke/cmd_image.c \
	src/kuke/cmd_init.c \
	src/kuke/cmd_kill.c \
	src/kuke/cmd_log.c \
	src/kuke/cmd_man.c \
	src/kuke/cmd_run.c \
	src/kuke/cmd_schema.c \
	src/kuke/cmd_start.c \
	src/kuke/cmd_stop.c \
	src/kuke/cmd_version.c \
	src/kuke/complete.c src/kuke/complete.h \
	src/kuke/container_flags.c src/kuke/container_flags.h \
	src/kuke/delete.c src/kuke/delete.h \
	src/kuke/delete_file.c \
	src/kuke/docsout.c src/kuke/docsout.h \
	src/kuke/get.c src/kuke/get.h \
	src/kuke/get_table.c \
	src/kuke/help.c src/kuke/help.h \
	src/kuke/hints.c src/kuke/hints.h \
	src/kuke/image_get.c src/kuke/image_get.h \
	src/kuke/lifecycle.c src/kuke/lifecycle.h \
	src/kuke/logview.c src/kuke/logview.h \
	src/kuke/manifest.c src/kuke/manifest.h \
	src/kuke/names.c src/kuke/names.h \
	src/kuke/opt.c src/kuke/opt.h \
	src/kuke/own_engine.c src/kuke/own_engine.h \
	src/kuke/pages.c src/kuke/pages.h \
	src/kuke/pullview.c src/kuke/pullview.h \
	src/kuke/profiles.c src/kuke/profiles.h \
	src/kuke/report.c src/kuke/report.h \
	src/kuke/report_apply.c \
	src/kuke/report_image.c \
	src/kuke/root.c \
	src/kuke/run.h \
	src/kuke/run_target.c \
	src/kuke/selector.c src/kuke/selector.h \
	src/kuke/settings.c \
	src/kuke/subject.c src/kuke/subject.h \
	src/kuke/term.c src/kuke/term.h \
	src/kuke/verbs.h
LIBKUKE = libkuke.a

bin_PROGRAMS += kuke
kuke_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE)
kuke_SOURCES = src/kuke/main.c
kuke_LDFLAGS = $(AM_LDFLAGS) $(CLIENT_LDFLAGS)
# Of the libraries of lib/base it needs not all: configure looks for these as archives.
kuke_LDADD = $(LIBKUKE) $(LIBCOMMON) $(LIBRPC) libmodel.a libbase.a $(CLIENT_LIBS)
