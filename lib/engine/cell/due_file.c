/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "atomic.h"
#include "due_file.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "statefile.h"
#include "wake.h"

static char *path_of(struct engine *e, enum rt_file dir, const char *key)
{
	cleanup_free char *parent = layout_rt(&e->layout, dir);

	return path_join(parent, key, NULL);
}

int due_file_read(struct engine *e, enum rt_file dir, const char *key, due_line_fn *fn, void *ctx,
		  struct kerr *err)
{
	cleanup_free char *path = path_of(e, dir, key);
	cleanup_buf struct buf text = BUF_INIT(DUE_FILE_MAX);
	char *rest, *line;
	int r = state_read_at(AT_FDCWD, path, DUE_FILE_MAX, &text, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = (char *) (uintptr_t) buf_str(&text);
	while ((line = strsep(&rest, "\n")) != NULL && (rest || *line))
		if (!rest || fn(ctx, line, strlen(line)) < 0) /* malformed, or without a newline */
			return kerr_plain(err, -EBADMSG, "'%s' is damaged", path);
	return 0;
}

int due_file_write(struct engine *e, enum rt_file dir, const struct addr *cell,
		   const struct buf *text, struct kerr *err)
{
	cleanup_free char *parent = layout_rt(&e->layout, dir);
	cleanup_free char *key = wake_key(cell);
	cleanup_free char *path = path_of(e, dir, key);
	int r;

	if (text->len == 0)
		return remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	r = mkdir_p(parent, 0700, err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, text->data, text->len, 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR, err);
}

int64_t due_first(const int64_t *due, size_t n, size_t size)
{
	int64_t first = -1;

	for (size_t i = 0; i < n; i++) {
		int64_t at = *(const int64_t *) (const void *) ((const char *) due + i * size);

		if (at >= 0 && (first < 0 || at < first))
			first = at;
	}
	return first;
}

static bool is_stale(struct engine *e, const char *key)
{
	cleanup_free char *copy = xstrdup(key);
	struct addr a = { 0 };

	return wake_parse(copy, &a) == 0 && store_exists(&e->layout, &a, NULL) == 0;
}

int64_t due_file_list(struct engine *e, enum rt_file dir, int64_t now, due_time_fn *due,
		      struct strlist *ret_keys)
{
	cleanup_free char *path = layout_rt(&e->layout, dir);
	DIR *d = opendir(path);
	struct dirent *de;
	int64_t next = -1;

	while (d && (de = readdir(d)) != NULL) {
		int64_t at = de->d_name[0] == '.' ? -1 : due(e, de->d_name);

		if (at < 0)
			continue;
		if (at > now)
			next = next < 0 || at < next ? at : next;
		else if (is_stale(e, de->d_name))
			(void) unlinkat(dirfd(d), de->d_name, 0); /* else the next time */
		else
			strlist_add(ret_keys, de->d_name);
	}
	if (d)
		(void) closedir(d);
	return next;
}
