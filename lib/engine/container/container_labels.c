/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "container_labels.h"
#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "field.h"
#include "mem.h"
#include "model.h"
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

static int load(const char *file, struct record *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r = state_read_at(AT_FDCWD, file, KUKE_MAX_RECORD, &text, err);

	if (r < 0)
		return r;
	r = model_read_json(&record_type, buf_str(&text), text.len, ret, err);
	return r < 0 ? kerr_wrap(err, -EBADMSG, "read '%s'", file) : 0;
}

int container_labels_load(const struct engine *e, const struct addr *cell, const char *id,
			  struct strmap *ret, struct kerr *err)
{
	cleanup_free char *file = layout_container(&e->layout, cell, id, CONTAINER_LABELS);
	struct record record = { 0 };
	int r = load(file, &record, err);

	strmap_clear(ret);
	if (r == 0)
		*ret = record.labels;
	if (ret->v == NULL)
		strmap_make_empty(ret);
	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* A file that is not there says none; one that cannot be read is to be written again. */
static bool labels_stand(const char *file, const struct strmap *labels)
{
	struct record stored = { 0 };
	struct record want = { .labels = *labels }; /* borrowed */
	int r = load(file, &stored, NULL); /* a damaged one is replaced */
	bool same = (r == 0 || r == -ENOENT) && model_eq(&record_type, &stored, &want);

	model_clear(&record_type, &stored);
	return same;
}

bool container_labels_differ(const struct engine *e, const struct addr *cell, const char *id,
			     const struct strmap *labels)
{
	cleanup_free char *file = layout_container(&e->layout, cell, id, CONTAINER_LABELS);

	return !labels_stand(file, labels);
}

int container_labels_save(const struct engine *e, const struct addr *cell, const char *id,
			  const struct strmap *labels, struct kerr *err)
{
	cleanup_free char *dir = layout_container(&e->layout, cell, id, CONTAINER_DIR);
	cleanup_free char *file = layout_container(&e->layout, cell, id, CONTAINER_LABELS);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	struct record want = { .labels = *labels }; /* borrowed */
	int r;

	if (labels_stand(file, labels))
		return 0;
	if (labels->n == 0) {
		r = remove_tree_at(AT_FDCWD, file, REMOVE_TREE_SAME_FS, err);
		if (r == 0)
			r = fsync_parent(AT_FDCWD, file, err);
		return r < 0 ? r : 1;
	}
	model_emit_json(&text, &record_type, &want, EMIT_INDENT);
	buf_addc(&text, '\n');
	r = buf_check(&text, file, err);
	if (r == 0)
		r = mkdir_p(dir, 0750, err);
	if (r == 0)
		r = atomic_write_at(AT_FDCWD, file, text.data, text.len, 0644,
				    ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR, err);
	return r < 0 ? r : 1;
}
