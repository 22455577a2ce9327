# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += librpc.a
librpc_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_RPC)
librpc_a_SOURCES = \
	lib/rpc/client.c lib/rpc/client.h \
	lib/rpc/method_rows.h lib/rpc/methods.c lib/rpc/methods.h \
	lib/rpc/methods_args.c lib/rpc/methods_args.h \
	lib/rpc/methods_host.c lib/rpc/methods_host.h \
	lib/rpc/peer.c lib/rpc/peer.h \
	lib/rpc/rpc_error.c lib/rpc/rpc_error.h \
	lib/rpc/server.c lib/rpc/server.h \
	lib/rpc/statuscheck.c lib/rpc/statuscheck.h \
	lib/rpc/stream.c lib/rpc/stream.h \
	lib/rpc/wire.c lib/rpc/wire.h
LIBRPC = librpc.a
