/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "configuration.h"
#include "mem.h"
#include "settings.h"
#include "shellscript.h"
#include "str.h"
#include "usage.h"

#define SCRIPT_MAX (1 << 16)

#define DEFAULT_CONFIGURATION KUKEON_SYSCONFDIR "/kukeond.yaml"

const struct usage_flag usage_flags[_FLAG_MAX + 1] = {
	[FLAG_CONFIGURATION] = { "configuration", NULL, DEFAULT_CONFIGURATION,
				 "server configuration file" },
	[FLAG_RUN_PATH] = { "run-path", "KUKEON_RUN_PATH", CONF_DEFAULT_RUN_PATH,
			    "directory of all persistent state" },
	[FLAG_CONTAINERD_SOCKET] = { "containerd-socket", "KUKEON_CONTAINERD_SOCKET",
				     "/run/containerd/containerd.sock", "accepted and not used" },
	[FLAG_SOCKET] = { "socket", "KUKEOND_SOCKET", CONF_DEFAULT_SOCKET,
			  "unix socket to listen on" },
	[FLAG_SOCKET_GID] = { "socket-gid", "KUKEOND_SOCKET_GID", "0",
			      "group that may use the socket, 0 for root only" },
	[FLAG_LOG_LEVEL] = { "log-level", "KUKEON_LOG_LEVEL", CONF_DEFAULT_LEVEL,
			     "least level that is logged: debug, info, warn, error" },
	[FLAG_RECONCILE_INTERVAL] = { "reconcile-interval", "KUKEOND_RECONCILE_INTERVAL",
				      CONF_DEFAULT_INTERVAL,
				      "time between two passes, 0 stops the timer" },
	[FLAG_SUFFIX] = { "containerd-namespace-suffix", "KUKEON_NAMESPACE_SUFFIX",
			  CONF_DEFAULT_SUFFIX, "what the realms' namespaces end in" },
	[FLAG_CGROUP_ROOT] = { "cgroup-root", "KUKEON_CGROUP_ROOT", CONF_DEFAULT_CGROUP_ROOT,
			       "cgroup below which all others are made" },
};

static const char *const shells[] = { "bash", "zsh", "fish", "powershell" };

static const struct command {
	const char *name;
	const char *args; /* as shown in the usage line */
	const char *help;
} commands[] = {
	{ "serve", "[flags]", "run the daemon in the foreground" },
	{ "help", "[command]", "help about any command" },
	{ "completion", "bash|zsh|fish|powershell", "print the completion script of a shell" },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown(const char *word, const char *after, struct kerr *err)
{
	return kerr_plain(err, -EINVAL, "unknown command \"%s\" for \"%s\"", word, after);
}

static void print_flags(void)
{
	puts("\nFlags:");
	for (const struct usage_flag *f = usage_flags; f->name != NULL; f++) {
		printf("      --%-30s %s", f->name, f->help);
		if (f->env != NULL)
			printf(" [$%s]", f->env);
		printf(" (default \"%s\")\n", f->def);
	}
	puts("      --version                        print the version");
	puts("  -h, --help                           help for kukeond");
}

int usage_help(const struct strlist *words, struct kerr *err)
{
	const struct command *c = words->n > 0 ? find(words->v[0]) : NULL;

	if (words->n > 0 && c == NULL)
		return unknown(words->v[0], "kukeond", err);
	if (c != NULL) {
		printf("%s\n\nUsage:\n  kukeond %s %s\n", c->help, c->name, c->args);
	} else {
		puts("The daemon of kukeon: serves kuke on a unix socket.\n\n"
		     "Usage:\n  kukeond [flags]\n  kukeond [command]\n\n"
		     "Available Commands:");
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			printf("  %-12s%s\n", commands[i].name, commands[i].help);
	}
	print_flags();
	return SETTINGS_DONE;
}

int usage_version(void)
{
	puts(PACKAGE_VERSION);
	return SETTINGS_DONE;
}

static int completion(const struct strlist *words, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(SCRIPT_MAX);

	if (words->n == 1)
		return usage_help(words, err);
	if (words->n > 2 || shellscript(&out, words->v[1], "kukeond") < 0)
		return unknown(words->v[words->n > 2 ? 2 : 1], "kukeond completion", err);
	(void) fputs(buf_str(&out), stdout);
	return SETTINGS_DONE;
}

int usage_words(const struct strlist *words, struct kerr *err)
{
	static const struct strlist none;
	struct strlist rest = { 0 };

	if (words->n == 0)
		return usage_help(&none, err);
	if (streq(words->v[0], "help")) {
		rest.v = words->v + 1;
		rest.n = words->n - 1;
		return usage_help(&rest, err);
	}
	if (streq(words->v[0], "completion"))
		return completion(words, err);
	if (!streq(words->v[0], "serve"))
		return unknown(words->v[0], "kukeond", err);
	return words->n > 1 ? unknown(words->v[1], "kukeond serve", err) : SETTINGS_SERVE;
}

static void candidate(const char *prefix, const char *name, const char *begun)
{
	cleanup_free char *word = xasprintf("%s%s", prefix, name);

	if (str_has_prefix(word, begun))
		puts(word);
}

int usage_complete(int argc, char **argv)
{
	const char *begun = argc > 1 ? argv[argc - 1] : "";

	if (begun[0] == '-') {
		for (const struct usage_flag *f = usage_flags; f->name != NULL; f++)
			candidate("--", f->name, begun);
	} else if (argc == 2) {
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			candidate("", commands[i].name, begun);
	} else if (argc == 3 && streq(argv[1], "completion")) {
		for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
			candidate("", shells[i], begun);
	}
	return SETTINGS_DONE;
}
