/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "mem.h"
#include "packet_filter.h"

enum firewall_choice packet_filter_choice(const struct engine *e)
{
	cleanup_free char *mark = layout_rt(&e->layout, RT_NFT);

	if (e->firewall_choice == FIREWALL_CHOICE_AUTO && access(mark, F_OK) == 0)
		return FIREWALL_CHOICE_STAY_NFT;
	return e->firewall_choice;
}

const char *packet_filter_name(const struct engine *e)
{
	return firewall_world_name(firewall_world(packet_filter_choice(e), FIREWALL_IPV4));
}

/* Only where a host without any rules would go to has to be known: a lost mark is no fault. */
static void set_mark(const struct engine *e, bool nft)
{
	cleanup_free char *mark = layout_rt(&e->layout, RT_NFT);
	int fd = -EBADF;

	if (!nft)
		(void) unlink(mark);
	else if (access(mark, F_OK) < 0)
		fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	fd_close_p(&fd);
}

/* Each time, because it lasts until others change it. */
static void tell_closed(const struct engine *e)
{
	cleanup_strlist struct strlist closed = { 0 };

	(void) firewall_closed(e->instance, &closed, NULL);
	for (size_t i = 0; i < closed.n; i++)
		log_wrn("packets of cells are dropped by others", "by", closed.v[i]);
}

int packet_filter_apply(struct engine *e, const struct firewall_plan *plan, struct kerr *ret_ipv6,
			struct kerr *err)
{
	enum firewall_world world;
	struct firewall_probe probe;
	int r;

	firewall_probe(packet_filter_choice(e), &probe);
	r = firewall_apply_probed(plan, &probe, err);
	if (r < 0)
		return r;
	world = firewall_probe_world(&probe, FIREWALL_IPV4);
	set_mark(e, world == FIREWALL_WORLD_NFT);
	if (r > 0)
		log_inf("packet filter rules written", "filter", firewall_world_name(world));
	tell_closed(e);
	if (ret_ipv6)
		(void) firewall_probe_check(&probe, FIREWALL_IPV6, ret_ipv6);
	return r;
}

/* As often as cells ask for names. */
static void tell_opened(const struct firewall_probe *probe)
{
	log_dbg("packet filter rules written", "filter",
		firewall_world_name(firewall_probe_world(probe, FIREWALL_IPV4)));
}

int packet_filter_open(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	struct firewall_probe probe;
	int r;

	firewall_probe(packet_filter_choice(e), &probe);
	r = firewall_apply_probed(plan, &probe, err);
	if (r > 0)
		tell_opened(&probe);
	return r;
}

int packet_filter_extend(struct engine *e, const struct firewall_set *sets, size_t n,
			 const struct firewall_probe *probe, struct kerr *err)
{
	char tag[FIREWALL_TAG_MAX];
	int r;

	firewall_tag(e->instance, tag);
	r = firewall_extend_probed(tag, sets, n, probe, err);
	if (r == 0)
		tell_opened(probe);
	return r;
}
