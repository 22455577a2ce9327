# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libkuke_view.a
libkuke_view_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE_VIEW) $(DIRS_CPPFLAGS)
libkuke_view_a_SOURCES = \
	src/kuke/view/denied_get.c src/kuke/view/denied_get.h \
	src/kuke/view/docsout.c src/kuke/view/docsout.h \
	src/kuke/view/execview.c src/kuke/view/execview.h \
	src/kuke/view/get.c src/kuke/view/get.h \
	src/kuke/view/get_table.c \
	src/kuke/view/image_get.c src/kuke/view/image_get.h \
	src/kuke/view/lifecycle.c src/kuke/view/lifecycle.h \
	src/kuke/view/log_feed.c src/kuke/view/log_feed.h \
	src/kuke/view/logview.c src/kuke/view/logview.h \
	src/kuke/view/names.c src/kuke/view/names.h \
	src/kuke/view/report.c src/kuke/view/report.h \
	src/kuke/view/report_apply.c \
	src/kuke/view/report_image.c \
	src/kuke/view/status_view.c src/kuke/view/status_view.h
