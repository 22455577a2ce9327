/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "container_flags.h"
#include "mem.h"
#include "str.h"
#include "subject.h"

#define DEFAULT_IMAGE "docker.io/library/debian:latest"

const struct opt container_flags_opts[] = {
	OPT_ROWS_CONTAINER("default"),
	{ "image", 0, OPT_STRING, DEFAULT_IMAGE, "image" },
	{ "command", 0, OPT_STRING, NULL, "command, instead of the image's entrypoint" },
	{ "args", 0, OPT_LIST, NULL, "argument (repeatable)" },
	{ "env", 0, OPT_LIST, NULL, "environment variable KEY=VALUE (repeatable)" },
	{ "port", 0, OPT_LIST, NULL,
	  "published port [hostIP:]hostPort:containerPort (repeatable)" },
	{ "volume", 0, OPT_LIST, NULL, "bind mount SRC:DST[:ro|rw] (repeatable)" },
	{ "network", 0, OPT_LIST, NULL, "further space to join (repeatable)" },
	{ "network-alias", 0, OPT_LIST, NULL, "further name in the space (repeatable)" },
	{ "privileged", 0, OPT_BOOL, NULL, "run with all privileges" },
	{ "root", 0, OPT_BOOL, NULL, "make it the root container of the cell" },
	{ "cni-config-path", 0, OPT_STRING, NULL, "network configuration of its own" },
	{ "restart-policy", 0, OPT_STRING, NULL, "always, unless-stopped, on-failure, no" },
	{ "label", 0, OPT_LIST, NULL, "label KEY=VALUE (repeatable)" },
	{ "user", 0, OPT_STRING, NULL, "user UID[:GID]" },
	{ "read-only", 0, OPT_BOOL, NULL, "read-only root file system" },
	{ "cap-drop", 0, OPT_LIST, NULL, "capability to drop (repeatable)" },
	{ "cap-add", 0, OPT_LIST, NULL, "capability to add (repeatable)" },
	{ "security-opt", 0, OPT_LIST, NULL, "security option (repeatable)" },
	{ "tmpfs", 0, OPT_LIST, NULL, "tmpfs PATH[:options] (repeatable)" },
	{ "memory", 0, OPT_STRING, NULL, "memory limit in bytes, or with k, m, g" },
	{ "cpu-shares", 0, OPT_INT, NULL, "relative CPU weight" },
	{ "pids-limit", 0, OPT_INT, NULL, "most processes at a time" },
	{ 0 },
};

char *image_flag_normalise(const char *image)
{
	const char *slash = strchr(image, '/');
	size_t head = slash ? (size_t) (slash - image) : 0;

	if (!*image || strstr(image, "://"))
		return xstrdup(image);
	if (!slash)
		return xasprintf("docker.io/library/%s%s", image,
				 strchr(image, ':') ? "" : ":latest");
	if (strcspn(image, ".:") < head)
		return xstrdup(image);
	return xasprintf("docker.io/%s", image);
}

int volume_flag_parse(const char *text, struct volume_mount *ret, struct kerr *err)
{
	const char *one = strchr(text, ':');
	const char *two = one ? strchr(one + 1, ':') : NULL;
	cleanup_free char *source = NULL, *target = NULL, *mode = NULL;

	if (!one || (two && strchr(two + 1, ':')))
		return kerr_plain(err, -EINVAL, "invalid --volume \"%s\": expected SRC:DST[:ro|rw]",
				  text);
	source = xstrndup(text, (size_t) (one - text));
	target = two ? xstrndup(one + 1, (size_t) (two - one - 1)) : xstrdup(one + 1);
	mode = str_trim(two ? two + 1 : "");
	if (!*source || !*target)
		return kerr_plain(err, -EINVAL,
				  "invalid --volume \"%s\": source and target are both required",
				  text);
	if (*mode && !streq(mode, "ro") && !streq(mode, "rw"))
		return kerr_plain(err, -EINVAL, "invalid --volume \"%s\": mode must be ro or rw",
				  text);
	ret->source = take_ptr(source);
	ret->target = take_ptr(target);
	ret->read_only = streq(mode, "ro");
	return 0;
}

int tmpfs_flag_parse(const char *text, struct container_tmpfs *ret, struct kerr *err)
{
	size_t n = strcspn(text, ":");
	cleanup_free char *path = xstrndup(text, n);
	int r = 0;

	if (!*path)
		return kerr_plain(err, -EINVAL, "invalid --tmpfs \"%s\": path is required", text);
	for (const char *p = text[n] ? text + n + 1 : ""; r == 0 && *p;) {
		size_t k = strcspn(p, ",");
		cleanup_free char *opt = xstrndup(p, k);

		if (str_has_prefix(opt, "size=")) {
			r = str_to_size(opt + strlen("size="), &ret->size_bytes, err);
			r = r < 0 ? kerr_wrap(err, r, "invalid --tmpfs \"%s\"", text) : 0;
		} else if (*opt)
			strlist_add(&ret->options, opt);
		p += k + (p[k] == ',');
	}
	ret->path = take_ptr(path);
	return r;
}

int label_flag_parse(const char *text, struct strmap *labels, struct kerr *err)
{
	const char *eq = strchr(text, '=');
	cleanup_free char *raw = eq ? xstrndup(text, (size_t) (eq - text)) : NULL;
	cleanup_free char *key = str_trim(raw);

	if (!eq)
		return kerr_plain(err, -EINVAL, "invalid label \"%s\": expected KEY=VALUE", text);
	if (!*key)
		return kerr_plain(err, -EINVAL, "invalid label \"%s\": key must not be empty",
				  text);
	strmap_set(labels, key, eq + 1);
	return 0;
}

static bool blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static int read_mounts(const struct cli *c, struct container_spec *s, struct kerr *err)
{
	const struct strlist *volumes = cli_list(c, "volume"), *tmpfs = cli_list(c, "tmpfs");
	int r = 0;

	for (size_t i = 0; r == 0 && i < volumes->n; i++)
		if (!blank(volumes->v[i]))
			r = volume_flag_parse(
				volumes->v[i],
				vec_grow(&s->volumes.v, &s->volumes.n, sizeof(*s->volumes.v)), err);
	for (size_t i = 0; r == 0 && i < tmpfs->n; i++)
		if (!blank(tmpfs->v[i]))
			r = tmpfs_flag_parse(
				tmpfs->v[i],
				vec_grow(&s->tmpfs.v, &s->tmpfs.n, sizeof(*s->tmpfs.v)), err);
	return r;
}

static void set_limit(struct nint *to, int64_t v)
{
	if (v > 0)
		*to = (struct nint){ .set = true, .v = v };
}

static int read_resources(const struct cli *c, struct container_spec *s, struct kerr *err)
{
	struct container_resources res = { 0 };
	int64_t memory = 0;
	int r = 0;

	if (*cli_str(c, "memory"))
		r = str_to_size(cli_str(c, "memory"), &memory, err);
	if (r < 0)
		return r;
	set_limit(&res.memory_limit_bytes, memory);
	set_limit(&res.cpu_shares, cli_int(c, "cpu-shares"));
	set_limit(&res.pids_limit, cli_int(c, "pids-limit"));
	if (res.memory_limit_bytes.set || res.cpu_shares.set || res.pids_limit.set)
		s->resources = xmemdup(&res, sizeof(res));
	return 0;
}

static void read_capabilities(const struct cli *c, struct container_spec *s)
{
	const struct strlist *drop = cli_list(c, "cap-drop"), *add = cli_list(c, "cap-add");

	if (!drop->n && !add->n)
		return;
	s->capabilities = xcalloc(1, sizeof(*s->capabilities));
	strlist_copy(&s->capabilities->drop, drop);
	strlist_copy(&s->capabilities->add, add);
}

int container_flags_read(const struct cli *c, struct container_doc *doc, struct kerr *err)
{
	struct container_spec *s = &doc->spec;
	const struct strlist *labels = cli_list(c, "label");
	cleanup_free char *image = str_trim(cli_str_or(c, "image", DEFAULT_IMAGE));
	int r = 0;

	s->image = image_flag_normalise(image);
	s->command = xstrdup(cli_str(c, "command"));
	s->user = str_trim(cli_str(c, "user"));
	s->cni_config_path = xstrdup(cli_str(c, "cni-config-path"));
	s->restart_policy = xstrdup(cli_str(c, "restart-policy"));
	s->privileged = cli_bool(c, "privileged");
	s->root = cli_bool(c, "root");
	s->read_only_root_filesystem = cli_bool(c, "read-only");
	strlist_copy(&s->args, cli_list(c, "args"));
	strlist_copy(&s->env, cli_list(c, "env"));
	strlist_copy(&s->ports, cli_list(c, "port"));
	strlist_copy(&s->networks, cli_list(c, "network"));
	strlist_copy(&s->networks_aliases, cli_list(c, "network-alias"));
	strlist_copy(&s->security_opts, cli_list(c, "security-opt"));
	read_capabilities(c, s);
	for (size_t i = 0; r == 0 && i < labels->n; i++)
		r = label_flag_parse(labels->v[i], &doc->head.metadata.labels, err);
	if (r == 0)
		r = read_mounts(c, s, err);
	if (r == 0)
		r = read_resources(c, s, err);
	return r;
}
