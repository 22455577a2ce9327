# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_names.a
libengine_names_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_NAMES)
libengine_names_a_SOURCES = \
	lib/engine/names/names_denied.c lib/engine/names/names_denied.h \
	lib/engine/names/names_helper.c lib/engine/names/names_helper.h \
	lib/engine/names/names_keeper.c lib/engine/names/names_keeper.h \
	lib/engine/names/names_open.c lib/engine/names/names_open.h \
	lib/engine/names/names_space.c lib/engine/names/names_space.h
