# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += liblogs.a
liblogs_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_LOGS)
liblogs_a_SOURCES = \
	lib/logs/ecma48.c lib/logs/ecma48.h \
	lib/logs/log_files.c lib/logs/log_files.h \
	lib/logs/log_follow.c lib/logs/log_follow.h \
	lib/logs/log_index.c lib/logs/log_index.h \
	lib/logs/log_merge.c lib/logs/log_merge.h \
	lib/logs/log_reader.c lib/logs/log_reader.h \
	lib/logs/log_watch.c lib/logs/log_watch.h
LIBLOGS = liblogs.a
