/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "cgroup.h"
#include "cgroup_host.h"
#include "container_check.h"
#include "convert.h"
#include "mem.h"
#include "secrets.h"
#include "security.h"
#include "validate_container.h"

int container_check_host(const struct container_spec *c, struct kerr *err)
{
	int k = validate_mount_targets(c, err);

	if (k == 0)
		k = validate_volume_sources(c, err);
	if (k == 0)
		k = secrets_check(c, err);
	return k < 0 ? k : security_check(c, err);
}

int container_check_limits(const struct cgroup_host *cgroups, const struct container_resources *c,
			   struct kerr *err)
{
	static const struct {
		const char *name, *controller;
		size_t offset;
	} limits[] = {
		{ "memoryLimitBytes", "memory",
		  offsetof(struct container_resources, memory_limit_bytes) },
		{ "cpuShares", "cpu", offsetof(struct container_resources, cpu_shares) },
		{ "pidsLimit", "pids", offsetof(struct container_resources, pids_limit) },
	};

	for (size_t i = 0; c && i < ARRAY_SIZE(limits); i++) {
		const struct nint *v = (const void *) ((const char *) c + limits[i].offset);
		cleanup_free char *where = NULL;

		if (!v->set || v->v == 0 ||
		    cgroup_offers(cgroups, limits[i].controller, &where) != 0)
			continue; /* unknown: the start will report it */
		return kerr_plain(
			err, -EOPNOTSUPP,
			"resources.%s: this host has no %s controller (not in %s); enable "
			"it or leave the limit out",
			limits[i].name, limits[i].controller, where);
	}
	return 0;
}

int container_check_cell(const struct engine *e, const struct cell_doc *cell, struct kerr *err)
{
	int k = 0;

	if (cell->spec.nested_cgroup_runtime && e->cgroups->mode != CGROUP_MODE_V2)
		return kerr_plain(err, -EOPNOTSUPP,
				  "nestedCgroupRuntime needs cgroup v2; this host has %s",
				  cgroup_mode_name(e->cgroups->mode));
	for (size_t i = 0; k == 0 && i < cell->spec.containers.n; i++) {
		const struct container_spec *c = &cell->spec.containers.v[i];

		if (container_is_synthesized(c))
			continue;
		k = container_check_limits(e->cgroups, c->resources, err);
		if (k == 0)
			k = container_check_host(c, err);
		if (k < 0)
			k = kerr_wrap(err, k, "container \"%s\"", c->id);
	}
	return k;
}
