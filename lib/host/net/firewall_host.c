/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "firewall_host.h"
#include "firewall_iptc.h"

/* IPv4, which is an error without; IPv6 where it is filtered and there is something for it. */
static int usable_families(const struct firewall_plan *p, enum firewall_choice choice,
			   unsigned *ret, struct kerr *err)
{
	bool ipv6 = firewall_plan_uses(p, FIREWALL_FILTER, FIREWALL_IPV6) ||
		    firewall_plan_uses(p, FIREWALL_NAT, FIREWALL_IPV6);
	int r;

	r = firewall_world_check(choice, FIREWALL_IPV4, err);
	if (r < 0)
		return r;
	*ret = FIREWALL_IPV4;
	if (ipv6 && firewall_world(choice, FIREWALL_IPV6) == FIREWALL_WORLD_LEGACY)
		*ret |= FIREWALL_IPV6;
	return 0;
}

int firewall_apply(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err)
{
	unsigned families = 0;
	int r;

	r = usable_families(p, choice, &families, err);
	return r < 0 ? r : firewall_iptc_apply(p, families, err);
}

int firewall_differs(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err)
{
	unsigned families = 0;
	int r;

	r = usable_families(p, choice, &families, err);
	return r < 0 ? r : firewall_iptc_differs(p, families, err);
}

int firewall_remove(const struct firewall_plan *p, struct kerr *err)
{
	return firewall_iptc_remove(p, err);
}
