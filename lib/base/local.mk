# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libbase.a
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE) $(DIRS_CPPFLAGS) $(CAP_CFLAGS) $(JANSSON_CFLAGS) $(NETTLE_CFLAGS)
libbase_a_SOURCES = \
	lib/base/atomic.c lib/base/atomic.h \
	lib/base/buf.c lib/base/buf.h \
	lib/base/caps.c lib/base/caps.h \
	lib/base/clock.c lib/base/clock.h \
	lib/base/crc32c.c lib/base/crc32c.h \
	lib/base/defs.h \
	lib/base/dir.c lib/base/dir.h \
	lib/base/err.c lib/base/err.h \
	lib/base/fd.c lib/base/fd.h \
	lib/base/helper.c lib/base/helper.h \
	lib/base/jscan.c lib/base/jscan.h \
	lib/base/jval.c lib/base/jval.h \
	lib/base/jwalk.c lib/base/jwalk.h \
	lib/base/lock.c lib/base/lock.h \
	lib/base/log.c lib/base/log.h \
	lib/base/mem.c lib/base/mem.h \
	lib/base/nettle.c lib/base/encode.h lib/base/sha256.h \
	lib/base/path.c lib/base/path.h \
	lib/base/proc.c lib/base/proc.h \
	lib/base/procinfo.c lib/base/procinfo.h \
	lib/base/statefile.c lib/base/statefile.h \
	lib/base/str.c lib/base/str.h \
	lib/base/trim.c lib/base/trim.h \
	lib/base/vec.c lib/base/vec.h \
	lib/base/way.c lib/base/way.h
LIBBASE = libbase.a $(CAP_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS)
