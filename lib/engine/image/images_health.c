/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>

#include "image.h"
#include "image_gc.h"
#include "image_inspect.h"
#include "image_verify.h"
#include "images.h"
#include "images_health.h"
#include "imgstore.h"
#include "mem.h"
#include "path.h"
#include "shim_state.h"
#include "snapshot.h"
#include "str.h"

enum {
	INSPECT_MAX = 16 << 20, /* limit of the description of an image, in bytes */
};

int images_inspect(struct engine *e, const char *realm, const char *ref,
		   struct rpc_inspect_image_result *ret, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_buf struct buf text = BUF_INIT(INSPECT_MAX);
	int r;

	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_inspect(&s, ref, &text, err);
	if (r < 0)
		return images_error(r, realm, ref, err);
	ret->json = buf_take(&text);
	return 0;
}

int images_prune(struct engine *e, const char *realm, struct rpc_prune_images_result *ret,
		 struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	uint64_t bytes = 0;
	int r;

	r = images_open(e, realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(realm);
	r = image_gc_with(&s, IMAGE_GC_ASKED, &bytes, err);
	ret->bytes = (int64_t) bytes;
	return r;
}

/* ---- verify ---- */

/* Return whether a container's image has one of the layers; true if that is unknown. */
static bool has_layer(struct image_store *s, const char *id, const struct strlist *layers)
{
	cleanup_image struct image img = { 0 };
	struct digest manifest;
	int r;

	r = snapshot_image(s, id, &manifest, NULL);
	if (r == -ENOENT)
		return false;
	if (r < 0 || image_resolve_digest(s, &manifest, &img, NULL) < 0)
		return true;
	for (size_t i = 0; i < img.n_chain_ids; i++)
		if (strlist_has(layers, img.chain_ids[i].text))
			return true;
	return false;
}

/* Whether the container runs, or may do so. */
static bool is_running(const struct engine *e, const char *ns, const char *id)
{
	cleanup_free char *run_dir = layout_rt_container(&e->layout, ns, id, RTC_DIR);
	cleanup_free char *data_dir = layout_ns(&e->layout, ns, NS_CONTAINERS, id);
	const struct shim_place place = { .run_dir = run_dir, .data_dir = data_dir };
	struct shim_status st;

	if (shim_state(&place, &st, NULL) < 0)
		return true;
	return st.monitor_alive || (st.state != SHIM_NEVER && st.state != SHIM_ENDED);
}

/* Refuse the repair while containers that use one of the layers are running. */
static int check_unused(struct engine *e, struct image_store *s, const struct image_check *c,
			struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, NS_CONTAINERS, NULL);
	struct dirent *d;
	DIR *all = opendir(dir);
	int r = 0;

	if (!all)
		return kerr_set(err, -errno, "open '%s'", dir);
	while (r == 0 && (d = readdir(all)) != NULL)
		if (d->d_name[0] != '.' && is_running(e, s->ns, d->d_name) &&
		    has_layer(s, d->d_name, &c->broken_layers))
			r = kerr_plain(
				err, -EBUSY,
				"image is in use by running container \"%s\"; stop its cell first",
				d->d_name);
	(void) closedir(all);
	return r;
}

/* Verify again after the image was pulled again. */
static int check_again(struct image_store *s, const struct image_check *c, struct kerr *err)
{
	cleanup_image_checks struct image_checks all = { 0 };
	int r = image_verify(s, c->name, &all, err);

	if (r < 0 || all.v[0].problems.n == 0)
		return r;
	return kerr_plain(err, -EIO, "image is still damaged after repair: %s",
			  all.v[0].problems.v[0]);
}

/* Remove the broken parts first, so that the pull replaces them. */
static int repair(struct engine *e, struct image_store *s, const char *realm,
		  const struct image_check *c, const char **ret_outcome, struct kerr *err)
{
	int r;

	*ret_outcome = "failed";
	r = check_unused(e, s, c, err);
	if (r == 0)
		r = image_forget_broken(s, c, err);
	if (r < 0)
		return r;
	if (!c->pulled) {
		*ret_outcome = "reload";
		return 0;
	}
	r = images_pull_again(e, realm, s, c->name, &c->digest, err);
	if (r == 0)
		r = check_again(s, c, err);
	if (r == 0)
		*ret_outcome = "repaired";
	return r;
}

static void put_check(struct image_check *c, const char *outcome, const struct kerr *why,
		      struct rpc_image_check *ret)
{
	char text[KERR_TEXT_MAX];

	ret->name = take_ptr(c->name);
	ret->layers = (int64_t) c->layers;
	ret->files = (int64_t) c->files;
	ret->problems = c->problems;
	c->problems = (struct strlist){ 0 };
	ret->more = (int64_t) c->more;
	ret->outcome = xstrdup(outcome);
	ret->error = xstrdup(why ? kerr_text(why, text, sizeof(text)) : "");
}

int images_verify(struct engine *e, const struct rpc_verify_images_args *args,
		  struct rpc_verify_images_result *ret, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_image_checks struct image_checks all = { 0 };
	const char *outcome;
	struct kerr why;
	int r;

	r = images_open(e, args->realm, &ret->namespace, &s, err);
	if (r < 0)
		return r;
	ret->realm = xstrdup(args->realm);
	r = image_verify(&s, str_empty(args->ref) ? NULL : args->ref, &all, err);
	if (r < 0)
		return images_error(r, args->realm, args->ref, err);
	for (size_t i = 0; i < all.n; i++) {
		struct image_check *c = &all.v[i];

		outcome = c->problems.n == 0 ? "ok" : "broken";
		r = 0;
		if (c->problems.n > 0 && args->repair)
			r = repair(e, &s, args->realm, c, &outcome, &why);
		put_check(c, outcome, r < 0 ? &why : NULL,
			  vec_grow(&ret->images.v, &ret->images.n, sizeof(struct rpc_image_check)));
	}
	return 0;
}
