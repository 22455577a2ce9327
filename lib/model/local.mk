# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libmodel.a
libmodel_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL) $(YAML_CFLAGS) $(JANSSON_CFLAGS)
libmodel_a_SOURCES =
LIBMODEL = libmodel.a $(YAML_LIBS) $(JANSSON_LIBS)
