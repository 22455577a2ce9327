# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_object.a
libengine_object_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_OBJECT)
libengine_object_a_SOURCES = \
	lib/engine/object/cell_id.c lib/engine/object/cell_id.h \
	lib/engine/object/create.c lib/engine/object/create.h \
	lib/engine/object/damaged.c lib/engine/object/damaged.h \
	lib/engine/object/parent_settle.c lib/engine/object/parent_settle.h \
	lib/engine/object/parents.c lib/engine/object/parents.h \
	lib/engine/object/realm.c lib/engine/object/realm.h \
	lib/engine/object/space.c lib/engine/object/space.h \
	lib/engine/object/stack.c lib/engine/object/stack.h \
	lib/engine/object/status.c lib/engine/object/status.h \
	lib/engine/object/unknown.c lib/engine/object/unknown.h
