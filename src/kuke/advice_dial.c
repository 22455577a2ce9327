/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "advice_dial.h"
#include "configuration.h"
#include "mem.h"
#include "path.h"
#include "str.h"

/* NULL if the run path is not absolute: no instance can have it. */
static char *instance_path(const struct cli *c)
{
	if (c->settings.run_path[0] != '/')
		return NULL;
	return path_join(c->settings.run_path, CONF_INSTANCE_FILE, NULL);
}

/* The socket exists but we may not use it: say who may. */
static void advice_permission(struct cli *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_gid == 0 || !(st.st_mode & S_IWGRP)))
		cli_hint(
			c,
			"the socket is root's alone: use sudo, or set spec.socketGID in the server "
			"configuration to a group and restart kukeond");
}

void advice_dial(struct cli *c, int r)
{
	const char *host = c->settings.host;
	cleanup_free char *instance = instance_path(c);
	struct stat st;

	if (!str_has_prefix(host, "unix://"))
		return;
	if (r == -EACCES || r == -EPERM)
		advice_permission(c, host + strlen("unix://"));
	else if (r != -ENOENT && r != -ECONNREFUSED)
		return;
	else if (instance && (stat(instance, &st) == 0 || errno == EACCES))
		cli_hint(c, "kukeond does not run; start it with `sudo kuke daemon start`");
	else
		cli_hint(c, "set this host up and start kukeond with `sudo kuke init`; where that "
			    "is done, `sudo kuke daemon start`");
}
