/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cli.h"
#include "clock.h"
#include "configuration.h"
#include "str.h"
#include "system.h"
#include "verbs.h"

#define STOP_GRACE_NS (10 * INT64_C(1000000000))

static const struct opt stop_opts[] = {
	{ "timeout", 0, OPT_DURATION, "10s", "how long the daemon may take before it is killed" },
	{ 0 },
};

static void say(const char *what)
{
	cli_printf("kukeond %s (cell \"%s\" in realm \"%s\")\n", what, SYSTEM_CELL, SYSTEM_REALM);
}

static int run_start(struct cli *c, struct kerr *err)
{
	int r = cli_engine(c, &c->engine, err);

	if (r == 0)
		r = system_check(c->engine, err);
	if (r == 0)
		r = system_start(c->engine, err);
	if (r >= 0)
		say(r > 0 ? "started" : "is already running");
	return r < 0 ? r : 0;
}

static int run_stop(struct cli *c, struct kerr *err)
{
	const struct opt_value *v = opt_find(&c->opts, "timeout");
	int64_t grace = v && v->set && v->number > 0 ? v->number : STOP_GRACE_NS;
	struct buf text cleanup_buf = BUF_INIT(256);
	int r = cli_engine(c, &c->engine, err);

	if (r == 0)
		r = system_check(c->engine, err);
	if (r == 0)
		r = system_stop(c->engine,
				grace > INT32_MAX * INT64_C(1000000) ? INT32_MAX
								     : (int) (grace / 1000000),
				err);
	if (r < 0)
		return r;
	if (r == 2) {
		buf_adds(&text, "force-killed after ");
		duration_text(&text, grace);
		buf_adds(&text, " grace period expired");
		say(buf_str(&text));
	} else {
		say(r == 1 ? "stopped" : "is already stopped");
	}
	return 0;
}

static const struct cmd cmd_daemon_start = {
	.name = "start",
	.help = "start the daemon",
	.run = run_start,
	.flags = CMD_ROOT,
};

static const struct cmd cmd_daemon_stop = {
	.name = "stop",
	.help = "stop the daemon; cells go on running",
	.opts = stop_opts,
	.run = run_stop,
	.flags = CMD_ROOT,
};

static const struct cmd *const daemon_subs[] = { &cmd_daemon_start, &cmd_daemon_stop, NULL };

const struct cmd cmd_daemon = {
	.name = "daemon",
	.help = "start and stop the daemon",
	.subs = daemon_subs,
};
