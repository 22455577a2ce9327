# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_core.a
libengine_core_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_CORE) $(DIRS_CPPFLAGS)
libengine_core_a_SOURCES = \
	lib/engine/core/context.c lib/engine/core/context.h \
	lib/engine/core/daemon.c lib/engine/core/daemon.h \
	lib/engine/core/engine_config.h \
	lib/engine/core/page.c lib/engine/core/page.h \
	lib/engine/core/pins.c lib/engine/core/pins.h \
	lib/engine/core/pull_failures.c lib/engine/core/pull_failures.h \
	lib/engine/core/scope.c lib/engine/core/scope.h \
	lib/engine/core/stage.c lib/engine/core/stage.h \
	lib/engine/core/wake.c lib/engine/core/wake.h \
	lib/engine/core/workers.c lib/engine/core/workers.h
