/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cas.h"
#include "errkind.h"
#include "image.h"
#include "image_gc.h"
#include "image_record.h"
#include "imgstore.h"
#include "layer.h"
#include "mem.h"
#include "ref.h"
#include "str.h"

void image_info_clear(struct image_info *i)
{
	free_p(&i->name);
	free_p(&i->media_type);
	strmap_clear(&i->labels);
	*i = (struct image_info){ 0 };
}

void image_infos_clear(struct image_infos *l)
{
	for (size_t i = 0; i < l->n; i++)
		image_info_clear(&l->v[i]);
	free_p(&l->v);
	l->n = 0;
}

void image_clear(struct image *i)
{
	free_p(&i->name);
	image_config_clear(&i->config);
	free_p(&i->chain_ids);
	*i = (struct image){ 0 };
}

static void fill_info(const struct image_record *rec, struct image_info *ret)
{
	*ret = (struct image_info){
		.name = xstrdup(rec->name),
		.size = rec->size,
		.created_at = rec->created_at,
		.digest = rec->digest,
		.media_type = xstrdup(rec->media_type),
	};
}

/* An unreadable record is listed under its file name, with the reason in a label. */
static int add_info(void *ctx, const char *file, const struct image_record *rec,
		    const struct kerr *why)
{
	struct image_infos *l = ctx;
	struct image_info *i = vec_grow(&l->v, &l->n, sizeof(*l->v));
	char text[KERR_TEXT_MAX];

	if (rec) {
		fill_info(rec, i);
		return 0;
	}
	i->name = xstrdup(file);
	i->media_type = xstrdup("");
	strmap_set(&i->labels, IMAGE_LABEL_UNREADABLE, kerr_text(why, text, sizeof(text)));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct image_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int image_list(struct image_store *s, struct image_infos *ret, struct kerr *err)
{
	cleanup_image_infos struct image_infos l = { 0 };
	int r;

	r = image_record_walk(s, add_info, &l, err);
	if (r < 0)
		return r;
	if (l.n > 0)
		qsort(l.v, l.n, sizeof(*l.v), by_name);
	*ret = take_struct(l);
	return 0;
}

static int not_found(struct kerr *err)
{
	return kerr_setk(err, ERR_IMAGE_NOT_FOUND, -ENOENT, "%s",
			 err_kind_text(ERR_IMAGE_NOT_FOUND));
}

/* Look up the name as typed, then its normalised form. */
int image_find(struct image_store *s, const char *ref, struct image_record *ret, struct kerr *err)
{
	cleanup_free char *name = NULL;
	int r;

	r = image_record_load(s, ref, ret, err);
	if (r != -ENOENT)
		return r;
	if (ref_normalise(ref, &name, NULL) < 0 || streq(name, ref))
		return not_found(err);
	r = image_record_load(s, name, ret, err);
	return r == -ENOENT ? not_found(err) : r;
}

int image_get(struct image_store *s, const char *ref, struct image_info *ret, struct kerr *err)
{
	cleanup_image_record struct image_record rec = { 0 };
	int r;

	r = image_find(s, ref, &rec, err);
	if (r < 0)
		return r;
	fill_info(&rec, ret);
	return 0;
}

static int delete_name(struct image_store *s, const char *name, char **ret_name, struct kerr *err)
{
	int r;

	r = image_record_remove(s, name, err);
	if (r < 0)
		return r;
	if (ret_name)
		*ret_name = xstrdup(name);
	return image_gc(s, NULL, err);
}

int image_delete(struct image_store *s, const char *ref, char **ret_name, struct kerr *err)
{
	cleanup_free char *name = NULL;
	int r;

	/* The record is not read: a damaged one can be deleted too. */
	r = delete_name(s, ref, ret_name, err);
	if (r != -ENOENT)
		return r;
	r = image_record_remove_file(s, ref, err);
	if (r == 0 && ret_name)
		*ret_name = xstrdup(ref);
	if (r != -ENOENT)
		return r < 0 ? r : image_gc(s, NULL, err);
	if (ref_normalise(ref, &name, NULL) < 0 || streq(name, ref))
		return not_found(err);
	r = delete_name(s, name, ret_name, err);
	return r == -ENOENT ? not_found(err) : r;
}

/* Compute the chain ids of the image's layers; each layer must exist. */
static int fill_chain(struct image_store *s, struct image *i, struct kerr *err)
{
	struct digest diff;

	i->n_chain_ids = i->config.diff_ids.n;
	i->chain_ids = xcalloc(i->n_chain_ids + 1, sizeof(*i->chain_ids));
	for (size_t k = 0; k < i->n_chain_ids; k++) {
		if (digest_parse(i->config.diff_ids.v[k], &diff) < 0)
			return kerr_plain(err, -EINVAL, "bad diff id in an image configuration");
		digest_chain(k > 0 ? &i->chain_ids[k - 1] : NULL, &diff, &i->chain_ids[k]);
		if (!layer_exists(s, &i->chain_ids[k]))
			return kerr_plain(err, -EIO,
					  "layer %s is missing or damaged; load the image again",
					  i->chain_ids[k].text);
	}
	return 0;
}

static int get_blob(struct image_store *s, const struct digest *d, const char *what,
		    struct buf *ret, struct kerr *err)
{
	int r;

	r = cas_get(s, d, IMAGE_MAX_MANIFEST, ret, err);
	if (r == -ENOENT)
		return kerr_plain(err, -EIO, "%s %s is missing; load the image again", what,
				  d->text);
	return r;
}

/* Read manifest and configuration, and fill in the layers and the size. */
static int fill_image(struct image_store *s, struct image *i, struct kerr *err)
{
	cleanup_oci_manifest struct oci_manifest m = { 0 };
	cleanup_buf struct buf b = BUF_INIT(IMAGE_MAX_MANIFEST);
	int r;

	r = get_blob(s, &i->manifest, "manifest", &b, err);
	if (r == 0)
		r = oci_manifest_parse(buf_str(&b), b.len, &m, err);
	if (r == 0)
		r = get_blob(s, &m.config.digest, "image configuration", &b, err);
	if (r == 0)
		r = image_config_parse(buf_str(&b), b.len, &i->config, err);
	if (r < 0)
		return r;
	i->size = m.config.size;
	for (size_t k = 0; k < m.n_layers; k++)
		i->size += m.layers[k].size;
	return fill_chain(s, i, err);
}

int image_resolve(struct image_store *s, const char *ref, struct image *ret, struct kerr *err)
{
	cleanup_image_record struct image_record rec = { 0 };
	cleanup_image struct image i = { 0 };
	int r;

	r = image_find(s, ref, &rec, err);
	if (r < 0)
		return r;
	i.name = take_ptr(rec.name);
	i.digest = rec.digest;
	i.manifest = rec.manifest;
	r = fill_image(s, &i, err);
	if (r < 0)
		return kerr_wrap(err, r, "image '%s'", i.name);
	*ret = take_struct(i);
	return 0;
}

int image_resolve_digest(struct image_store *s, const struct digest *manifest, struct image *ret,
			 struct kerr *err)
{
	cleanup_image struct image i = { 0 };
	int r;

	if (!cas_has(s, manifest))
		return not_found(err);
	i.name = xstrdup("");
	i.digest = i.manifest = *manifest;
	r = fill_image(s, &i, err);
	if (r < 0)
		return kerr_wrap(err, r, "image %s", manifest->text);
	*ret = take_struct(i);
	return 0;
}
