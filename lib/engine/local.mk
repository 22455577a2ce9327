# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine.a
libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE) $(DIRS_CPPFLAGS)
libengine_a_SOURCES =
LIBENGINE = libengine.a
