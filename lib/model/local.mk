# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libmodel.a
libmodel_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL) $(YAML_CFLAGS) $(JANSSON_CFLAGS)
libmodel_a_SOURCES = \
	lib/model/cell.c \
	lib/model/client.c \
	lib/model/container.c \
	lib/model/copy.c \
	lib/model/emit_json.c \
	lib/model/emit_yaml.c \
	lib/model/errkind.c \
	lib/model/field.c \
	lib/model/model.c \
	lib/model/profile.c \
	lib/model/realm.c \
	lib/model/server.c \
	lib/model/scalar.c \
	lib/model/space.c \
	lib/model/stack.c \
	lib/model/states.c \
	lib/model/codec.h \
	lib/model/emit.h \
	lib/model/errkind.h \
	lib/model/kinds.h \
	lib/model/model.h \
	lib/model/node.h \
	lib/model/rows.h \
	lib/model/scalar.h \
	lib/model/states.h
libmodel_a_SOURCES += \
	lib/model/configuration.h \
	lib/model/convert.h \
	lib/model/diff.h \
	lib/model/explain.h \
	lib/model/manifest.h \
	lib/model/schema.h \
	lib/model/validate.h
LIBMODEL = libmodel.a $(YAML_LIBS) $(JANSSON_LIBS)
