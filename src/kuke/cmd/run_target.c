/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "convert.h"
#include "mem.h"
#include "run.h"
#include "str.h"

static char *attachable_ones(const struct cell_spec *spec)
{
	struct buf b = BUF_INIT(1 << 20);

	for (size_t i = 0; i < spec->containers.n; i++)
		if (spec->containers.v[i].attachable)
			buf_addf(&b, "%s%s", b.len ? ", " : "", spec->containers.v[i].id);
	if (b.len == 0)
		buf_adds(&b, "<none>");
	return buf_take(&b);
}

static int named_target(const struct cell_doc *cell, const char *named, const char **ret,
			struct kerr *err)
{
	const struct container_spec *c = cell_container(&cell->spec, named);
	cleanup_free char *others = attachable_ones(&cell->spec);

	if (!c)
		return kerr_plain(err, -EINVAL,
				  "container \"%s\" not found in cell \"%s\": container not found; "
				  "available attachable containers: %s",
				  named, cell->head.metadata.name, others);
	if (!c->attachable)
		return kerr_plain(err, -EINVAL,
				  "container \"%s\" in cell \"%s\" is not attachable: container is "
				  "not attachable; recreate with attachable=true; available "
				  "attachable containers: %s",
				  named, cell->head.metadata.name, others);
	if (ret)
		*ret = c->id;
	return 0;
}

int run_attach_target(const struct cell_doc *cell, const char *named, const char **ret,
		      struct kerr *err)
{
	const struct cell_spec *s = &cell->spec;

	if (!str_empty(named))
		return named_target(cell, named, ret, err);
	if (s->tty && !str_empty(s->tty->default_container))
		return named_target(cell, s->tty->default_container, ret, err);
	for (size_t i = 0; i < s->containers.n; i++) {
		if (!s->containers.v[i].attachable)
			continue;
		if (ret)
			*ret = s->containers.v[i].id;
		return 0;
	}
	return kerr_plain(err, -EINVAL,
			  "no attachable container in cell (cell \"%s\"); declare 'attachable: "
			  "true' on one container or pass -d/--detach",
			  cell->head.metadata.name);
}
