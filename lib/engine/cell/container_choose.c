/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "container_choose.h"
#include "convert.h"
#include "str.h"

enum {
	NAMES_MAX = 64 << 10
};

static void add_names(struct buf *out, const struct cell_spec *spec)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->containers.n; i++)
		if (!container_is_synthesized(&spec->containers.v[i]))
			buf_addf(out, "%s%s", n++ > 0 ? ", " : "", spec->containers.v[i].id);
}

int container_choose(const struct cell_doc *cell, const char *asked,
		     const struct container_spec **ret, struct kerr *err)
{
	const struct cell_spec *spec = &cell->spec;
	cleanup_buf struct buf names = BUF_INIT(NAMES_MAX);
	const struct container_spec *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < spec->containers.n; i++)
		if (str_empty(asked) ? !spec->containers.v[i].root
				     : streq(spec->containers.v[i].id, asked)) {
			only = &spec->containers.v[i];
			n++;
		}
	add_names(&names, spec);
	if (n == 0 && names.len == 0)
		return kerr_plain(err, -ENOENT, "cell \"%s\" has no containers",
				  cell->head.metadata.name);
	if (n == 0 && str_empty(asked))
		return kerr_plain(err, -ENOENT,
				  "cell \"%s\" has only a root container: name it (%s)",
				  cell->head.metadata.name, buf_str(&names));
	if (n == 0)
		return kerr_plain(err, -ENOENT,
				  "container \"%s\" not found in cell \"%s\", which has: %s", asked,
				  cell->head.metadata.name, buf_str(&names));
	if (n > 1)
		return kerr_plain(err, -EINVAL,
				  "cell \"%s\" has several containers: name one of: %s",
				  cell->head.metadata.name, buf_str(&names));
	if (container_is_synthesized(only))
		return kerr_plain(err, -EINVAL,
				  "container \"%s\" of cell \"%s\" has no process to join; the "
				  "cell has: %s",
				  only->id, cell->head.metadata.name, buf_str(&names));
	*ret = only;
	return 0;
}
