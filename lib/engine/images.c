/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "errkind.h"
#include "fd.h"
#include "image.h"
#include "images.h"
#include "mem.h"
#include "str.h"

static void limit(uint64_t *to, int64_t configured)
{
	if (configured > 0)
		*to = (uint64_t) configured;
}

int images_store_open(struct engine *e, const char *ns, struct image_store *ret, struct kerr *err)
{
	const struct image_limits *l = &e->image_limits;
	int r;

	r = image_store_open(&e->layout, e->locks, ns, e->keep_layers ? IMAGE_STORE_KEEP_LAYERS : 0,
			     ret, err);
	if (r < 0)
		return r;
	limit(&ret->limits.max_bytes, l->max_bytes);
	limit(&ret->limits.max_entries, l->max_entries);
	limit(&ret->limits.max_ratio, l->max_ratio);
	limit(&ret->limits.max_path, l->max_path);
	limit(&ret->limits.max_xattrs, l->max_xattrs);
	limit(&ret->limits.max_xattr_bytes, l->max_xattr_bytes);
	limit(&ret->max_layers, l->max_layers);
	return 0;
}

/* The realm's namespace and its store. */
static int open_store(struct engine *e, const char *realm, char **ret_ns, struct image_store *ret,
		      struct kerr *err)
{
	struct addr a = { .realm = realm };
	int r;

	r = scope_check(&a, ADDR_REALM, 0, err);
	if (r == 0)
		r = scope_namespace(e, realm, ret_ns, err);
	if (r == -ENOENT)
		return kerr_setk(err, ERR_REALM_NOT_FOUND, r, "realm not found: %s", realm);
	if (r == 0)
		r = scope_prepare_trees(e, err);
	if (r < 0)
		return r;
	return images_store_open(e, *ret_ns, ret, err);
}

static int image_error(int r, const char *realm, const char *ref, struct kerr *err)
{
	if (r == -ENOENT)
		return kerr_setk(err, ERR_IMAGE_NOT_FOUND, r,
				 "image \"%s\" not found in realm \"%s\": image not found", ref,
				 realm);
	return r;
}

static int still_there(struct engine *e, const char *realm, struct kerr *err)
{
	char *ns cleanup_free = NULL;

	return scope_namespace(e, realm, &ns, err);
}

int images_load(struct engine *e, const char *realm, int fd, struct rpc_load_image_result *ret,
		struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	struct stat st;
	int r;

	if (fd < 0)
		return kerr_plain(err, -EINVAL, "image tarball is required");
	r = open_store(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	strlist_make_empty(&ret->images);
	if (fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "stat the archive");
	r = image_store_hold(&s, err);
	if (r < 0)
		return r;
	/* From here on the realm's deletion waits; it may have been faster. */
	r = still_there(e, realm, err);
	if (r == 0)
		r = S_ISDIR(st.st_mode) ? image_load_dir(&s, fd, &ret->images, err)
					: image_load_fd(&s, fd, &ret->images, err);
	image_store_release(&s);
	if (r == -ENODATA) /* upstream's text, whole */
		return kerr_plain(err, r, "image tarball is required");
	return r < 0 ? kerr_wrap(err, r, "failed to load image") : 0;
}

static void take_info(struct image_info *from, struct rpc_image *to)
{
	to->name = take_ptr(from->name);
	to->size = from->size;
	to->created_at = from->created_at;
	to->digest = xstrdup(from->digest.text);
	to->media_type = take_ptr(from->media_type);
	to->labels = from->labels;
	from->labels = (struct strmap){ 0 };
}

int images_list(struct engine *e, const char *realm, struct rpc_list_images_result *ret,
		struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	struct image_infos all cleanup_image_infos = { 0 };
	int r;

	r = open_store(e, realm, &ret->namespace, &s, err);
	if (r == 0)
		r = image_list(&s, &all, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	for (size_t i = 0; i < all.n; i++)
		take_info(&all.v[i],
			  vec_grow(&ret->images.v, &ret->images.n, sizeof(struct rpc_image)));
	return 0;
}

int images_get(struct engine *e, const char *realm, const char *ref,
	       struct rpc_get_image_result *ret, struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	struct image_info info cleanup_image_info = { 0 };
	int r;

	r = open_store(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_get(&s, ref, &info, err);
	if (r < 0)
		return image_error(r, realm, ref, err);
	take_info(&info, &ret->image);
	return 0;
}

int images_delete(struct engine *e, const char *realm, const char *ref,
		  struct rpc_delete_image_result *ret, struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	int r;

	r = open_store(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_delete(&s, ref, &ret->ref, err);
	return r < 0 ? image_error(r, realm, ref, err) : 0;
}
