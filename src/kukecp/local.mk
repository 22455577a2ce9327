# SPDX-License-Identifier: GPL-2.0-or-later
#
# kukecp is static, made like kukeexec.

KUKECP_SOURCES = \
	src/kukecp/enter.c \
	src/kukecp/files.c \
	src/kukecp/main.c \
	src/kukecp/pack.c \
	src/kukecp/place.c \
	src/kukecp/tarin.c \
	src/kukecp/tarout.c \
	src/kukecp/unpack.c
KUKECP_H_FILES = \
	src/kukecp/kukecp.h \
	src/kukecp/place.h \
	src/kukecp/tarin.h \
	src/kukecp/tarout.h
KUKECP_BASE = \
	lib/base/buf.c \
	lib/base/clock.c \
	lib/base/err.c \
	lib/base/fd.c \
	lib/base/mem.c \
	lib/base/path.c \
	lib/base/str.c \
	lib/proto/copy_proto.c \
	lib/proto/exec_proto.c \
	lib/proto/exec_session.c

pkglibexec_SCRIPTS += src/kukecp/kukecp
CLEANFILES += src/kukecp/kukecp

src/kukecp/kukecp: $(KUKECP_SOURCES) $(KUKECP_H_FILES) $(KUKECP_BASE) lib/proto/copy_proto.h \
		lib/proto/exec_proto.h lib/proto/exec_session.h lib/base/defs.h \
		src/static/config.h kernel-headers.stamp
	$(AM_V_GEN)$(MKDIR_P) src/kukecp && \
	set -- && for f in $(KUKECP_SOURCES) $(KUKECP_BASE); do \
		set -- "$$@" "$(top_srcdir)/$$f"; done && \
	$(STATIC_CC) -I$(top_srcdir)/src/static -I$(top_srcdir)/lib/base -I$(top_srcdir)/lib/proto \
		-I$(top_srcdir)/src/kukecp $(STATIC_CFLAGS) $(STATIC_FLAGS) \
		$(WARN_CFLAGS) -o $@ "$$@"

# The same program with the sanitizers, for a test that runs it in place of the static one.
check_PROGRAMS += src/kukecp/kukecp-sanitized
src_kukecp_kukecp_sanitized_SOURCES = $(KUKECP_SOURCES) $(KUKECP_BASE) $(KUKECP_H_FILES)
src_kukecp_kukecp_sanitized_CPPFLAGS = $(INC_PROTO) -I$(top_srcdir)/src/kukecp
src_kukecp_kukecp_sanitized_CFLAGS = $(AM_CFLAGS) -fsanitize=address,undefined
src_kukecp_kukecp_sanitized_LDFLAGS = $(AM_LDFLAGS) -fsanitize=address,undefined
