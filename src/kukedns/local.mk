# SPDX-License-Identifier: GPL-2.0-or-later
#
# What answers the DNS queries of cells whose space denies. Its library is in no other
# program of ours. All but main() is a library, so that unit and fuzz tests can link it.

INC_KUKEDNS = $(INC_PROTO) -I$(top_srcdir)/lib/host -I$(top_srcdir)/src/kukedns
noinst_LIBRARIES += libkukedns.a
libkukedns_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS) $(CARES_CFLAGS)
libkukedns_a_SOURCES = \
	src/kukedns/answer.c src/kukedns/answer.h \
	src/kukedns/cache.c src/kukedns/cache.h \
	src/kukedns/chain.c src/kukedns/chain.h \
	src/kukedns/clients.c src/kukedns/clients.h \
	src/kukedns/control.c src/kukedns/control.h \
	src/kukedns/denied.c src/kukedns/denied.h \
	src/kukedns/dns_msg.c src/kukedns/dns_msg.h \
	src/kukedns/frame.c src/kukedns/frame.h \
	src/kukedns/ipaddr.c src/kukedns/ipaddr.h \
	src/kukedns/kukedns.h \
	src/kukedns/loop.c src/kukedns/loop.h \
	src/kukedns/policy.c src/kukedns/policy.h \
	src/kukedns/poller.c src/kukedns/poller.h \
	src/kukedns/question.c src/kukedns/question.h \
	src/kukedns/reports.c src/kukedns/reports.h \
	src/kukedns/revmap.c src/kukedns/revmap.h \
	src/kukedns/spaces.c src/kukedns/spaces.h \
	src/kukedns/table.c src/kukedns/table.h \
	src/kukedns/upstream.c src/kukedns/upstream.h
LIBKUKEDNS = libkukedns.a $(LIBPROTO) libhost.a $(LIBBASE) $(CARES_LIBS) $(RESOLV_LIBS) $(SECCOMP_LIBS)

pkglibexec_PROGRAMS += src/kukedns/kukedns
src_kukedns_kukedns_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS)
src_kukedns_kukedns_SOURCES = src/kukedns/main.c
src_kukedns_kukedns_LDADD = $(LIBKUKEDNS)
