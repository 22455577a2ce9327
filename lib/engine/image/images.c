/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "convert.h"
#include "copy.h"
#include "errkind.h"
#include "fd.h"
#include "image.h"
#include "image_hold.h"
#include "image_load.h"
#include "image_pull.h"
#include "image_record.h"
#include "images.h"
#include "imgstore.h"
#include "mem.h"
#include "page.h"
#include "pull_failures.h"
#include "ref.h"
#include "scope.h"
#include "server.h"
#include "snapshot.h"
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

int images_open(struct engine *e, const char *realm, char **ret_ns, struct image_store *ret,
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

int images_error(int r, const char *realm, const char *ref, struct kerr *err)
{
	if (r == -ENOENT)
		return kerr_setk(err, ERR_IMAGE_NOT_FOUND, r,
				 "image \"%s\" not found in realm \"%s\": image not found", ref,
				 realm);
	return r;
}

static int check_realm(struct engine *e, const char *realm, struct kerr *err)
{
	struct addr a = { .realm = realm };
	cleanup_free char *ns = NULL;
	int r = scope_namespace(e, realm, &ns, err);

	return r < 0 ? r : scope_refuse_deleting(e, &a, err);
}

static void move_loaded(struct image_loaded *from, struct rpc_load_image_result *to)
{
	to->images = from->names;
	from->names = (struct strlist){ 0 };
	strlist_make_empty(&to->images);
	for (size_t i = 0; i < from->n_left; i++) {
		struct image_left *l = &from->left[i];
		struct rpc_image_left *out = vec_grow(&to->left.v, &to->left.n, sizeof(*out));

		out->name = take_ptr(l->name);
		out->reason = take_ptr(l->why);
		out->failed = l->failed;
	}
}

int images_load(struct engine *e, const char *realm, int fd, struct rpc_load_image_result *ret,
		struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_image_loaded struct image_loaded loaded = { 0 };
	struct stat st;
	int r;

	if (fd < 0)
		return kerr_plain(err, -EINVAL, "image tarball is required");
	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	if (fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "stat image archive");
	r = image_store_hold(&s, err);
	if (r < 0)
		return r;
	/* The store is now held, which blocks deletion of the realm; check that none came first. */
	r = check_realm(e, realm, err);
	if (r == 0)
		r = S_ISDIR(st.st_mode) ? image_load_dir(&s, fd, &loaded, err)
					: image_load_fd(&s, fd, &loaded, err);
	image_store_release(&s);
	move_loaded(&loaded, ret);
	if (r == -ENODATA) /* fixed text of the API */
		return kerr_plain(err, r, "image tarball is required");
	return r < 0 ? kerr_wrap(err, r, "failed to load image") : 0;
}

static void move_info(struct image_info *from, struct rpc_image *to)
{
	to->name = take_ptr(from->name);
	to->size = from->size;
	to->created_at = from->created_at;
	to->digest = xstrdup(from->digest.text);
	to->media_type = take_ptr(from->media_type);
	to->labels = from->labels;
	from->labels = (struct strmap){ 0 };
}

int images_list(struct engine *e, const char *realm, struct page *page, struct kerr *err)
{
	struct rpc_list_images_result *ret = page->reply;
	cleanup_image_store struct image_store s = { 0 };
	cleanup_image_infos struct image_infos all = { 0 };
	int r;

	page->plain = true;
	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r == 0)
		r = image_list(&s, &all, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	for (size_t i = 0; i < all.n; i++) {
		cleanup_free char *name = xstrdup(all.v[i].name);
		struct rpc_image image = { 0 };

		if (page_skips(page, name, 0))
			continue;
		move_info(&all.v[i], &image);
		if (page_takes(page, name, 0, &rpc_image_type, &image))
			*(struct rpc_image *) vec_grow(&ret->images.v, &ret->images.n,
						       sizeof(image)) = image;
		else
			model_clear(&rpc_image_type, &image);
	}
	return 0;
}

int images_get(struct engine *e, const char *realm, const char *ref,
	       struct rpc_get_image_result *ret, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_image_info struct image_info info = { 0 };
	int r;

	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_get(&s, ref, &info, err);
	if (r < 0)
		return images_error(r, realm, ref, err);
	move_info(&info, &ret->image);
	return 0;
}

int images_delete(struct engine *e, const char *realm, const char *ref,
		  struct rpc_delete_image_result *ret, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	int r;

	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_delete(&s, ref, &ret->ref, err);
	return r < 0 ? images_error(r, realm, ref, err) : 0;
}

/* ---- pulling ---- */

static void send_progress(void *ctx, const struct pull_progress *p)
{
	static const char *const phases[] = {
		[PULL_EXISTS] = "exists",	    [PULL_WAITING] = "waiting",
		[PULL_DOWNLOADING] = "downloading", [PULL_RETRYING] = "retrying",
		[PULL_UNPACKING] = "unpacking",	    [PULL_DONE] = "done",
	};
	struct engine *e = ctx;
	struct rpc_event event = {
		.layer = (char *) (uintptr_t) p->layer->text,
		.phase = (char *) (uintptr_t) phases[p->phase],
		.current = p->bytes,
		.total = p->total,
		.text = (char *) (uintptr_t) p->text,
	};

	e->link->event(e->link, &event);
}

static int pull(struct engine *e, const char *realm, struct image_store *s, const char *ref,
		enum pull_flags flags, struct pull_result *ret, struct kerr *err)
{
	struct addr a = { .realm = realm };
	struct pull_options o = { .registries = &e->registries,
				  .progress = e->link ? send_progress : NULL,
				  .ctx = e,
				  .cancel_fd = e->link ? e->link->fd : -EBADF,
				  .flags = flags };
	cleanup_free struct registry_login *logins = NULL;
	struct realm_doc doc = { 0 };
	int r;

	r = store_load(&e->layout, &a, STORE_LOAD_PASSWORDS, &doc, err);
	if (r < 0)
		return r == -ENOENT ? scope_not_found(&a, err) : r;
	o.n_logins = doc.spec.registry_credentials.n;
	logins = xcalloc(o.n_logins + 1, sizeof(*logins));
	o.logins = logins;
	for (size_t i = 0; i < o.n_logins; i++) {
		const struct registry_credentials *c = &doc.spec.registry_credentials.v[i];

		logins[i].server = c->server_address ? c->server_address : "";
		logins[i].user = c->username ? c->username : "";
		logins[i].password = c->password ? c->password : "";
	}
	r = image_pull(s, ref, &o, ret, err);
	model_clear(&realm_doc_type, &doc);
	return r < 0 ? kerr_wrap(err, r, "failed to pull image %s", ref) : 0;
}

int images_pull_again(struct engine *e, const char *realm, struct image_store *s, const char *name,
		      const struct digest *digest, struct kerr *err)
{
	cleanup_image_record struct image_record other = { 0 };
	cleanup_pull_result struct pull_result res = { 0 };
	cleanup_ref struct ref ref = { 0 };
	cleanup_free char *text = NULL;
	bool named;
	int held, r;

	r = ref_parse(name, &ref, err);
	if (r < 0)
		return r;
	free_p(&ref.tag);
	ref.digest = *digest;
	text = ref_text(&ref);
	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	named = image_record_load(s, text, &other, NULL) == 0;
	r = pull(e, realm, s, text, 0, &res, err);
	/* The pull also recorded the digest as a name; remove it unless it existed before. */
	if (r == 0 && !named)
		r = image_delete(s, text, NULL, err);
	if (held)
		image_store_release(s);
	return r;
}

int images_pull(struct engine *e, const char *realm, const char *ref,
		struct rpc_pull_image_result *ret, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_pull_result struct pull_result res = { 0 };
	cleanup_image_info struct image_info info = { 0 };
	int r;

	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r == 0)
		r = image_store_hold(&s, err);
	if (r < 0)
		return r;
	/* The store is now held, which blocks deletion of the realm; check that none came first. */
	r = check_realm(e, realm, err);
	if (r == 0)
		r = pull(e, realm, &s, ref, PULL_REFRESH, &res, err);
	if (r == 0)
		r = image_get(&s, res.name, &info, err);
	image_store_release(&s);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	ret->changed = res.changed;
	move_info(&info, &ret->image);
	return 0;
}

/* ---- what cells need ---- */

static bool has_image(struct image_store *s, const char *ref)
{
	cleanup_image_info struct image_info info = { 0 };

	return image_get(s, ref, &info, NULL) == 0;
}

/*
 * An existing container restarts from the image it was created from, even if the name
 * now refers to another.
 */
static bool is_made(struct image_store *s, const struct cell_doc *stored,
		    const struct container_spec *c)
{
	cleanup_free char *id = NULL;
	const struct container_spec *old = NULL;
	struct digest manifest;

	for (size_t i = 0; i < stored->spec.containers.n; i++)
		if (streq_null(stored->spec.containers.v[i].id, c->id))
			old = &stored->spec.containers.v[i];
	if (!old || !streq_null(old->image, c->image))
		return false;
	id = container_runtime_id(&stored->spec, old);
	return snapshot_image(s, id, &manifest, NULL) == 0;
}

static void pull_missing(struct engine *e, const char *realm, struct image_store *s,
			 const char *ref)
{
	cleanup_pull_result struct pull_result res = { 0 };
	struct kerr why = { 0 };
	int r;

	r = image_store_hold(s, &why);
	if (r >= 0) {
		r = check_realm(e, realm, &why);
		if (r == 0)
			r = pull(e, realm, s, ref, 0, &res, &why);
		image_store_release(s);
	}
	if (r < 0)
		pull_failures_add(e, ref, &why);
}

void images_ensure(struct engine *e, const struct addr *cell, const struct cell_doc *want,
		   const char *only)
{
	cleanup_(addr_copy_clear) struct addr_copy a = { 0 };
	cleanup_image_store struct image_store s = { 0 };
	struct cell_doc stored = { 0 };
	cleanup_free char *ns = NULL;

	/* A worker's caller has done this, and alone may tell its client of the progress. */
	if (e->is_worker)
		return;
	/* Errors are ignored here: they are reported once the locks are taken. */
	if (scope_check(cell, ADDR_CELL, 0, NULL) < 0)
		return;
	addr_copy_set(&a, cell);
	if ((store_load(&e->layout, &a.a, 0, &stored, NULL) < 0 && !want) ||
	    images_open(e, a.a.realm, &ns, &s, NULL) < 0)
		goto out;
	want = want ? want : &stored;
	for (size_t i = 0; i < want->spec.containers.n; i++) {
		const struct container_spec *c = &want->spec.containers.v[i];

		if (!container_is_synthesized(c) && !str_empty(c->image) &&
		    (!only || streq_null(c->id, only)) && !has_image(&s, c->image) &&
		    !is_made(&s, &stored, c))
			pull_missing(e, a.a.realm, &s, c->image);
	}
out:
	model_clear(&cell_doc_type, &stored);
}

void images_ensure_one(struct engine *e, const struct addr *cell, const char *container,
		       const char *image)
{
	struct container_spec one = { .id = (char *) (uintptr_t) container,
				      .image = (char *) (uintptr_t) image };
	struct cell_doc want = { .spec.containers = { .v = &one, .n = 1 } };

	if (scope_check(cell, ADDR_CELL, 0, NULL) == 0 && store_exists(&e->layout, cell, NULL) > 0)
		images_ensure(e, cell, str_empty(image) ? NULL : &want, container);
}
