/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "emit_json.h"
#include "mount_plan.h"
#include "spec_priv.h"
#include "spec_tables.h"
#include "str.h"

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

/* A privileged container gets sysfs writable. */
static void emit_base(struct jemit *j, const struct spec_mount *m, bool privileged)
{
	const char *options[SPEC_MOUNT_OPTIONS + 1] = { NULL };

	for (size_t i = 0; m->options[i] != NULL; i++)
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

/* A composed tree has its attributes already. */
static void emit_entry(const struct mount_entry *e, struct jemit *j)
{
	const char *const whole[] = { "rbind", NULL };

	if (e->composed != NULL)
		emit_mount(j, e->target, "bind", e->composed, whole);
	else if (e->type == MOUNT_ENTRY_TMPFS)
		emit_mount(j, e->target, "tmpfs", "tmpfs", (const char *const *) e->options.v);
	else
		emit_bind(j, e->source, e->target, e->read_only ? "ro" : "rw");
}

/*
 * The runtime's mount is left out if the manifest mounts something at the same target,
 * or binds a host directory at a parent of it.
 */
static bool is_left_out(const struct mount_plan *p, const struct spec_mount *m)
{
	const struct mount_entry *dev = mount_plan_at(p, "/dev");

	return mount_plan_at(p, m->destination) != NULL ||
	       (dev != NULL && dev->type == MOUNT_ENTRY_BIND &&
		str_has_prefix(m->destination, "/dev/"));
}

void spec_mounts(const struct spec_input *in, struct jemit *j)
{
	static const char *const cgroup_options[] = { "rw", "nosuid", "noexec", "nodev", NULL };
	static const struct mount_plan none = { 0 };
	const struct mount_plan *p = in->mounts != NULL ? in->mounts : &none;
	const struct mount_entry *dev = mount_plan_at(p, "/dev");

	jemit_array(j);
	if (dev != NULL)
		emit_entry(dev, j);
	for (size_t i = 0; i < spec_base_mounts_n; i++)
		if (!is_left_out(p, &spec_base_mounts[i]))
			emit_base(j, &spec_base_mounts[i], in->c->privileged);
	if (in->cell != NULL && in->cell->spec.nested_cgroup_runtime && !in->c->host_cgroup)
		emit_mount(j, "/sys/fs/cgroup", "cgroup", "cgroup", cgroup_options);
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].skip && p->v[i].parent == MOUNT_PLAN_NONE && &p->v[i] != dev)
			emit_entry(&p->v[i], j);
	jemit_array_end(j);
}
