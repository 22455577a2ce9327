# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_cell.a
libengine_cell_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_CELL) $(DIRS_CPPFLAGS)
libengine_cell_a_SOURCES = \
	lib/engine/cell/cell_create.c lib/engine/cell/cell_create.h \
	lib/engine/cell/cell_delete.c lib/engine/cell/cell_delete.h \
	lib/engine/cell/cell_inherit.c lib/engine/cell/cell_inherit.h \
	lib/engine/cell/cell_link.c lib/engine/cell/cell_link.h \
	lib/engine/cell/cell_load.c lib/engine/cell/cell_load.h \
	lib/engine/cell/cell_look.c lib/engine/cell/cell_look.h \
	lib/engine/cell/cell_names.c lib/engine/cell/cell_names.h \
	lib/engine/cell/cell_ports.c lib/engine/cell/cell_ports.h \
	lib/engine/cell/cell_run.c lib/engine/cell/cell_run.h \
	lib/engine/cell/cell_sandbox.c lib/engine/cell/cell_sandbox.h \
	lib/engine/cell/cell_start.c lib/engine/cell/cell_start.h \
	lib/engine/cell/cell_status.c lib/engine/cell/cell_status.h \
	lib/engine/cell/cell_stop.c lib/engine/cell/cell_stop.h \
	lib/engine/cell/cell_verbs.c lib/engine/cell/cell_verbs.h \
	lib/engine/cell/container_choose.c lib/engine/cell/container_choose.h \
	lib/engine/cell/container_copy.c lib/engine/cell/container_copy.h \
	lib/engine/cell/container_exec.c lib/engine/cell/container_exec.h \
	lib/engine/cell/container_log.c lib/engine/cell/container_log.h \
	lib/engine/cell/container_verbs.c lib/engine/cell/container_verbs.h \
	lib/engine/cell/daemon_cell.c lib/engine/cell/daemon_cell.h \
	lib/engine/cell/due_file.c lib/engine/cell/due_file.h \
	lib/engine/cell/ending.c lib/engine/cell/ending.h \
	lib/engine/cell/restart.c lib/engine/cell/restart.h \
	lib/engine/cell/stops.c lib/engine/cell/stops.h
