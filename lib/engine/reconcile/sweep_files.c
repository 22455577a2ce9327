/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "dir.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "net_bridge.h"
#include "network.h"
#include "path.h"
#include "seccomp_filter.h"
#include "str.h"
#include "sweep_files.h"
#include "unknown.h"

#define TEMP_PREFIX ".tmp-" /* followed by 16 hex digits, see lib/base/atomic.c */
#define TEMP_DIGITS 16
#define TEMP_MAX_AGE_S 3600

/* A write takes milliseconds: files from an earlier boot or older than an hour are leftovers. */
static bool is_stale(const struct stat *st)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return false;
	return now.tv_sec - st->st_mtime >= TEMP_MAX_AGE_S || st->st_mtime < now.tv_sec - up.tv_sec;
}

static bool is_temp_name(const char *name)
{
	const char *digits = name + sizeof(TEMP_PREFIX) - 1;

	return str_has_prefix(name, TEMP_PREFIX) && strlen(digits) == TEMP_DIGITS &&
	       strspn(digits, "0123456789abcdef") == TEMP_DIGITS;
}

static void sweep_temp_in(int dirfd, unsigned depth)
{
	DIR *d = fdopendir(dirfd);
	struct dirent *de;
	struct stat st;

	if (!d) {
		(void) close(dirfd);
		return;
	}
	while ((de = readdir(d)) != NULL) {
		const char *name = de->d_name;

		if (streq(name, ".") || streq(name, ".."))
			continue;
		if (is_temp_name(name)) {
			if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISREG(st.st_mode) && is_stale(&st))
				(void) unlinkat(dirfd, name, 0);
		} else if (depth > 0 && de->d_type == DT_DIR) {
			int below = openat(dirfd, name,
					   O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

			if (below >= 0)
				sweep_temp_in(below, depth - 1);
		}
	}
	(void) closedir(d);
}

static void sweep_temp_below(const char *dir, unsigned depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		sweep_temp_in(fd, depth);
}

void sweep_temporaries(struct engine *e)
{
	cleanup_free char *data = layout_run(&e->layout, RUN_DATA);
	cleanup_free char *locks = layout_run(&e->layout, RUN_LOCKS);
	cleanup_free char *namespaces = layout_namespaces(&e->layout);
	cleanup_free char *filters = layout_rt(&e->layout, RT_SECCOMP);
	cleanup_strlist struct strlist names = { 0 };

	seccomp_filter_sweep(filters, TEMP_MAX_AGE_S);
	sweep_temp_below(e->layout.run_path, 0);
	sweep_temp_below(data, ADDR_CELL);
	sweep_temp_below(locks, ADDR_CELL);
	dir_names(namespaces, &names);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *images = layout_ns(&e->layout, names.v[i], NS_IMAGES, NULL);
		cleanup_free char *containers =
			layout_ns(&e->layout, names.v[i], NS_CONTAINERS, NULL);
		cleanup_free char *blobs = layout_ns(&e->layout, names.v[i], NS_BLOBS, NULL);

		sweep_temp_below(images, 0);
		sweep_temp_below(blobs, 0);
		sweep_temp_below(containers, 1);
	}
}

/* ---- directories without an object ---- */

static bool is_object(struct engine *e, const struct addr *a)
{
	return store_exists(&e->layout, a, NULL) != 0;
}

static void remove_remains(struct engine *e, const struct addr *a)
{
	cleanup_free char *dir = layout_object(&e->layout, a, OBJECT_DIR);
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };
	int r = 0;

	/* Below a cell, everything belongs to it; other objects have children of their own. */
	if (addr_level(a) == ADDR_CELL)
		r = remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, &err);
	else if (rmdir(dir) == 0 || addr_level(a) != ADDR_SPACE)
		return;
	else
		r = net_bridge_delete(e, a, &err);
	if (r == 0 && addr_level(a) == ADDR_SPACE)
		(void) rmdir(dir);
	if (r < 0)
		log_wrn("cannot remove leftovers", "what", dir, "error",
			kerr_text(&err, text, sizeof(text)));
}

static void sweep_below(struct engine *e, const struct addr *parent)
{
	cleanup_free char *dir = layout_object(&e->layout, parent, OBJECT_DIR);
	cleanup_strlist struct strlist names = { 0 };

	dir_names(dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct addr a = addr_child(parent, names.v[i]);
		cleanup_free char *below = layout_object(&e->layout, &a, OBJECT_DIR);
		struct stat st;

		if (lstat(below, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (!is_object(e, &a) && !store_unfinished(&e->layout, &a)) {
			unknown_note(e, below, "not created by kukeon");
			continue;
		}
		if (addr_level(&a) != ADDR_CELL)
			sweep_below(e, &a);
		if (is_object(e, &a) || locks_take_path(e->locks, &a, LOCKS_TRY, NULL) < 0)
			continue;
		if (!is_object(e, &a) && store_unfinished(&e->layout, &a))
			remove_remains(e, &a);
		locks_drop_path(e->locks, &a);
	}
}

void sweep_data(struct engine *e)
{
	sweep_below(e, &(struct addr){ 0 });
}
