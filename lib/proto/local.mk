# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libproto.a
libproto_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO) $(DIRS_CPPFLAGS)
libproto_a_SOURCES = \
	lib/proto/copy_proto.c lib/proto/copy_proto.h \
	lib/proto/dns_proto.h \
	lib/proto/exec_proto.c lib/proto/exec_proto.h \
	lib/proto/exec_session.c lib/proto/exec_session.h \
	lib/proto/fetch_proto.h \
	lib/proto/filelist.c lib/proto/filelist.h \
	lib/proto/hostport.c lib/proto/hostport.h \
	lib/proto/proto_msg.c lib/proto/proto_msg.h \
	lib/proto/shim_proto.c lib/proto/shim_proto.h \
	lib/proto/tty_proto.c lib/proto/tty_proto.h \
	lib/proto/unpack_proto.c lib/proto/unpack_proto.h
LIBPROTO = libproto.a
