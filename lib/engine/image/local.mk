# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libengine_image.a
libengine_image_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_IMAGE)
libengine_image_a_SOURCES = \
	lib/engine/image/images.c lib/engine/image/images.h \
	lib/engine/image/images_health.c lib/engine/image/images_health.h
