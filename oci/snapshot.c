/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "image_record.h"
#include "layer.h"
#include "layer_notes.h"
#include "mem.h"
#include "path.h"
#include "snapshot.h"
#include "str.h"

#define IMAGE_LINK "image"
#define UPPER "upper"
#define UPPER_NEW "upper.new"
#define WORK "work"

static char *container_path(struct image_store *s, const char *id, const char *name)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, id);

	return path_join(dir, name, NULL);
}

int snapshot_lower(struct image_store *s, const struct image *img, struct strlist *ret,
		   struct kerr *err)
{
	cleanup_strlist struct strlist l = { 0 };
	struct layer_info info;
	size_t i;
	int r;

	strlist_make_empty(&l);
	for (i = img->n_chain_ids; i > 0; i--) {
		cleanup_free char *path = layer_path(s, &img->chain_ids[i - 1], LAYER_FS);

		r = layer_read_info(s, &img->chain_ids[i - 1], &info, err);
		if (r == -ENOENT)
			return kerr_plain(err, -EIO, "layer %s is missing; load the image again",
					  img->chain_ids[i - 1].text);
		if (r < 0)
			return r;
		strlist_add(&l, path + strlen(s->dir) + 1);
		if (info.opaque_root)
			break;
	}
	strlist_clear(ret);
	*ret = l;
	l = (struct strlist){ 0 };
	return 0;
}

int snapshot_image(struct image_store *s, const char *id, struct digest *ret, struct kerr *err)
{
	cleanup_free char *path = container_path(s, id, IMAGE_LINK);
	char text[DIGEST_TEXT_MAX + 1];
	ssize_t n;

	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (n < 0)
		return kerr_set(err, -errno, "read '%s'", path);
	text[n] = '\0';
	if (digest_parse(text, ret) < 0)
		return kerr_plain(err, -EINVAL, "'%s' is damaged", path);
	return 0;
}

static int make_dir(const char *path, mode_t mode, struct kerr *err)
{
	int r;

	r = mkdir(path, mode);
	if (r < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "create '%s'", path);
	return 0;
}

static int open_dir(const char *path, struct kerr *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", path) : fd;
}

/* The root of a container looks like the image's, whose topmost layer overlay would show. */
static int look_like(struct image_store *s, const struct digest *top, const char *dir,
		     struct kerr *err)
{
	cleanup_free char *fs = layer_path(s, top, LAYER_FS);
	cleanup_fd int from = -EBADF, to = -EBADF;
	int r;

	from = open_dir(fs, err);
	if (from < 0)
		return from;
	to = open_dir(dir, err);
	if (to < 0)
		return to;
	r = layer_copy_meta(from, to);
	return r < 0 ? kerr_set(err, r, "set attributes of '%s'", dir) : 0;
}

/* It has its name when it is whole; what a killed one left is used again. */
static int make_upper(struct image_store *s, const char *id, const struct image *img,
		      struct kerr *err)
{
	cleanup_free char *temp = container_path(s, id, UPPER_NEW);
	cleanup_free char *upper = container_path(s, id, UPPER);
	int r;

	r = make_dir(temp, 0755, err);
	if (r == 0 && img->n_chain_ids > 0)
		r = look_like(s, &img->chain_ids[img->n_chain_ids - 1], temp, err);
	if (r == 0 && rename(temp, upper) < 0)
		r = kerr_set(err, -errno, "rename '%s' to '%s'", temp, upper);
	return r;
}

int snapshot_prepare(struct image_store *s, const char *id, const struct image *img,
		     struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, id);
	cleanup_free char *link = container_path(s, id, IMAGE_LINK);
	cleanup_free char *upper = container_path(s, id, UPPER);
	cleanup_free char *work = container_path(s, id, WORK);
	struct digest have;
	int r;

	r = make_dir(dir, 0700, err);
	if (r < 0)
		return r;
	r = snapshot_image(s, id, &have, err);
	if (r == 0 && !digest_eq(&have, &img->manifest))
		return kerr_plain(err, -EEXIST, "container '%s' was made of another image", id);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT && symlink(img->manifest.text, link) < 0)
		return kerr_set(err, -errno, "create '%s'", link);
	r = access(upper, F_OK) == 0 ? 0 : make_upper(s, id, img, err);
	return r < 0 ? r : make_dir(work, 0700, err);
}

int snapshot_clean_work(struct image_store *s, const char *id, struct kerr *err)
{
	static const char *const names[] = { "work", "index" };
	cleanup_free char *work = container_path(s, id, WORK);
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = path_join(work, names[i], NULL);

		r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

/* Ends the walk with -EEXIST when a name points to the manifest. */
static int is_named(void *ctx, const char *file, const struct image_record *rec)
{
	const struct digest *manifest = ctx;

	(void) file;
	return rec && digest_eq(&rec->manifest, manifest) ? -EEXIST : 0;
}

int snapshot_remove(struct image_store *s, const char *id, struct kerr *err)
{
	static const char *const names[] = { UPPER, UPPER_NEW, WORK };
	cleanup_free char *link = container_path(s, id, IMAGE_LINK);
	cleanup_free char *upper = container_path(s, id, UPPER);
	/* One that began before us and was cut short has left it in trash/. */
	bool again = access(upper, F_OK) < 0;
	struct digest manifest;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = container_path(s, id, names[i]);

		r = image_store_trash(s, path, err);
		if (r < 0)
			return r;
	}
	r = snapshot_image(s, id, &manifest, NULL);
	if (r == -ENOENT)
		return 0;
	if (unlink(link) < 0 && errno != ENOENT)
		return kerr_set(err, -errno, "remove '%s'", link);
	/* While the image has a name, nothing of it can go. */
	if (r == 0 && !again && image_record_walk(s, is_named, &manifest, NULL) == -EEXIST)
		return 0;
	return image_collect(s, NULL, err);
}
