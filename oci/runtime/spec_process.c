/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "path.h"
#include "spec.h"
#include "spec_priv.h"
#include "spec_tables.h"
#include "str.h"

/* Argument list, environment and working directory of a container's process. */

static const struct strlist none_;

static void add_all(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		strlist_add(to, from->v[i]);
}

static size_t bytes_of(const struct strlist *l)
{
	size_t i, sum = 0;

	for (i = 0; i < l->n; i++)
		sum += strlen(l->v[i]) + 1;
	return sum;
}

int spec_args(const struct spec_input *in, struct strlist *ret, struct kerr *err)
{
	const struct container_spec *c = in->c;
	const struct strlist *entrypoint = in->image != NULL ? &in->image->entrypoint : &none_;
	const struct strlist *cmd = in->image != NULL ? &in->image->cmd : &none_;
	cleanup_strlist struct strlist args = { 0 };

	if (!str_empty(c->command)) {
		strlist_add(&args, c->command);
		add_all(&args, &c->args);
	} else {
		add_all(&args, entrypoint);
		add_all(&args, c->args.n > 0 ? &c->args : cmd);
	}
	if (args.n == 0 && in->tty != NULL) {
		strlist_add(&args, "/bin/bash");
		strlist_add(&args, "-i");
	}
	if (args.n == 0 && (in->flags & SPEC_ROOT) != 0) {
		strlist_add(&args, "sleep");
		strlist_add(&args, "infinity");
	}
	if (args.n == 0 || args.v[0][0] == '\0')
		return kerr_plain(
			err, -EINVAL,
			"container '%s' has nothing to run: neither it nor its image names a command",
			c->id);
	if (bytes_of(&args) > SPEC_ARGS_MAX)
		return kerr_plain(err, -E2BIG, "the arguments of container '%s' are too long",
				  c->id);
	strlist_clear(ret);
	*ret = take_struct(args);
	return 0;
}

/*
 * The index of the entry with the same key as this "KEY" or "KEY=value"; n when there is
 * none.
 */
static size_t env_find(const struct strlist *env, const char *entry)
{
	size_t n = strcspn(entry, "=");
	size_t i;

	for (i = 0; i < env->n; i++)
		if (strncmp(env->v[i], entry, n) == 0 &&
		    (env->v[i][n] == '=' || env->v[i][n] == '\0'))
			break;
	return i;
}

/* Replace in place or append; without '=', remove. An entry with an empty name is ignored. */
static void env_put(struct strlist *env, const char *entry)
{
	size_t i = env_find(env, entry);
	const char *equals = strchr(entry, '=');

	if (entry[0] == '\0' || equals == entry)
		return;
	if (equals == NULL) {
		if (i < env->n)
			strlist_remove(env, i);
	} else if (i < env->n) {
		free(env->v[i]);
		env->v[i] = xstrdup(entry);
	} else {
		strlist_add(env, entry);
	}
}

static void env_put_all(struct strlist *env, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		env_put(env, from->v[i]);
}

/* Variables that identify the container, unless the manifest sets them itself. */
static void env_identity(const struct spec_input *in, struct strlist *env)
{
	const struct container_spec *c = in->c;
	const struct {
		const char *key;
		const char *value;
	} rows[] = {
		{ "KUKEON_CELL_PROFILE_NAME", in->profile },
		{ "KUKEON_CELL_NAME", in->cell != NULL ? in->cell->head.metadata.name : NULL },
		{ "KUKEON_CONTAINER_ID", c->id },
		{ "KUKEON_REALM", c->realm_id },
		{ "KUKEON_SPACE", c->space_id },
		{ "KUKEON_STACK", c->stack_id },
		{ "KUKEON_CGROUP_PATH", in->cell_cgroup },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cleanup_free char *entry = NULL;

		if (str_empty(rows[i].value) || env_find(&c->env, rows[i].key) < c->env.n)
			continue;
		entry = xasprintf("%s=%s", rows[i].key, rows[i].value);
		env_put(env, entry);
	}
}

int spec_env(const struct spec_input *in, struct strlist *ret, struct kerr *err)
{
	cleanup_strlist struct strlist env = { 0 };

	/* Comes first, so that a PATH of the image replaces it. */
	strlist_add(&env, SPEC_DEFAULT_PATH);
	if (in->image != NULL)
		env_put_all(&env, &in->image->env);
	env_identity(in, &env);
	env_put_all(&env, &in->c->env);
	for (size_t i = 0; i < in->n_secrets; i++) {
		cleanup_free char *entry = NULL;

		if (in->secrets[i].mount_path != NULL)
			continue;
		entry = xasprintf("%s=%s", in->secrets[i].name, in->secrets[i].value);
		env_put(&env, entry);
	}
	if (bytes_of(&env) > SPEC_ARGS_MAX)
		return kerr_plain(err, -E2BIG, "the environment of container '%s' is too long",
				  in->c->id);
	strlist_clear(ret);
	*ret = take_struct(env);
	return 0;
}

/*
 * A directory of the runtime reached through "/proc/…/fd/…" or "/proc/…/cwd"
 * (CVE-2024-21626).
 */
static bool leaves_by_proc(const char *clean)
{
	return str_has_prefix(clean, "/proc/") &&
	       (strstr(clean, "/fd/") != NULL || str_has_suffix(clean, "/fd") ||
		str_has_suffix(clean, "/cwd") || strstr(clean, "/cwd/") != NULL);
}

int spec_cwd(const struct spec_input *in, char **ret, struct kerr *err)
{
	const char *dir = in->c->working_dir;
	cleanup_free char *absolute = NULL;
	cleanup_free char *clean = NULL;

	if (str_empty(dir) && in->image != NULL)
		dir = in->image->working_dir;
	absolute = path_join("/", str_empty(dir) ? "" : dir, NULL);
	if (path_clean(absolute, &clean) < 0 || leaves_by_proc(clean))
		return kerr_plain(err, -EINVAL, "container '%s': bad working directory '%s'",
				  in->c->id, dir);
	*ret = take_ptr(clean);
	return 0;
}
