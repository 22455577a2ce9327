/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_PLAN_H
#define KUKEON_FIREWALL_PLAN_H

#include "firewall.h"
#include "ipv4.h"

/*
 * From the spaces of an instance to the wanted chains and rules: pure, and independent
 * of how a host filters packets.
 */
struct firewall_space {
	const char *realm;
	const char *space;
	const char *bridge;
	struct ipv4_net subnet;
};

struct firewall_input {
	const char
		*instance; /* "" or NULL for the default one; else mixed into every chain's name */
	const struct firewall_space *spaces; /* all spaces of the instance, in a stable order */
	size_t n_spaces;
};

/* KUKE-EGR- and %08x of FNV-1a-32 over "<realm>/<space>" (and the instance, if not the default). */
void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  char ret[FIREWALL_CHAIN_MAX]);

/* The plan refers to no memory of the input. */
void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret);

#endif
