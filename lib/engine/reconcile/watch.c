/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "log.h"
#include "netwatch.h"
#include "watch.h"

static struct netwatch of_fds(const struct watch *w)
{
	return (struct netwatch){ .links = w->fds[0], .rules = w->fds[1], .xtables = w->fds[2] };
}

static void set_fds(struct watch *w, const struct netwatch *n)
{
	w->fds[0] = n->links;
	w->fds[1] = n->rules;
	w->fds[2] = n->xtables;
}

void watch_open(struct watch *ret)
{
	struct netwatch n = NETWATCH_INIT;
	unsigned missing = netwatch_open(&n);

	if (missing & NETWATCH_LINKS)
		log_wrn("changes of bridges are noticed by timer passes only");
	if (missing & NETWATCH_RULES)
		log_inf("some changes of packet filter rules are noticed by timer passes only");
	set_fds(ret, &n);
}

void watch_close(struct watch *w)
{
	struct netwatch n = of_fds(w);

	netwatch_close(&n);
	set_fds(w, &n);
}

enum engine_pass watch_read(const struct watch *w)
{
	const struct netwatch n = of_fds(w);
	unsigned seen = netwatch_read(&n);

	if (seen & NETWATCH_LINKS)
		return ENGINE_PASS_ALL;
	return seen & NETWATCH_RULES ? ENGINE_PASS_RULES : 0;
}
