/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "path.h"
#include "spec_priv.h"
#include "spec_tables.h"
#include "str.h"
#include "validate.h"

static void emit_list(struct jemit *j, const char *const *v)
{
	jemit_array(j);
	for (; *v != NULL; v++)
		jemit_str(j, *v);
	jemit_array_end(j);
}

static void emit_mount(struct jemit *j, const char *destination, const char *type,
		       const char *source, const char *const *options)
{
	jemit_object(j);
	jemit_key(j, "destination");
	jemit_str(j, destination);
	jemit_key(j, "type");
	jemit_str(j, type);
	jemit_key(j, "source");
	jemit_str(j, source);
	jemit_key(j, "options");
	emit_list(j, options);
	jemit_object_end(j);
}

/* A privileged container may write to the kernel's own trees. */
static void emit_base(struct jemit *j, const struct spec_mount *m, bool privileged)
{
	const char *options[SPEC_MOUNT_OPTIONS + 1] = { NULL };
	size_t i;

	for (i = 0; m->options[i] != NULL; i++)
		options[i] = privileged && streq(m->type, "sysfs") && streq(m->options[i], "ro")
				     ? "rw"
				     : m->options[i];
	emit_mount(j, m->destination, m->type, m->source, options);
}

static void emit_bind(struct jemit *j, const char *source, const char *destination,
		      const char *access)
{
	const char *const options[] = { "rbind", access, NULL };

	emit_mount(j, destination, "bind", source, options);
}

/* "ro" alone leaves writable what the host has mounted below the source. */
static const char *access_of(const struct spec_input *in, const struct volume_mount *v)
{
	if (!v->read_only)
		return "rw";
	return in->flags & SPEC_RO_RECURSIVE ? "rro" : "ro";
}

/* Whether one of the container's volumes stands at path or above it. */
static bool is_covered(const struct container_spec *c, const char *path)
{
	size_t i, n;

	for (i = 0; i < c->volumes.n; i++) {
		cleanup_free char *target = NULL;

		if (str_empty(c->volumes.v[i].target) ||
		    path_clean(c->volumes.v[i].target, &target) < 0)
			continue;
		n = strlen(target);
		if (str_has_prefix(path, target) && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return false;
}

static void emit_cell_files(const struct spec_input *in, struct jemit *j)
{
	const struct {
		const char *source;
		const char *destination;
	} rows[] = {
		{ in->hosts, "/etc/hosts" },
		{ in->hostname, "/etc/hostname" },
		{ in->resolv, "/etc/resolv.conf" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].source != NULL && !is_covered(in->c, rows[i].destination))
			emit_bind(j, rows[i].source, rows[i].destination, "ro");
}

static void emit_tmpfs_volume(const struct volume_mount *v, const char *target, struct jemit *j)
{
	cleanup_free char *size = xasprintf("size=%lld", (long long) v->size_bytes);
	cleanup_free char *mode = xasprintf("mode=%04o", v->mode);
	const char *options[4] = { NULL };
	size_t n = 0;

	if (v->size_bytes > 0)
		options[n++] = size;
	if (v->mode != 0)
		options[n++] = mode;
	options[n] = v->read_only ? "ro" : "rw";
	emit_mount(j, target, "tmpfs", "tmpfs", options);
}

static int emit_volumes(const struct spec_input *in, struct jemit *j, struct kerr *err)
{
	const struct container_spec *c = in->c;
	size_t i;
	int r;

	r = validate_volume_sources(c, err);
	if (r < 0)
		return r;
	for (i = 0; i < c->volumes.n; i++) {
		const struct volume_mount *v = &c->volumes.v[i];
		cleanup_free char *target = NULL;

		if (mount_target_clean(v->target, &target) < 0)
			return kerr_plain(
				err, -EINVAL,
				"volume target is not allowed (volume[%zu] target \"%s\")", i,
				v->target == NULL ? "" : v->target);
		if (streq_null(v->kind, "tmpfs"))
			emit_tmpfs_volume(v, target, j);
		else
			emit_bind(j, v->source, target, access_of(in, v));
	}
	return 0;
}

static int emit_tmpfs(const struct container_tmpfs *t, struct jemit *j, struct kerr *err)
{
	cleanup_strlist struct strlist options = { 0 };
	cleanup_free char *target = NULL;
	size_t i;

	if (mount_target_clean(t->path, &target) < 0)
		return kerr_plain(err, -EINVAL, "tmpfs path is not allowed (\"%s\")",
				  t->path == NULL ? "" : t->path);
	strlist_add(&options, "nosuid");
	strlist_add(&options, "nodev");
	if (t->size_bytes > 0)
		strlist_addf(&options, "size=%lld", (long long) t->size_bytes);
	for (i = 0; i < t->options.n; i++)
		strlist_add(&options, t->options.v[i]);
	emit_mount(j, target, "tmpfs", "tmpfs", (const char *const *) options.v);
	return 0;
}

static int emit_secrets(const struct spec_input *in, struct jemit *j, struct kerr *err)
{
	size_t i;

	for (i = 0; i < in->n_secrets; i++) {
		const struct spec_secret *s = &in->secrets[i];
		cleanup_free char *target = NULL;

		if (s->mount_path == NULL)
			continue;
		if (mount_target_clean(s->mount_path, &target) < 0)
			return kerr_plain(
				err, -EINVAL,
				"secret mountPath is not allowed (\"%s\" mountPath \"%s\")",
				s->name, s->mount_path);
		emit_bind(j, s->file, target, "ro");
	}
	return 0;
}

int spec_mounts(const struct spec_input *in, struct jemit *j, struct kerr *err)
{
	static const char *const cgroup_options[] = { "rw", "nosuid", "noexec", "nodev", NULL };
	const struct container_spec *c = in->c;
	size_t i;
	int r;

	jemit_array(j);
	for (i = 0; i < spec_base_mounts_n; i++)
		emit_base(j, &spec_base_mounts[i], c->privileged);
	emit_cell_files(in, j);
	if (in->cell != NULL && in->cell->spec.nested_cgroup_runtime && !c->host_cgroup)
		emit_mount(j, "/sys/fs/cgroup", "cgroup", "cgroup", cgroup_options);
	r = emit_volumes(in, j, err);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < c->tmpfs.n; i++)
		r = emit_tmpfs(&c->tmpfs.v[i], j, err);
	/* Last: a secret may lie in a volume or a tmpfs, none of them may hide it. */
	if (r == 0)
		r = emit_secrets(in, j, err);
	if (r < 0)
		return r;
	jemit_array_end(j);
	return 0;
}
