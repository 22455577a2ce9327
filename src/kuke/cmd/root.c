/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "configuration.h"
#include "help.h"
#include "verbs.h"

static const struct opt root_opts[] = {
	{ "configuration", 0, OPT_STRING, "$HOME/.kuke/kuke.yaml",
	  "client configuration file [$KUKE_CONFIGURATION]" },
	{ "run-path", 0, OPT_STRING, CONF_DEFAULT_RUN_PATH,
	  "where state is kept, for work without the daemon [$KUKEON_RUN_PATH]" },
	{ "containerd-socket", 0, OPT_STRING, "/run/containerd/containerd.sock",
	  "accepted and unused [$KUKEON_CONTAINERD_SOCKET]" },
	{ "host", 0, OPT_STRING, CONF_DEFAULT_HOST,
	  "daemon endpoint, unix:///path [$KUKEON_HOST]" },
	{ "no-daemon", 0, OPT_BOOL, NULL,
	  "work through a kukeond of its own instead of asking the daemon [$KUKEON_NO_DAEMON]" },
	{ "verbose", 'v', OPT_BOOL, NULL, "log to standard error" },
	{ "log-level", 0, OPT_STRING, "info",
	  "debug, info, warn or error, with --verbose [$KUKEON_LOG_LEVEL]" },
	{ 0 },
};

static const struct opt local_opts[] = {
	{ "version", 0, OPT_BOOL, NULL, "print the version" },
	{ 0 },
};

static int run_root(struct cli *c, struct kerr *err)
{
	if (cli_bool(c, "version"))
		return cmd_version.run(c, err);
	cmd_print_help(c->chain, c->n_chain);
	return 0;
}

static const struct cmd *const verbs[] = {
	&cmd_allow,    &cmd_apply,	&cmd_attach, &cmd_completion, &cmd_cp,	    &cmd_create,
	&cmd_daemon,   &cmd_delete,	&cmd_doctor, &cmd_exec,	      &cmd_explain, &cmd_get,
	&cmd_help,     &cmd_image,	&cmd_init,   &cmd_kill,	      &cmd_log,	    &cmd_run,
	&cmd_schema,   &cmd_screenshot, &cmd_start,  &cmd_status,     &cmd_stop,    &cmd_version,
	&cmd_complete, &cmd_man,	NULL,
};

const struct cmd cmd_kuke = {
	.name = "kuke",
	.help = "kuke runs containers in isolated cells on this host",
	.opts = root_opts,
	.local = local_opts,
	.subs = verbs,
	.run = run_root,
	.flags = CMD_NO_SETTINGS,
};
