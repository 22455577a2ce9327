/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <sys/stat.h>

#include "help.h"
#include "hints.h"
#include "mem.h"
#include "str.h"

#define ROOT "kuke"

/* Commands of docker, podman and kubectl, and ours that do the same. */
static const struct hint {
	const char *after; /* the command after which the word was typed */
	const char *words; /* separated by blanks */
	const char *lines; /* commands separated by "\n"; or a sentence */
} table[] = {
	{ ROOT, "ps", "kuke get containers\nkuke get cells" },
	{ ROOT, "ls list all pods pod", "kuke get cells" },
	{ ROOT, "images", "kuke image get" },
	{ ROOT, "rm remove del destroy purge",
	  "kuke delete cell NAME\nkuke delete container NAME --cell CELL" },
	{ ROOT, "rmi", "kuke image delete REF" },
	{ ROOT, "prune", "kuke image prune" },
	{ ROOT, "pull", "kuke image pull REF" },
	{ ROOT, "load import", "kuke image load FILE" },
	{ ROOT, "describe inspect show",
	  "kuke get cell NAME -o yaml\nkuke image inspect REF\nkuke explain cell" },
	{ ROOT, "info health", "kuke status" },
	{ ROOT, "top stats", "kuke get cells\nkuke get containers" },
	{ ROOT, "restart", "kuke stop cell NAME && kuke start cell NAME" },
	{ ROOT, "up deploy replace patch edit set update upgrade", "kuke apply -f FILE" },
	{ ROOT, "down", "kuke delete -f FILE" },
	{ ROOT, "new add", "kuke create cell NAME\nkuke apply -f FILE" },
	{ ROOT, "serve server daemonize", "kukeond serve\nkuke daemon start" },
	{ ROOT, "setup install", "kuke init" },
	{ ROOT, "realm realms namespace namespaces ns",
	  "kuke get realms\nkuke create realm NAME\nkuke delete realm NAME" },
	{ ROOT, "space spaces network networks",
	  "kuke get spaces\nkuke create space NAME\nkuke delete space NAME" },
	{ ROOT, "stack stacks", "kuke get stacks\nkuke create stack NAME\nkuke delete stack NAME" },
	{ ROOT, "cell cells",
	  "kuke get cells\nkuke run -d -f FILE\nkuke stop cell NAME\nkuke delete cell NAME" },
	{ ROOT, "container containers",
	  "kuke get containers\nkuke create container NAME --cell CELL --image REF\n"
	  "kuke stop container NAME --cell CELL" },
	{ ROOT, "permit unblock open", "kuke allow SPACE HOST[:PORT] --for 10m" },
	{ ROOT, "volume volumes secret secrets configmap port ports env",
	  "kuke explain cell.spec.containers" },
	{ ROOT, "login logout", "kuke explain realm.spec.registryCredentials" },
	{ ROOT, "explain-fields api-resources", "kuke explain cell\nkuke schema cell" },
	{ ROOT, "attach shell sh console ssh", "kuke exec -it CELL -- sh\nkuke log -f CELL" },
	{ ROOT " get", "drops dropped blocked refused", "kuke get denied" },
	{ ROOT " get", "image images img", "kuke image get" },
	{ ROOT " get", "pod pods po all", "kuke get cells" },
	{ ROOT " get", "namespace namespaces ns", "kuke get realms" },
	{ ROOT " get", "network networks", "kuke get spaces" },
	{ ROOT " delete", "image images", "kuke image delete REF" },
	{ ROOT " create", "image", "kuke image load FILE\nkuke image pull REF" },
	{ ROOT " daemon", "restart", "kuke daemon stop && kuke daemon start" },
	{ ROOT " daemon", "status", "kuke status" },
	{ ROOT " daemon", "log logs",
	  "kuke log kukeond --realm kuke-system --space kukeon --stack kukeon" },
	{ ROOT " image", "import", "kuke image load FILE" },
	{ ROOT " image", "show describe history", "kuke image inspect REF" },
	{ ROOT " image", "check", "kuke image verify" },
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; *p;) {
		size_t k = strcspn(p, " ");

		if (k == n && strncmp(p, word, n) == 0)
			return true;
		p += k + strspn(p + k, " ");
	}
	return false;
}

static bool looks_like_file(const char *word)
{
	struct stat st;

	return strchr(word, '/') || str_has_suffix(word, ".yaml") || str_has_suffix(word, ".yml") ||
	       str_has_suffix(word, ".json") || (stat(word, &st) == 0 && S_ISREG(st.st_mode));
}

static bool takes(const struct cmd *cmd, const char *flag)
{
	const struct opt *const tables[] = { cmd->opts, cmd->local };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct opt *o = tables[i]; o && o->name; o++)
			if (streq(o->name, flag))
				return true;
	return false;
}

/* For `stop web`, where the kind is missing: the kinds the verb has. */
static void kinds_of(const struct cmd *group, const char *path, const char *word, struct buf *ret)
{
	for (size_t i = 0; group->subs && group->subs[i]; i++) {
		if (streq(group->subs[i]->name, "cell"))
			buf_addf(ret, "%s cell %s\n", path, word);
		else if (streq(group->subs[i]->name, "container"))
			buf_addf(ret, "%s container %s --cell CELL\n", path, word);
	}
}

void hints_for_word(const struct cmd *const *chain, size_t n, const char *word, struct buf *ret)
{
	cleanup_free char *path = cmd_path(chain, n);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!streq(table[i].after, path) || !has_word(table[i].words, word))
			continue;
		buf_addf(ret, "%s\n", table[i].lines);
	}
}

void hints_for_argument(const struct cmd *const *chain, size_t n, const char *word, struct buf *ret)
{
	cleanup_free char *path = cmd_path(chain, n);
	const struct cmd *cmd = chain[n - 1];

	if (takes(cmd, "file") && looks_like_file(word))
		buf_addf(ret, "%s -f %s\n", path, word);
	else if (takes(cmd, "file") && takes(cmd, "profile"))
		buf_addf(ret, "%s -d -f FILE\n%s -d -p PROFILE\n", path, path);
	else if (takes(cmd, "file") && !cmd->subs)
		buf_addf(ret, "%s -f FILE\n", path);
	else
		kinds_of(cmd, path, word, ret);
}

/* Flags of docker, podman and kubectl. */
static const struct flag_hint {
	const char *flags;
	const char *instead; /* our equivalent flag, if the command has it; or NULL */
	const char *hint;
} flag_table[] = {
	{ "-n --namespace", "realm", "a realm is named with --realm" },
	{ "-A --all-namespaces -a --all", NULL,
	  "a list without --realm, --space and --stack shows everything" },
	{ "-c", "container", "a container is named with --container" },
	{ "-o", "output", "the format is given with --output" },
	{ "-v --volume", "volume", "a mount is given with --volume" },
	{ "-e", "env", "a variable is given with --env" },
	{ "-p --publish", "port", "a port is given with --port" },
	{ "-t --time", "timeout", "the grace is given with --timeout" },
	{ "-i -it -ti --interactive --tty", NULL,
	  "kuke exec -it CELL -- sh runs a shell in a running container" },
};

static const char *near_flag(const struct opt_values *o, const char *name)
{
	const char *near = NULL;
	size_t best = 3, d;

	for (size_t i = 0; i < o->n; i++) {
		if (!o->v[i].opt->help)
			continue;
		d = str_distance(o->v[i].opt->name, name);
		if (d < best) {
			best = d;
			near = o->v[i].opt->name;
		}
	}
	return near;
}

void hints_for_flag(const struct opt_values *o, const char *flag, struct buf *ret)
{
	const char *near = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(flag_table); i++) {
		const struct flag_hint *h = &flag_table[i];

		if (!has_word(h->flags, flag) || (h->instead && !opt_find(o, h->instead)))
			continue;
		buf_adds(ret, h->hint);
		return;
	}
	if (str_has_prefix(flag, "--"))
		near = near_flag(o, flag + 2);
	if (near)
		buf_addf(ret, "did you mean --%s?", near);
}

const char *hints_line(size_t i)
{
	return i < ARRAY_SIZE(table) ? table[i].lines : NULL;
}
