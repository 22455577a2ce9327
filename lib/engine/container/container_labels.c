/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "codec.h"
#include "container_labels.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "rows.h"
#include "statefile.h"

struct record {
	struct strmap labels;
};

static const struct field record_rows[] = {
	ROW_STRMAP(struct record, labels, "labels", .help = "Labels."),
};

static const struct model_type record_type = {
	.name = "ContainerLabels",
	.help = "Labels of a container.",
	TYPE_ROWS(struct record, record_rows),
};

static int load(const char *file, struct record *ret)
{
	struct buf text cleanup_buf = BUF_INIT(KUKE_MAX_RECORD);
	int r = state_read_at(AT_FDCWD, file, KUKE_MAX_RECORD, &text, NULL);

	return r < 0 ? r : model_read_json(&record_type, buf_str(&text), text.len, ret, NULL);
}

void container_labels_load(const struct engine *e, const struct addr *cell, const char *id,
			   struct strmap *ret)
{
	char *file cleanup_free = layout_container(&e->layout, cell, id, CONTAINER_LABELS);
	struct record record = { 0 };

	strmap_clear(ret);
	if (load(file, &record) == 0)
		*ret = record.labels;
	if (ret->v == NULL)
		strmap_make_empty(ret);
}

int container_labels_save(const struct engine *e, const struct addr *cell, const char *id,
			  const struct strmap *labels, struct kerr *err)
{
	char *dir cleanup_free = layout_container(&e->layout, cell, id, CONTAINER_DIR);
	char *file cleanup_free = layout_container(&e->layout, cell, id, CONTAINER_LABELS);
	struct buf text cleanup_buf = BUF_INIT(KUKE_MAX_RECORD);
	struct record stored = { 0 };
	struct record want = { .labels = *labels }; /* borrowed */
	int r = load(file, &stored);
	bool same = (r == 0 || r == -ENOENT) && model_eq(&record_type, &stored, &want);

	model_clear(&record_type, &stored);
	if (same)
		return 0;
	if (labels->n == 0) {
		r = atomic_unlink_at(AT_FDCWD, file, err);
		return r < 0 ? r : 1;
	}
	model_emit_json(&text, &record_type, &want, EMIT_INDENT);
	buf_addc(&text, '\n');
	r = buf_check(&text, file, err);
	if (r == 0)
		r = mkdir_p(dir, 0750, err);
	if (r == 0)
		r = atomic_write_at(AT_FDCWD, file, text.data, text.len, 0644, ATOMIC_WRITE_SUM,
				    err);
	return r < 0 ? r : 1;
}
