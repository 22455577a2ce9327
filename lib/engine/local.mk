# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine.a
libengine_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE) $(DIRS_CPPFLAGS)
libengine_a_SOURCES = \
	lib/engine/apply.c lib/engine/apply.h \
	lib/engine/apply_cell.c lib/engine/apply_cell.h \
	lib/engine/bootstrap.c lib/engine/bootstrap.h \
	lib/engine/cell.h \
	lib/engine/cell_create.c \
	lib/engine/cell_delete.c \
	lib/engine/cell_id.c \
	lib/engine/cell_inherit.c \
	lib/engine/cell_link.c lib/engine/cell_link.h \
	lib/engine/cell_load.c \
	lib/engine/cell_run.c \
	lib/engine/cell_start.c \
	lib/engine/cell_status.c \
	lib/engine/cell_stop.c \
	lib/engine/container.c lib/engine/container.h \
	lib/engine/container_labels.c \
	lib/engine/container_trial.c \
	lib/engine/container_verbs.c \
	lib/engine/create.c lib/engine/create.h \
	lib/engine/daemon.c lib/engine/daemon.h \
	lib/engine/damaged.c lib/engine/damaged.h \
	lib/engine/dispatch.c \
	lib/engine/due_file.c lib/engine/due_file.h \
	lib/engine/ending.c lib/engine/ending.h \
	lib/engine/engine.c lib/engine/engine.h lib/engine/engine_priv.h \
	lib/engine/hosts.c lib/engine/hosts.h \
	lib/engine/images.c lib/engine/images.h lib/engine/images_health.c \
	lib/engine/lease.c \
	lib/engine/network.c lib/engine/network.h \
	lib/engine/parent_delete.c \
	lib/engine/parent_settle.c \
	lib/engine/page.c lib/engine/page.h \
	lib/engine/parents.c lib/engine/parents.h \
	lib/engine/plan.c lib/engine/plan.h \
	lib/engine/plan_delete.c \
	lib/engine/realm.c \
	lib/engine/reconcile.c \
	lib/engine/restart.c lib/engine/restart.h \
	lib/engine/scope.c \
	lib/engine/secrets.c lib/engine/secrets.h \
	lib/engine/space.c \
	lib/engine/stack.c \
	lib/engine/status.c lib/engine/status.h \
	lib/engine/stops.c lib/engine/stops.h \
	lib/engine/sweep.c lib/engine/sweep.h \
	lib/engine/sweep_files.c \
	lib/engine/system.c lib/engine/system.h \
	lib/engine/unknown.c lib/engine/unknown.h \
	lib/engine/wake.c lib/engine/wake.h
LIBENGINE = libengine.a
