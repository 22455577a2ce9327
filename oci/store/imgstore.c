/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgstore.h"
#include "mem.h"
#include "oci_manifest.h"
#include "path.h"
#include "str.h"

/*
 * The sticky bit of trash/ is a mark that a garbage collection was skipped; the process
 * that releases the store last sees it and collects. A bit of the mode is used and not a
 * file, as it needs neither disk space nor an inode.
 */
enum {
	COLLECT_WANTED = S_ISVTX,
	TRASH_MODE = 0700,
};

bool image_store_gc_owed(const struct image_store *s)
{
	cleanup_free char *trash = image_store_path(s, NS_TRASH, NULL);
	struct stat st;

	return stat(trash, &st) == 0 && (st.st_mode & COLLECT_WANTED);
}

static void set_gc_owed(const struct image_store *s, bool on)
{
	cleanup_free char *trash = image_store_path(s, NS_TRASH, NULL);

	/* If this fails, the garbage stays until the next collection. */
	(void) chmod(trash, TRASH_MODE | (on ? COLLECT_WANTED : 0));
}

char *image_store_path(const struct image_store *s, enum ns_dir what, const char *name)
{
	return layout_ns(s->layout, s->ns, what, name);
}

int image_store_open(const struct layout *layout, struct locks *locks, const char *ns,
		     enum image_store_flags flags, struct image_store *ret, struct kerr *err)
{
	static const enum ns_dir dirs[] = { NS_IMAGES,	   NS_BLOBS,   NS_SNAPSHOTS,
					    NS_CONTAINERS, NS_STAGING, NS_TRASH };
	struct image_store s = { .layout = layout, .locks = locks, .flags = flags };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_free char *path = layout_ns(layout, ns, dirs[i], NULL);

		r = mkdir_p(path, 0700, err);
		if (r < 0)
			return r;
	}
	s.ns = xstrdup(ns);
	s.dir = layout_ns(layout, ns, NS_DIR, NULL);
	unpack_limits_default(&s.limits);
	s.max_layers = IMAGE_MAX_LAYERS;
	*ret = s;
	return 0;
}

void image_store_close(struct image_store *s)
{
	free_p(&s->ns);
	free_p(&s->dir);
	s->layout = NULL;
	s->locks = NULL;
}

int image_store_lock_all(struct image_store *s, struct kerr *err)
{
	struct lock_id id = lock_id_image(s->ns, "");
	bool held = locks_held(s->locks, &id);
	int r;

	/* Only removes, writes nothing: this must work on a full disk. */
	r = held ? -EWOULDBLOCK : locks_take(s->locks, &id, LOCKS_TRY, err);
	if (r == -EWOULDBLOCK) {
		set_gc_owed(s, true);
		/* Try again: the last holder may have left before it could see the mark. */
		r = held ? -EWOULDBLOCK : locks_take(s->locks, &id, LOCKS_TRY, err);
	}
	if (r == -EWOULDBLOCK)
		return 0;
	if (r < 0)
		return r;
	if (image_store_gc_owed(s))
		set_gc_owed(s, false);
	return 1;
}

void image_store_unlock_all(struct image_store *s)
{
	struct lock_id id = lock_id_image(s->ns, "");

	locks_drop(s->locks, &id);
}

bool image_store_is_hex(const char *name)
{
	return strlen(name) == DIGEST_HEX && strspn(name, "0123456789abcdef") == DIGEST_HEX;
}

bool image_store_is_record(const char *name)
{
	return strspn(name, "0123456789abcdef") == DIGEST_HEX && streq(name + DIGEST_HEX, ".json");
}

void image_store_note(struct image_store *s, const char *why, const char *path)
{
	cleanup_free char *line = xasprintf("%s: %s", why, path);

	if (s->strange && !strlist_has(s->strange, line))
		strlist_add(s->strange, line);
}

int image_store_trash(struct image_store *s, const char *path, struct kerr *err)
{
	cleanup_free char *to = NULL, *name = NULL;
	unsigned i;
	int r;

	for (i = 0, r = -1; r < 0 && i < 1000; i++) {
		free_p(&to);
		free_p(&name);
		name = xasprintf("%d.%u", (int) getpid(), i);
		to = image_store_path(s, NS_TRASH, name);
		r = renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE);
		if (r < 0 && errno != EEXIST)
			break;
	}
	if (r < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "remove '%s'", path);
	return remove_tree_at(AT_FDCWD, to, REMOVE_TREE_SAME_FS, err);
}
