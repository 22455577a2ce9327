# SPDX-License-Identifier: GPL-2.0-or-later
#
# What kuke and kukeond have in common as programs.

noinst_LIBRARIES += libcommon.a
libcommon_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_COMMON)
libcommon_a_SOURCES = \
	src/common/program.c src/common/program.h \
	src/common/shellscript.c src/common/shellscript.h
LIBCOMMON = libcommon.a
