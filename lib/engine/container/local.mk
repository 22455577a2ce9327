# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_container.a
libengine_container_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_CONTAINER) $(DIRS_CPPFLAGS)
libengine_container_a_SOURCES = \
	lib/engine/container/container.c lib/engine/container/container.h \
	lib/engine/container/container_check.c lib/engine/container/container_check.h \
	lib/engine/container/container_labels.c lib/engine/container/container_labels.h \
	lib/engine/container/container_root.c lib/engine/container/container_root.h \
	lib/engine/container/container_trial.c lib/engine/container/container_trial.h \
	lib/engine/container/container_tty.c lib/engine/container/container_tty.h \
	lib/engine/container/container_volumes.c lib/engine/container/container_volumes.h \
	lib/engine/container/secrets.c lib/engine/container/secrets.h
