# SPDX-License-Identifier: GPL-2.0-or-later

dist_man_MANS += \
	man/kukeon.5 \
	man/kukeond.8 \
	man/kukeshim.8 \
	man/kukeunpack.8
