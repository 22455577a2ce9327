# SPDX-License-Identifier: GPL-2.0-or-later

# Init scripts. The systemd unit goes where systemd looks; the OpenRC and SysV
# scripts share a name in /etc/init.d, so they are installed beside each other
# for the administrator to copy one.
INIT_SED = $(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g'

systemdsystemunit_DATA = data/kukeond.service
initscriptdir = $(datadir)/kukeon/init.d
initscript_SCRIPTS = data/kukeond.openrc data/kukeond.sysv
CLEANFILES += $(systemdsystemunit_DATA) $(initscript_SCRIPTS)
INIT_IN = data/kukeond.service.in data/kukeond.openrc.in data/kukeond.sysv.in

data/kukeond.service: $(srcdir)/data/kukeond.service.in Makefile
	@$(MKDIR_P) data
	$(AM_V_GEN)$(INIT_SED) $(srcdir)/data/kukeond.service.in >$@
data/kukeond.openrc: $(srcdir)/data/kukeond.openrc.in Makefile
	@$(MKDIR_P) data
	$(AM_V_GEN)$(INIT_SED) $(srcdir)/data/kukeond.openrc.in >$@ && chmod 755 $@
data/kukeond.sysv: $(srcdir)/data/kukeond.sysv.in Makefile
	@$(MKDIR_P) data
	$(AM_V_GEN)$(INIT_SED) $(srcdir)/data/kukeond.sysv.in >$@ && chmod 755 $@

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	data/examples/hello-world.yaml \
	data/examples/hierarchy.yaml \
	data/examples/long-running.yaml \
	data/examples/two-cells.yaml
exampleprofilesdir = $(examplesdir)/profiles
dist_exampleprofiles_DATA = data/examples/profiles/greeter.yaml

EXTRA_DIST += $(INIT_IN)

# Completions are what the program prints of its own rows.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
bashcompletion_DATA = data/completions/kuke data/completions/kukeond
zshcompletion_DATA = data/completions/_kuke data/completions/_kukeond
fishcompletion_DATA = data/completions/kuke.fish data/completions/kukeond.fish
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA) $(fishcompletion_DATA)

PRINT_COMPLETION = $(AM_V_GEN)$(MKDIR_P) data/completions && ./kuke$(EXEEXT) completion
PRINT_KUKEOND = $(AM_V_GEN)$(MKDIR_P) data/completions && ./kukeond$(EXEEXT) completion
data/completions/kuke: kuke$(EXEEXT)
	$(PRINT_COMPLETION) bash >$@.tmp && mv $@.tmp $@
data/completions/_kuke: kuke$(EXEEXT)
	$(PRINT_COMPLETION) zsh >$@.tmp && mv $@.tmp $@
data/completions/kuke.fish: kuke$(EXEEXT)
	$(PRINT_COMPLETION) fish >$@.tmp && mv $@.tmp $@
data/completions/kukeond: kukeond$(EXEEXT)
	$(PRINT_KUKEOND) bash >$@.tmp && mv $@.tmp $@
data/completions/_kukeond: kukeond$(EXEEXT)
	$(PRINT_KUKEOND) zsh >$@.tmp && mv $@.tmp $@
data/completions/kukeond.fish: kukeond$(EXEEXT)
	$(PRINT_KUKEOND) fish >$@.tmp && mv $@.tmp $@
