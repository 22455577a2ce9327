/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cas.h"
#include "image_import.h"
#include "imgstore.h"
#include "mem.h"
#include "str.h"

enum {
	SHOWN_MAX = 100, /* bytes of a media type in a message */
};

void image_import_clear(struct image_import *n)
{
	image_record_clear(&n->rec);
	oci_manifest_clear(&n->manifest);
	image_config_clear(&n->config);
}

static void show_type(struct buf *out, const char *type)
{
	str_vis(out, type, strnlen(type, SHOWN_MAX));
}

static bool is_one_of(const char *const types[], const char *t)
{
	for (; *types; types++)
		if (streq(*types, t))
			return true;
	return false;
}

bool image_import_is_foreign(const char *media_type)
{
	static const char *const types[] = {
		MEDIA_OCI_FOREIGN,
		MEDIA_OCI_FOREIGN "+gzip",
		MEDIA_OCI_FOREIGN "+zstd",
		MEDIA_DOCKER_FOREIGN,
		MEDIA_DOCKER_FOREIGN ".gzip",
		MEDIA_DOCKER_FOREIGN ".zstd",
		NULL,
	};

	return is_one_of(types, media_type);
}

static bool is_layer_type(const char *t)
{
	static const char *const types[] = {
		MEDIA_OCI_LAYER,
		MEDIA_OCI_LAYER "+gzip",
		MEDIA_OCI_LAYER "+zstd",
		MEDIA_DOCKER_LAYER,
		MEDIA_DOCKER_LAYER ".gzip",
		MEDIA_DOCKER_LAYER ".zstd",
		NULL,
	};

	return is_one_of(types, t) || image_import_is_foreign(t);
}

static int not_an_image(const char *what, const char *type, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * SHOWN_MAX);

	show_type(&shown, type);
	return kerr_plain(err, IMAGE_NO_IMAGE, "not a container image: %s '%s'", what,
			  buf_str(&shown));
}

int image_import_check_types(const struct oci_manifest *m, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * SHOWN_MAX);
	const char *t;
	size_t i;

	if (!oci_is_image_config(m->config.media_type))
		return not_an_image("config media type", m->config.media_type, err);
	for (i = 0; i < m->n_layers && is_layer_type(m->layers[i].media_type); i++)
		;
	if (i == m->n_layers)
		return 0;
	t = m->layers[i].media_type;
	if (str_has_prefix(t, "application/vnd.in-toto"))
		return not_an_image("an attestation with layers of media type", t, err);
	show_type(&shown, t);
	if (strstr(t, "encrypted"))
		return kerr_plain(
			err, -EINVAL,
			"layer %zu is encrypted (media type '%s'), which is not supported", i + 1,
			buf_str(&shown));
	return kerr_plain(err, -EINVAL, "layer %zu has the unknown media type '%s'", i + 1,
			  buf_str(&shown));
}

int image_import_refuse_schema1(const char *media_type, const struct buf *text, struct kerr *err)
{
	if (!str_has_prefix(media_type, "application/vnd.docker.distribution.manifest.v1") &&
	    !oci_is_schema1(buf_str(text), text->len))
		return 0;
	return kerr_plain(
		err, -EINVAL,
		"the image is available in docker's schema 1 only, which is not supported: "
		"push or save it again with a current tool");
}

static int check_rootfs(const struct image_config *c, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * SHOWN_MAX);

	if (str_empty(c->rootfs_type) || streq(c->rootfs_type, "layers"))
		return 0;
	show_type(&shown, c->rootfs_type);
	return kerr_plain(err, -EINVAL, "rootfs.type is '%s', only 'layers' is supported",
			  buf_str(&shown));
}

int image_import_check(struct image_import *n, const struct platform *host, size_t n_layers,
		       struct kerr *err)
{
	struct platform p = { n->config.os, n->config.architecture, n->config.variant };
	int r;

	if ((!str_empty(p.os) || !str_empty(p.arch)) && platform_match(host, &p) == 0)
		return kerr_plain(err, IMAGE_OTHER_HOST,
				  "built for %.64s/%.64s, this host is %s/%s", p.os, p.arch,
				  host->os, host->arch);
	n->chosen = true;
	r = check_rootfs(&n->config, err);
	if (r < 0)
		return r;
	if (n->config.diff_ids.n != n_layers)
		return kerr_plain(err, -EINVAL, "image has %zu layers and %zu diff ids", n_layers,
				  n->config.diff_ids.n);
	return 0;
}

int image_import_judge(struct image_import *n, struct kerr *err)
{
	if (n->judged++ < IMAGE_MAX_DESCRIPTORS)
		return 0;
	return kerr_plain(err, -E2BIG,
			  "no image for this host among the first %d manifests and indexes",
			  IMAGE_MAX_DESCRIPTORS);
}

/* Entry d of an index has failed with r: whether to try the next entry. */
static bool is_skipped(const struct image_import *n, const struct oci_descriptor *d, int r)
{
	/*
	 * An entry without a platform may be for another host, so its manifest may be
	 * missing.
	 */
	return r == IMAGE_OTHER_HOST || r == IMAGE_NO_IMAGE ||
	       (r == -ENOENT && !n->chosen && !oci_has_platform(d));
}

static int no_match_error(const struct platform *host, const struct kerr *missing, struct kerr *err)
{
	if (missing->msg[0] == '\0')
		return kerr_plain(err, IMAGE_OTHER_HOST,
				  "the index has no image for this host (%s/%s)", host->os,
				  host->arch);
	if (err)
		*err = *missing;
	return -ENOENT;
}

int image_import_pick(struct image_import *n, const struct buf *text, const struct platform *host,
		      image_try_fn *take, void *ctx, struct kerr *err)
{
	cleanup_free const struct oci_descriptor **order = NULL;
	cleanup_oci_index struct oci_index index = { 0 };
	struct kerr why = { 0 }, missing = { 0 };
	size_t count;
	int r;

	r = oci_index_parse(buf_str(text), text->len, &index, err);
	if (r < 0)
		return r;
	count = oci_index_order(&index, host, &order);
	for (size_t i = 0; i < count; i++) {
		r = take(ctx, order[i], &why);
		if (r == 0)
			return 0;
		if (!is_skipped(n, order[i], r)) {
			if (err)
				*err = why;
			return r;
		}
		if (r == -ENOENT && missing.msg[0] == '\0')
			missing = why;
		oci_manifest_clear(&n->manifest);
		image_config_clear(&n->config);
		n->chosen = false;
	}
	return no_match_error(host, &missing, err);
}

int image_import_put(struct image_store *s, struct image_import *n, const struct digest *d,
		     const struct buf *b, struct kerr *err)
{
	strlist_add(&n->rec.blobs, d->text);
	return cas_put(s, buf_str(b), b->len, d, err);
}

int image_import_finish(struct image_store *s, struct image_import *n, const char *name,
			struct kerr *err)
{
	n->rec.size = n->manifest.config.size;
	for (size_t i = 0; i < n->manifest.n_layers; i++)
		n->rec.size += n->manifest.layers[i].size;
	free_p(&n->rec.name);
	n->rec.name = xstrdup(name);
	return image_record_save(s, &n->rec, err);
}
