# SPDX-License-Identifier: GPL-2.0-or-later
#
# kukeexec is static, made like kukeshim.

KUKEEXEC_SOURCES = \
	src/kukeexec/enter.c \
	src/kukeexec/inside.c \
	src/kukeexec/main.c
KUKEEXEC_BASE = \
	lib/base/buf.c \
	lib/base/clock.c \
	lib/base/err.c \
	lib/base/fd.c \
	lib/base/mem.c \
	lib/base/str.c \
	lib/proto/exec_proto.c \
	lib/proto/exec_session.c

pkglibexec_SCRIPTS += src/kukeexec/kukeexec
CLEANFILES += src/kukeexec/kukeexec

src/kukeexec/kukeexec: $(KUKEEXEC_SOURCES) $(KUKEEXEC_BASE) src/kukeexec/kukeexec.h \
		lib/proto/exec_proto.h lib/proto/exec_session.h lib/base/defs.h src/static/config.h kernel-headers.stamp
	$(AM_V_GEN)$(MKDIR_P) src/kukeexec && \
	set -- && for f in $(KUKEEXEC_SOURCES) $(KUKEEXEC_BASE); do \
		set -- "$$@" "$(top_srcdir)/$$f"; done && \
	$(STATIC_CC) -I$(top_srcdir)/src/static -I$(top_srcdir)/lib/base -I$(top_srcdir)/lib/proto \
		-I$(top_srcdir)/src/kukeexec $(STATIC_CFLAGS) $(STATIC_FLAGS) \
		$(WARN_CFLAGS) -o $@ "$$@"

# The same program with the sanitizers, for a test that runs it in place of the static one.
check_PROGRAMS += src/kukeexec/kukeexec-sanitized
src_kukeexec_kukeexec_sanitized_SOURCES = $(KUKEEXEC_SOURCES) $(KUKEEXEC_BASE) \
	src/kukeexec/kukeexec.h
src_kukeexec_kukeexec_sanitized_CPPFLAGS = $(INC_PROTO) -I$(top_srcdir)/src/kukeexec
src_kukeexec_kukeexec_sanitized_CFLAGS = $(AM_CFLAGS) -fsanitize=address,undefined
src_kukeexec_kukeexec_sanitized_LDFLAGS = $(AM_LDFLAGS) -fsanitize=address,undefined
