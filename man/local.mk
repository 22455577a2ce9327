# SPDX-License-Identifier: GPL-2.0-or-later

dist_man_MANS += \
	man/kuke-status.1 \
	man/kukecp.8 \
	man/kukedns.8 \
	man/kukeexec.8 \
	man/kukefetch.8 \
	man/kukeon-api.7 \
	man/kukeon-network.7 \
	man/kukeon-security.7 \
	man/kukeshim.8 \
	man/kuketty.8 \
	man/kukeunpack.8

# Pages that name the directory of kukeond.yaml: the one this build reads. A hyphen
# is \- in mdoc.
MAN_IN = man/kuke.1.in man/kukeon.5.in man/kukeond.8.in
MAN_OUT = man/kuke.1 man/kukeon.5 man/kukeond.8
nodist_man_MANS = $(MAN_OUT)
CLEANFILES += $(MAN_OUT)
EXTRA_DIST += $(MAN_IN)
MAN_CONFDIR = confdir=`printf '%s' '$(sysconfdir)/kukeon' | $(SED) 's/-/\\\\\\\\-/g'`
MAN_GEN = $(AM_V_GEN)$(MKDIR_P) man && $(MAN_CONFDIR) && $(SED) -e "s|@confdir[@]|$$confdir|g"

man/kuke.1: $(srcdir)/man/kuke.1.in Makefile
	$(MAN_GEN) $(srcdir)/man/kuke.1.in >$@
man/kukeon.5: $(srcdir)/man/kukeon.5.in Makefile
	$(MAN_GEN) $(srcdir)/man/kukeon.5.in >$@
man/kukeond.8: $(srcdir)/man/kukeond.8.in Makefile
	$(MAN_GEN) $(srcdir)/man/kukeond.8.in >$@

# The tables of kuke(1) and of kukeon-api(7) come from those of the program. For maintainers, after a
# change of a command or a flag; a test tells when it was forgotten.
.PHONY: man-kuke man-api
man-kuke: kuke$(EXEEXT)
	confdir=`printf '%s' '$(sysconfdir)/kukeon' | $(SED) 's/[-.\\]/\\\\&/g; s/\\\\-/\\\\\\\\-/g'` && \
	{ $(SED) '/BEGIN TABLES/q' $(srcdir)/man/kuke.1.in && \
	  ./kuke$(EXEEXT) __man | $(SED) "s|$$confdir|@confdir@|g" && \
	  $(SED) -n '/END TABLES/,$$p' $(srcdir)/man/kuke.1.in; } >kuke.1.tmp
	mv kuke.1.tmp $(srcdir)/man/kuke.1.in
man-api: kuke$(EXEEXT)
	for s in KukeonV1 KukeonX1; do \
		{ $(SED) "/BEGIN $$s/q" $(srcdir)/man/kukeon-api.7 && ./kuke$(EXEEXT) __man $$s && \
		  $(SED) -n "/END $$s/,\$$p" $(srcdir)/man/kukeon-api.7; } >kukeon-api.tmp && \
		mv kukeon-api.tmp $(srcdir)/man/kukeon-api.7 || exit 1; done
