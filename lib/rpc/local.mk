# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += librpc.a
librpc_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_RPC)
librpc_a_SOURCES = \
	lib/rpc/methods.h
LIBRPC = librpc.a
