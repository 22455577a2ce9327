# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_change.a
libengine_change_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_CHANGE)
libengine_change_a_SOURCES = \
	lib/engine/change/apply.c lib/engine/change/apply.h \
	lib/engine/change/apply_cell.c lib/engine/change/apply_cell.h \
	lib/engine/change/apply_parent.c lib/engine/change/apply_parent.h \
	lib/engine/change/change.c lib/engine/change/change.h \
	lib/engine/change/delete_targets.c lib/engine/change/delete_targets.h \
	lib/engine/change/dry_run.c lib/engine/change/dry_run.h \
	lib/engine/change/parent_delete.c lib/engine/change/parent_delete.h \
	lib/engine/change/plan.c lib/engine/change/plan.h \
	lib/engine/change/plan_delete.c lib/engine/change/plan_delete.h
