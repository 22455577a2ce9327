# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libmodel.a
libmodel_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL) $(YAML_CFLAGS)
libmodel_a_SOURCES = \
	lib/model/rows_cell.c \
	lib/model/rows_client.c \
	lib/model/rows_container.c \
	lib/model/copy.c \
	lib/model/decode.c \
	lib/model/emit_json.c \
	lib/model/emit_yaml.c \
	lib/model/errkind.c \
	lib/model/field.c \
	lib/model/model.c \
	lib/model/node.c \
	lib/model/rows_profile.c \
	lib/model/read_json.c \
	lib/model/read_yaml.c \
	lib/model/rows_realm.c \
	lib/model/rows_server.c \
	lib/model/scalar.c \
	lib/model/rows_space.c \
	lib/model/rows_stack.c \
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
	lib/model/cellprofile.c lib/model/cellprofile.h \
	lib/model/configuration.c lib/model/configuration.h \
	lib/model/convert.c lib/model/convert.h \
	lib/model/diff.c lib/model/diff.h \
	lib/model/labels.c lib/model/labels.h \
	lib/model/explain.c lib/model/explain.h \
	lib/model/docstream.c lib/model/docstream.h \
	lib/model/egress.c lib/model/egress.h \
	lib/model/encoding.c lib/model/encoding.h \
	lib/model/names.c \
	lib/model/params.c lib/model/params.h \
	lib/model/rowutil.c lib/model/rowutil.h \
	lib/model/schema.c lib/model/schema.h \
	lib/model/unsupported.c \
	lib/model/validate.c lib/model/validate.h \
	lib/model/validate_container.c
LIBMODEL = libmodel.a $(YAML_LIBS)
