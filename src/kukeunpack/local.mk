# SPDX-License-Identifier: GPL-2.0-or-later

pkglibexec_PROGRAMS += src/kukeunpack/kukeunpack
src_kukeunpack_kukeunpack_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO) -I$(top_srcdir)/lib/host \
	$(ARCHIVE_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS) $(ISAL_CFLAGS)
src_kukeunpack_kukeunpack_SOURCES = \
	src/kukeunpack/decomp.h \
	src/kukeunpack/codec_gzip.c \
	src/kukeunpack/codec_zstd.c \
	src/kukeunpack/confine.c \
	src/kukeunpack/confine.h \
	src/kukeunpack/extract.c \
	src/kukeunpack/extract.h \
	src/kukeunpack/inflow.c \
	src/kukeunpack/inflow.h \
	src/kukeunpack/main.c \
	src/kukeunpack/paxcheck.c \
	src/kukeunpack/paxcheck.h \
	src/kukeunpack/tarread.c \
	src/kukeunpack/tarread.h \
	src/kukeunpack/tree.c \
	src/kukeunpack/tree.h
src_kukeunpack_kukeunpack_LDADD = $(LIBPROTO) libhost.a $(LIBBASE) \
	$(ARCHIVE_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) $(ISAL_LIBS) $(SECCOMP_LIBS)
