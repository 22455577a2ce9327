/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_inherit.h"
#include "convert.h"
#include "copy.h"
#include "mem.h"
#include "scope.h"
#include "str.h"

/* The path of the space's own configuration counts as unset; any other path is refused. */
static int check_conflist(struct container_spec *c, const struct space_spec *space,
			  struct kerr *err)
{
	if (str_empty(c->cni_config_path))
		return 0;
	if (!streq_null(c->cni_config_path, space->cni_config_path))
		return kerr_plain(
			err, -EINVAL,
			"container \"%s\": cniConfigPath \"%s\" differs from its space's (\"%s\"); leave it out",
			c->id, c->cni_config_path,
			space->cni_config_path ? space->cni_config_path : "");
	free_p(&c->cni_config_path);
	return 0;
}

static int inherit_from(const struct space_spec *space, struct cell_doc *want, const char *only,
			struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < want->spec.containers.n; i++) {
		struct container_spec *c = &want->spec.containers.v[i];

		if (container_is_synthesized(c) || (only && !streq_null(c->id, only)))
			continue;
		container_inherit_defaults(c, space);
		r = check_conflist(c, space, err);
	}
	return r;
}

int cell_inherit(struct engine *e, const struct addr *cell, struct cell_doc *want, const char *only,
		 struct kerr *err)
{
	struct addr a = { .realm = cell->realm, .space = cell->space };
	struct space_doc space = { 0 };
	int r = store_load(&e->layout, &a, 0, &space, err);

	if (r < 0)
		return r == -ENOENT ? scope_not_found(&a, err) : r;
	r = inherit_from(&space.spec, want, only, err);
	model_clear(&space_doc_type, &space);
	return r;
}
