# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libmodel.a
libmodel_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL) $(YAML_CFLAGS)
libmodel_a_SOURCES = \
	lib/model/cellnet.c lib/model/cellnet.h \
	lib/model/cellprofile.c lib/model/cellprofile.h \
	lib/model/configuration.c lib/model/configuration.h \
	lib/model/convert.c lib/model/convert.h \
	lib/model/copy.c lib/model/copy.h \
	lib/model/decode.c lib/model/decode.h \
	lib/model/diff.c lib/model/diff.h \
	lib/model/docstream.c lib/model/docstream.h \
	lib/model/egress.c lib/model/egress.h \
	lib/model/emit.h \
	lib/model/emit_json.c lib/model/emit_json.h \
	lib/model/emit_yaml.c lib/model/emit_yaml.h \
	lib/model/encoding.c lib/model/encoding.h \
	lib/model/errkind.c lib/model/errkind.h \
	lib/model/explain.c lib/model/explain.h \
	lib/model/field.c lib/model/field.h \
	lib/model/kinds.h \
	lib/model/labels.c lib/model/labels.h \
	lib/model/model.c lib/model/model.h \
	lib/model/naming.c lib/model/naming.h \
	lib/model/node.c lib/model/node.h \
	lib/model/params.c lib/model/params.h \
	lib/model/pick.c lib/model/pick.h \
	lib/model/ports.c lib/model/ports.h \
	lib/model/read_json.c \
	lib/model/read_yaml.c \
	lib/model/row_limits.c lib/model/row_limits.h \
	lib/model/rows.h \
	lib/model/rows_cell.c \
	lib/model/rows_client.c \
	lib/model/rows_container.c \
	lib/model/rows_profile.c \
	lib/model/rows_realm.c \
	lib/model/rows_server.c \
	lib/model/rows_space.c \
	lib/model/rows_stack.c \
	lib/model/rowutil.c lib/model/rowutil.h \
	lib/model/scalar.c lib/model/scalar.h \
	lib/model/schema.c lib/model/schema.h \
	lib/model/states.c lib/model/states.h \
	lib/model/unsupported.c lib/model/unsupported.h \
	lib/model/validate.c lib/model/validate.h \
	lib/model/validate_container.c lib/model/validate_container.h
LIBMODEL = libmodel.a $(YAML_LIBS)
