# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_reconcile.a
libengine_reconcile_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_RECONCILE)
libengine_reconcile_a_SOURCES = \
	lib/engine/reconcile/allow_pass.c lib/engine/reconcile/allow_pass.h \
	lib/engine/reconcile/egress_pass.c lib/engine/reconcile/egress_pass.h \
	lib/engine/reconcile/idle.c lib/engine/reconcile/idle.h \
	lib/engine/reconcile/net_doctor.c lib/engine/reconcile/net_doctor.h \
	lib/engine/reconcile/reconcile.c lib/engine/reconcile/reconcile.h \
	lib/engine/reconcile/sweep.c lib/engine/reconcile/sweep.h \
	lib/engine/reconcile/sweep_files.c lib/engine/reconcile/sweep_files.h \
	lib/engine/reconcile/watch.c lib/engine/reconcile/watch.h
