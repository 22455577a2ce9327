# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_hostlife.a
libengine_hostlife_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_HOSTLIFE) $(DIRS_CPPFLAGS)
libengine_hostlife_a_SOURCES = \
	lib/engine/hostlife/bootstrap.c lib/engine/hostlife/bootstrap.h \
	lib/engine/hostlife/host_status.c lib/engine/hostlife/host_status.h \
	lib/engine/hostlife/system.c lib/engine/hostlife/system.h
