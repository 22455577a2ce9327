/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cas.h"
#include "fd.h"
#include "image.h"
#include "image_record.h"
#include "imgstore.h"
#include "layer.h"
#include "layer_meta.h"
#include "mem.h"
#include "oci_manifest.h"
#include "path.h"
#include "snapshot.h"

#define IMAGE_LINK "image"
#define UPPER "upper"
#define UPPER_NEW "upper.new"
#define WORK "work"
#define LOWER "lower"
#define UNFINISHED S_ISVTX /* mode bit of containers/<id>: its record is not durable yet */

static char *container_path(struct image_store *s, const char *id, const char *name)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, id);

	return path_join(dir, name, NULL);
}

int snapshot_lower(struct image_store *s, const char *id, const struct image *img,
		   struct strlist *ret, struct kerr *err)
{
	cleanup_strlist struct strlist l = { 0 };
	struct layer_info info;
	int r;

	strlist_make_empty(&l);
	for (size_t i = img->n_chain_ids; i > 0; i--) {
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
	if (l.n == 0 && id)
		strlist_add_owned(&l, path_join("containers", id, LOWER, NULL));
	strlist_clear(ret);
	*ret = take_struct(l);
	return 0;
}

/*
 * The image link is created before the writable layer and removed after it, so a
 * container with a writable layer must have the link.
 */
static bool has_upper(struct image_store *s, const char *id)
{
	cleanup_free char *upper = container_path(s, id, UPPER);

	return faccessat(AT_FDCWD, upper, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int snapshot_image(struct image_store *s, const char *id, struct digest *ret, struct kerr *err)
{
	cleanup_free char *path = container_path(s, id, IMAGE_LINK);
	char text[DIGEST_TEXT_MAX + 1];
	ssize_t n;

	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
		return has_upper(s, id) ? kerr_plain(err, -EBADMSG, "'%s' is missing", path)
					: -ENOENT;
	if (n < 0)
		return errno == EINVAL
			       ? kerr_plain(err, -EBADMSG, "'%s' is not a symbolic link", path)
			       : kerr_set(err, -errno, "read '%s'", path);
	text[n] = '\0';
	if (digest_parse(text, ret) < 0)
		return kerr_plain(err, -EBADMSG, "'%s' is damaged", path);
	return 0;
}

int snapshot_needs(struct image_store *s, const char *id, struct snapshot_needs *ret,
		   struct kerr *err)
{
	cleanup_oci_manifest struct oci_manifest man = { 0 };
	cleanup_image_config struct image_config c = { 0 };
	cleanup_buf struct buf b = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct digest d, chain, diff;
	int r;

	r = snapshot_image(s, id, &d, err);
	if (r == -ENOENT)
		return r;
	if (r == 0)
		r = cas_get(s, &d, IMAGE_MAX_MANIFEST, &b, err);
	if (r == 0)
		r = oci_manifest_parse(buf_str(&b), b.len, &man, err);
	if (r == 0)
		r = cas_get(s, &man.config.digest, IMAGE_MAX_MANIFEST, &b, err);
	if (r == 0)
		r = image_config_parse(buf_str(&b), b.len, &c, err);
	if (r < 0)
		return r == -ENOENT
			       ? kerr_plain(err, -EBADMSG, "a blob of image %s is missing", d.text)
			       : r;
	ret->manifest = d;
	ret->config = man.config.digest;
	strlist_clear(&ret->chains);
	for (size_t i = 0; i < c.diff_ids.n; i++) {
		if (digest_parse(c.diff_ids.v[i], &diff) < 0)
			return kerr_plain(err, -EBADMSG, "bad diff id in image %s", d.text);
		digest_chain(i > 0 ? &chain : NULL, &diff, &chain);
		strlist_add(&ret->chains, chain.text);
	}
	return 0;
}

bool snapshot_layer_used(struct image_store *s, const struct digest *chain)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, NULL);
	struct dirent *e;
	bool used = false;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return errno != ENOENT;
	while (!used && (e = readdir(d))) {
		struct snapshot_needs n = { 0 };
		int r;

		if (e->d_name[0] == '.')
			continue;
		r = snapshot_needs(s, e->d_name, &n, NULL);
		used = r == 0 ? strlist_has(&n.chains, chain->text) : r != -ENOENT;
		strlist_clear(&n.chains);
	}
	(void) closedir(d);
	return used;
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

/*
 * Give the container's root the attributes of the image's root, which are those of the
 * topmost layer.
 */
static int copy_root_attrs(struct image_store *s, const struct digest *top, const char *dir,
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

/*
 * The directory gets its final name when it is complete. One left by a killed process is
 * reused.
 */
static int make_upper(struct image_store *s, const char *id, const struct image *img,
		      struct kerr *err)
{
	cleanup_free char *temp = container_path(s, id, UPPER_NEW);
	cleanup_free char *upper = container_path(s, id, UPPER);
	int r;

	r = make_dir(temp, 0755, err);
	if (r == 0 && img->n_chain_ids > 0)
		r = copy_root_attrs(s, &img->chain_ids[img->n_chain_ids - 1], temp, err);
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
	cleanup_free char *lower = container_path(s, id, LOWER);
	struct digest have;
	int r;

	if (mkdir(dir, 0700) == 0)
		r = chmod(dir, 0700 | UNFINISHED) < 0 ? kerr_set(err, -errno, "chmod '%s'", dir)
						      : 0;
	else
		r = errno == EEXIST ? 0 : kerr_set(err, -errno, "create '%s'", dir);
	if (r < 0)
		return r;
	r = snapshot_image(s, id, &have, err);
	if (r == 0 && !digest_eq(&have, &img->manifest))
		return kerr_plain(err, -EEXIST, "container '%s' was created from another image",
				  id);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT && symlink(img->manifest.text, link) < 0)
		return kerr_set(err, -errno, "create '%s'", link);
	r = access(upper, F_OK) == 0 ? 0 : make_upper(s, id, img, err);
	if (r == 0 && img->n_chain_ids == 0)
		r = make_dir(lower, 0755, err);
	return r < 0 ? r : make_dir(work, 0700, err);
}

bool snapshot_unfinished(struct image_store *s, const char *id)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, id);
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & UNFINISHED);
}

int snapshot_finish(struct image_store *s, const char *id, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, id);

	return chmod(dir, 0700) < 0 ? kerr_set(err, -errno, "chmod '%s'", dir) : 0;
}

int snapshot_clean_work(struct image_store *s, const char *id, struct kerr *err)
{
	static const char *const names[] = { "work", "index" };
	cleanup_free char *work = container_path(s, id, WORK);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = path_join(work, names[i], NULL);

		r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

/* Ends the walk with -EEXIST when a name points to the manifest. */
static int is_named(void *ctx, const char *file, const struct image_record *rec,
		    const struct kerr *why)
{
	const struct digest *manifest = ctx;

	(void) file;
	(void) why;
	return rec && digest_eq(&rec->manifest, manifest) ? -EEXIST : 0;
}

int snapshot_remove(struct image_store *s, const char *id, struct kerr *err)
{
	static const char *const names[] = { UPPER, UPPER_NEW, WORK, LOWER };
	cleanup_free char *link = container_path(s, id, IMAGE_LINK);
	cleanup_free char *upper = container_path(s, id, UPPER);
	/* An earlier removal was interrupted; its data may still be in trash/. */
	bool again = access(upper, F_OK) < 0;
	struct digest manifest;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = container_path(s, id, names[i]);

		r = image_store_trash(s, path, err);
		if (r < 0)
			return r;
	}
	r = snapshot_image(s, id, &manifest, NULL);
	if (r == -ENOENT)
		return 0;
	if (remove_tree_at(AT_FDCWD, link, REMOVE_TREE_SAME_FS, err) < 0)
		return -EIO;
	/* No garbage to collect while the image still has a name. */
	return r < 0 || again || image_record_walk(s, is_named, &manifest, NULL) != -EEXIST;
}
