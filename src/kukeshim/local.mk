# SPDX-License-Identifier: GPL-2.0-or-later
#
# kukeshim is static. One rule compiles its sources and the files of lib/base and lib/proto it
# needs with the static compiler and src/static/config.h, so nothing that
# configure found out about the other compiler is used.

KUKESHIM_SOURCES = \
	src/kukeshim/logfile.c \
	src/kukeshim/main.c \
	src/kukeshim/payload.c \
	src/kukeshim/process.c \
	src/kukeshim/record.c \
	src/kukeshim/start.c \
	src/kukeshim/supervise.c
KUKESHIM_BASE = \
	lib/base/atomic.c \
	lib/base/buf.c \
	lib/base/clock.c \
	lib/base/crc32c.c \
	lib/base/err.c \
	lib/base/fd.c \
	lib/base/jscan.c \
	lib/base/mem.c \
	lib/base/path.c \
	lib/base/proc.c \
	lib/base/procinfo.c \
	lib/proto/shim_proto.c \
	lib/base/statefile.c \
	lib/base/str.c
STATIC_FLAGS = -std=gnu11 -Os -g -static -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fstack-protector-strong \
	-Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noseparate-code

pkglibexec_SCRIPTS += src/kukeshim/kukeshim
CLEANFILES += src/kukeshim/kukeshim
EXTRA_DIST += src/static/config.h

src/kukeshim/kukeshim: $(KUKESHIM_SOURCES) $(KUKESHIM_BASE) src/kukeshim/kukeshim.h \
		lib/proto/shim_proto.h lib/base/defs.h src/static/config.h kernel-headers.stamp
	$(AM_V_GEN)$(MKDIR_P) src/kukeshim && \
	set -- && for f in $(KUKESHIM_SOURCES) $(KUKESHIM_BASE); do \
		set -- "$$@" "$(top_srcdir)/$$f"; done && \
	$(STATIC_CC) -I$(top_srcdir)/src/static -I$(top_srcdir)/lib/base -I$(top_srcdir)/lib/proto \
		-I$(top_srcdir)/src/kukeshim $(STATIC_CFLAGS) $(STATIC_FLAGS) \
		$(WARN_CFLAGS) -o $@ "$$@"

# musl's include folder has no kernel headers, and that of the distribution has the C
# library's headers too: make links to the kernel headers only.
CLEANFILES += kernel-headers.stamp
kernel-headers.stamp:
	$(AM_V_at)d=build-aux/kernel-headers && $(MKDIR_P) $$d && \
	for h in linux asm asm-generic; do \
		test $$h = asm && f=asm/types.h || f=$$h/types.h; \
		p=`echo "#include <$$f>" | $(CC) -E - | $(SED) -n "s|^# 1 \"\(.*\)/$$f\".*|\1|p" | $(SED) 1q`; \
		test -n "$$p" || { echo "kernel header $$f not found (Debian package: linux-libc-dev)" >&2; exit 1; }; \
		rm -f $$d/$$h && $(LN_S) "$$p/$$h" $$d/$$h || exit 1; \
	done && echo done >$@
clean-local: clean-kernel-headers
clean-kernel-headers:
	-rm -rf build-aux/kernel-headers
.PHONY: clean-kernel-headers

# The same program with the sanitizers, independent of the options of the build,
# for a test that runs it in place of the static one.
check_PROGRAMS += src/kukeshim/kukeshim-sanitized
src_kukeshim_kukeshim_sanitized_SOURCES = $(KUKESHIM_SOURCES) $(KUKESHIM_BASE) \
	src/kukeshim/kukeshim.h
src_kukeshim_kukeshim_sanitized_CPPFLAGS = $(INC_PROTO) -I$(top_srcdir)/src/kukeshim
src_kukeshim_kukeshim_sanitized_CFLAGS = $(AM_CFLAGS) -fsanitize=address,undefined
src_kukeshim_kukeshim_sanitized_LDFLAGS = $(AM_LDFLAGS) -fsanitize=address,undefined
