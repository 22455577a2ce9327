# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libkuke_attach.a
libkuke_attach_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE_ATTACH) $(DIRS_CPPFLAGS)
libkuke_attach_a_SOURCES = \
	src/kuke/attach/detach_keys.c src/kuke/attach/detach_keys.h \
	src/kuke/attach/own_terminal.c src/kuke/attach/own_terminal.h \
	src/kuke/attach/screen_modes.c src/kuke/attach/screen_modes.h \
	src/kuke/attach/tty_session.c src/kuke/attach/tty_session.h \
	src/kuke/attach/tty_client.c src/kuke/attach/tty_client.h
