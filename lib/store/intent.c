/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "atomic.h"
#include "copy.h"
#include "decode.h"
#include "emit_json.h"
#include "fd.h"
#include "intent.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "rows.h"
#include "statefile.h"
#include "str.h"

static const struct field intent_rows[] = {
	ROW_STRING(struct intent, op, "op", .help = "The operation under way."),
	ROW_STRING(struct intent, step, "step", .help = "Its last step that was begun."),
	ROW_STRMAP(struct intent, data, "data", .help = "What finishing it needs."),
};

static const struct model_type intent_type = {
	.name = "Intent",
	.help = "A multi-step operation that is under way.",
	TYPE_ROWS(struct intent, intent_rows),
};

void intent_clear(struct intent *i)
{
	model_clear(&intent_type, i);
}

/* The intent is beside the lock: .intent for .lock, <name>.intent for any other. */
static char *intent_path(const struct layout *l, const struct lock_id *id)
{
	cleanup_free char *lock = lock_id_path(l, id);
	cleanup_free char *dir = path_dirname(lock);
	const char *base = path_basename(lock);

	if (streq(base, ".lock"))
		return path_join(dir, ".intent", NULL);
	return xasprintf("%s.intent", lock);
}

int intent_write(const struct layout *l, const struct locks *t, const struct lock_id *id,
		 const struct intent *i, enum intent_flags flags, struct kerr *err)
{
	cleanup_free char *path = intent_path(l, id);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	enum atomic_write_flags how = ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR;
	int r;

	assert(locks_held(t, id));
	(void) t;
	if (flags & INTENT_RUNTIME) {
		cleanup_free char *rt = layout_lock_to_rt(l, path);
		cleanup_free char *dir = path_dirname(rt);

		r = mkdir_p(dir, 0700, err);
		if (r < 0)
			return r;
		free_p(&path);
		path = take_ptr(rt);
		how |= ATOMIC_WRITE_NOSYNC;
	}
	model_emit_json(&text, &intent_type, i, 0);
	buf_addc(&text, '\n');
	r = buf_check(&text, "intent", err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, text.data, text.len, 0600, how, err);
}

/* -ENOENT without a message. */
static int load_file(const char *path, struct intent *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	struct intent i = { 0 };
	int r;

	r = state_read_at(AT_FDCWD, path, KUKE_MAX_RECORD, &text, err);
	if (r < 0)
		return r;
	r = model_read_json(&intent_type, buf_str(&text), text.len, &i, err);
	if (r < 0)
		return kerr_wrap(err, -EINVAL, "intent '%s'", path);
	if (str_empty(i.op)) {
		intent_clear(&i);
		return kerr_plain(err, -EINVAL, "intent '%s': it names no operation", path);
	}
	*ret = i;
	return 0;
}

int intent_load(const struct layout *l, const struct lock_id *id, struct intent *ret,
		struct kerr *err)
{
	cleanup_free char *path = intent_path(l, id);
	cleanup_free char *rt = layout_lock_to_rt(l, path);
	int r;

	/* If both exist, the durable one belongs to the enclosing operation. */
	r = load_file(path, ret, err);
	if (r == -ENOENT)
		r = load_file(rt, ret, err);
	return r;
}

int intent_load_durable(const struct layout *l, const struct lock_id *id, struct intent *ret,
			struct kerr *err)
{
	cleanup_free char *path = intent_path(l, id);

	return load_file(path, ret, err);
}

int intent_remove(const struct layout *l, const struct locks *t, const struct lock_id *id,
		  struct kerr *err)
{
	cleanup_free char *path = intent_path(l, id);
	cleanup_free char *rt = layout_lock_to_rt(l, path);
	int r;

	assert(locks_held(t, id));
	(void) t;
	r = remove_tree_at(AT_FDCWD, rt, REMOVE_TREE_SAME_FS, err);
	/*
	 * Not synced: if an intent reappears after a power failure, recovery finds its
	 * operation done.
	 */
	return r < 0 ? r : remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
}

/* Whether the directory below d has an intent, found without reading it. */
static bool has_intent(DIR *d, const char *name)
{
	cleanup_free char *file = path_join(name, ".intent", NULL);

	return faccessat(dirfd(d), file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Add "r/s/…" of every .intent below dir to ret. A cell's directory outlives it, as its
 * lock does, so there may be many.
 */
static int collect(const char *dir, const char *prefix, unsigned depth, struct strlist *ret,
		   struct kerr *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", dir);
	while (r >= 0) {
		cleanup_free char *below = NULL;
		cleanup_free char *name = NULL;

		errno = 0;
		e = readdir(d);
		if (!e) {
			if (errno != 0)
				r = kerr_set(err, -errno, "read '%s'", dir);
			break;
		}
		if (streq(e->d_name, ".intent") && depth > 0) {
			if (!strlist_has(ret, prefix))
				strlist_add(ret, prefix);
			continue;
		}
		if (e->d_name[0] == '.' || e->d_type != DT_DIR)
			continue;
		name = depth == 0 ? xstrdup(e->d_name) : path_join(prefix, e->d_name, NULL);
		if (depth + 1 == ADDR_CELL) {
			if (has_intent(d, e->d_name) && !strlist_has(ret, name))
				strlist_add(ret, name);
			continue;
		}
		below = path_join(dir, e->d_name, NULL);
		r = collect(below, name, depth + 1, ret, err);
	}
	(void) closedir(d);
	return r;
}

int intent_list(const struct layout *l, intent_list_fn *fn, void *ctx, struct kerr *err)
{
	cleanup_free char *locks = layout_run(l, RUN_LOCKS);
	cleanup_free char *rt = layout_rt(l, RT_INTENTS);
	cleanup_strlist struct strlist found = { 0 };
	int r;

	r = collect(locks, "", 0, &found, err);
	if (r >= 0)
		r = collect(rt, "", 0, &found, err);
	if (r < 0)
		return r;
	strlist_sort(&found);
	for (size_t i = 0; i < found.n; i++) {
		struct addr a = { 0 };
		char *at = found.v[i];
		char *part;

		while ((part = strsep(&at, "/")))
			a = addr_child(&a, part);
		r = fn(ctx, &a);
		if (r < 0)
			return r;
	}
	return 0;
}
