# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_door.a
libengine_door_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE) $(DIRS_CPPFLAGS)
libengine_door_a_SOURCES = \
	lib/engine/dispatch.c \
	lib/engine/engine.h
