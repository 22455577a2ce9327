# SPDX-License-Identifier: GPL-2.0-or-later
#
# For make itself (configure puts it into the Makefile as it is): the system tests
# run in another order each time, for none may need what another has done.
# TESTS_SEED=N repeats an order.
ifndef TESTS_SEED
TESTS_SEED := $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')
endif
export TESTS_SEED
SYSTEM_TESTS_SHUFFLED = $(shell printf '%s\n' $(SYSTEM_TESTS) | \
	$(AWK) -v seed=$(TESTS_SEED) 'BEGIN { srand(seed) } { printf "%.9f %s\n", rand(), $$0 }' | \
	sort | cut -d' ' -f2)
ifeq ($(MAKELEVEL),0)
ifneq ($(filter check check-system,$(MAKECMDGOALS)),)
$(info The system tests run in the order of TESTS_SEED=$(TESTS_SEED))
endif
endif
