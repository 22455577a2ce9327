/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "clock.h"
#include "configuration.h"
#include "ready.h"
#include "str.h"
#include "verbs.h"

#define STOP_GRACE_NS (10 * INT64_C(1000000000))

static const struct opt start_opts[] = {
	{ "no-wait", 0, OPT_BOOL, NULL, "return as soon as it has been started" },
	{ 0 },
};

static const struct opt stop_opts[] = {
	{ "timeout", 0, OPT_DURATION, "10s", "how long the daemon may take before it is killed" },
	{ 0 },
};

static void print_state(const char *what)
{
	cli_printf("kukeond %s (cell \"%s\" in realm \"%s\")\n", what, SYSTEM_CELL, SYSTEM_REALM);
}

static int run_start(struct cli *c, struct kerr *err)
{
	const struct opt_value *v = opt_find(&c->opts, "no-wait");
	bool wait = !v || !v->on;
	struct rpc_daemon_reply reply = { 0 };
	struct rpc_no_args args = { 0 };
	int r;

	c->settings.no_daemon = true; /* the daemon does not run yet: use an engine of our own */
	r = cli_call(c, RPC_X_START_DAEMON, &args, &reply, err);
	cli_hang_up(c);
	if (r == 0 && wait && !str_empty(reply.result.socket))
		r = ready_wait(reply.result.socket, err);
	if (r == 0)
		print_state(reply.result.done ? "started" : "is already running");
	cli_free_reply(RPC_X_START_DAEMON, &reply);
	return r;
}

static int run_stop(struct cli *c, struct kerr *err)
{
	const struct opt_value *v = opt_find(&c->opts, "timeout");
	int64_t grace = v && v->set && v->number > 0 ? v->number : STOP_GRACE_NS;
	struct rpc_stop_daemon_args args = { .timeout_ms = grace / 1000000 };
	cleanup_buf struct buf text = BUF_INIT(256);
	struct rpc_daemon_reply reply = { 0 };
	int r;

	c->settings.no_daemon = true;
	r = cli_call(c, RPC_X_STOP_DAEMON, &args, &reply, err);
	if (r == 0 && reply.result.killed) {
		buf_adds(&text, "force-killed after ");
		duration_text(&text, grace);
		buf_adds(&text, " grace period expired");
		print_state(buf_str(&text));
	} else if (r == 0) {
		print_state(reply.result.done ? "stopped" : "is already stopped");
	}
	cli_free_reply(RPC_X_STOP_DAEMON, &reply);
	return r;
}

static const struct cmd cmd_daemon_start = {
	.name = "start",
	.help = "start the daemon and wait until it answers",
	.opts = start_opts,
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
