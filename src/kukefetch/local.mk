# SPDX-License-Identifier: GPL-2.0-or-later
#
# The registry client. Its libraries are in no other program of ours. All but
# main() is a library, so that unit and fuzz tests can link it.

INC_KUKEFETCH = $(INC_PROTO) -I$(top_srcdir)/lib/host -I$(top_srcdir)/src/kukefetch
noinst_LIBRARIES += libkukefetch.a
libkukefetch_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEFETCH) $(CURL_CFLAGS) $(PSL_CFLAGS)
libkukefetch_a_SOURCES = \
	src/kukefetch/challenge.c src/kukefetch/challenge.h \
	src/kukefetch/domain.c src/kukefetch/domain.h \
	src/kukefetch/endpoint.c \
	src/kukefetch/http.c src/kukefetch/http.h \
	src/kukefetch/job.c src/kukefetch/job_answer.c src/kukefetch/job_priv.h \
	src/kukefetch/job_try.c \
	src/kukefetch/login.c src/kukefetch/login.h \
	src/kukefetch/proxy.c src/kukefetch/proxy.h \
	src/kukefetch/rootfiles.c src/kukefetch/rootfiles.h \
	src/kukefetch/session.h \
	src/kukefetch/words.c src/kukefetch/words.h
LIBKUKEFETCH = libkukefetch.a $(LIBPROTO) libhost.a $(LIBBASE) $(CURL_LIBS) $(PSL_LIBS) $(SECCOMP_LIBS)

pkglibexec_PROGRAMS += src/kukefetch/kukefetch
src_kukefetch_kukefetch_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEFETCH)
src_kukefetch_kukefetch_SOURCES = src/kukefetch/main.c
src_kukefetch_kukefetch_LDADD = $(LIBKUKEFETCH)
