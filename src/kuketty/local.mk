# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuketty is static, as kukeshim is, whose fragment has the flags. What it says on its socket
# (lib/proto/tty_proto) is a library to kuke as well.

# The model of the screen, which tests link as well.
KUKETTY_SCREEN = \
	src/kuketty/charwidth.c \
	src/kuketty/drawing.c \
	src/kuketty/grid.c \
	src/kuketty/ink.c \
	src/kuketty/screen.c \
	src/kuketty/screen_csi.c \
	src/kuketty/screen_text.c \
	src/kuketty/scrollback.c \
	src/kuketty/vtparse.c
KUKETTY_SOURCES = $(KUKETTY_SCREEN) \
	src/kuketty/attached.c \
	src/kuketty/callers.c \
	src/kuketty/ending.c \
	src/kuketty/history.c \
	src/kuketty/loop.c \
	src/kuketty/main.c \
	src/kuketty/metadata.c \
	src/kuketty/pty.c \
	src/kuketty/say.c \
	src/kuketty/screenshot.c \
	src/kuketty/ttyconfig.c \
	src/kuketty/typist.c
KUKETTY_OWN_H = \
	src/kuketty/charwidth.h \
	src/kuketty/drawing.h \
	src/kuketty/history.h \
	src/kuketty/ink.h \
	src/kuketty/kuketty.h \
	src/kuketty/screen.h \
	src/kuketty/scrollback.h \
	src/kuketty/ttyconfig.h \
	src/kuketty/vtparse.h
KUKETTY_BASE = \
	lib/base/buf.c \
	lib/base/clock.c \
	lib/base/err.c \
	lib/base/fd.c \
	lib/base/jscan.c \
	lib/base/jwalk.c \
	lib/base/mem.c \
	lib/base/path.c \
	lib/base/proc.c \
	lib/base/procinfo.c \
	lib/base/str.c \
	lib/base/vec.c \
	lib/proto/tty_proto.c

pkglibexec_SCRIPTS += src/kuketty/kuketty
CLEANFILES += src/kuketty/kuketty

src/kuketty/kuketty: $(KUKETTY_SOURCES) $(KUKETTY_BASE) $(KUKETTY_OWN_H) \
		lib/proto/tty_proto.h lib/base/defs.h src/static/config.h kernel-headers.stamp
	$(AM_V_GEN)$(MKDIR_P) src/kuketty && \
	set -- && for f in $(KUKETTY_SOURCES) $(KUKETTY_BASE); do \
		set -- "$$@" "$(top_srcdir)/$$f"; done && \
	$(STATIC_CC) -I$(top_srcdir)/src/static -I$(top_srcdir)/lib/base -I$(top_srcdir)/lib/proto \
		-I$(top_srcdir)/src/kuketty $(STATIC_CFLAGS) $(STATIC_FLAGS) \
		$(WARN_CFLAGS) -o $@ "$$@"

# The same program with the sanitizers, as of kukeshim.
check_PROGRAMS += src/kuketty/kuketty-sanitized
src_kuketty_kuketty_sanitized_SOURCES = $(KUKETTY_SOURCES) $(KUKETTY_BASE) $(KUKETTY_OWN_H)
src_kuketty_kuketty_sanitized_CPPFLAGS = $(INC_PROTO) -I$(top_srcdir)/src/kuketty
src_kuketty_kuketty_sanitized_CFLAGS = $(AM_CFLAGS) -fsanitize=address,undefined
src_kuketty_kuketty_sanitized_LDFLAGS = $(AM_LDFLAGS) -fsanitize=address,undefined
