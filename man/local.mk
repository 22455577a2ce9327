# SPDX-License-Identifier: GPL-2.0-or-later

dist_man_MANS += \
	man/kuke.1 \
	man/kukeon.5 \
	man/kukefetch.8 \
	man/kukeon-security.7 \
	man/kukeond.8 \
	man/kukeshim.8 \
	man/kukeunpack.8

# The tables of kuke(1) come from those of the program. For maintainers, after a
# change of a command or a flag; a test tells when it was forgotten.
.PHONY: man-kuke
man-kuke: kuke$(EXEEXT)
	{ sed '/BEGIN TABLES/q' $(srcdir)/man/kuke.1 && ./kuke$(EXEEXT) __man && \
	  sed -n '/END TABLES/,$$p' $(srcdir)/man/kuke.1; } >kuke.1.tmp
	mv kuke.1.tmp $(srcdir)/man/kuke.1
