/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cas.h"
#include "emit_json.h"
#include "image.h"
#include "image_hold.h"
#include "image_inspect.h"
#include "image_record.h"
#include "imgstore.h"
#include "layer.h"
#include "oci_manifest.h"

/* Everything to report, read completely before the output starts. */
struct facts {
	struct image_record rec;
	struct oci_manifest manifest;
	struct image_config config;
	struct buf config_text;
};

static void facts_clear(struct facts *f)
{
	image_record_clear(&f->rec);
	oci_manifest_clear(&f->manifest);
	image_config_clear(&f->config);
	buf_clear(&f->config_text);
}

static int get(struct image_store *s, const struct digest *d, struct buf *ret, struct kerr *err)
{
	int r = cas_get(s, d, IMAGE_MAX_MANIFEST, ret, err);

	return r == -ENOENT ? kerr_plain(err, -EIO, "blob %s is missing", d->text) : r;
}

static int collect(struct image_store *s, const char *ref, struct facts *f, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	int r;

	r = image_find(s, ref, &f->rec, err);
	if (r < 0)
		return r;
	r = get(s, &f->rec.manifest, &text, err);
	if (r == 0)
		r = oci_manifest_parse(buf_str(&text), text.len, &f->manifest, err);
	if (r == 0)
		r = get(s, &f->manifest.config.digest, &f->config_text, err);
	if (r == 0)
		r = image_config_parse(buf_str(&f->config_text), f->config_text.len, &f->config,
				       err);
	return r < 0 ? kerr_wrap(err, r, "image '%s'", f->rec.name) : 0;
}

/* Returns the unpacked bytes, or -1 when the layer is missing or damaged. */
static int64_t put_layer(struct image_store *s, const struct facts *f, size_t i, struct jemit *j)
{
	const struct oci_descriptor *d = &f->manifest.layers[i];
	struct layer_info info = { 0 };
	struct digest chain;
	int64_t bytes = -1;

	if (i < f->rec.chain_ids.n && digest_parse(f->rec.chain_ids.v[i], &chain) == 0 &&
	    layer_read_info(s, &chain, &info, NULL) == 0)
		bytes = (int64_t) info.unpacked_bytes;
	jemit_object(j);
	jemit_key(j, "digest");
	jemit_str(j, d->digest.text);
	jemit_key(j, "mediaType");
	jemit_str(j, d->media_type);
	jemit_key(j, "size");
	jemit_i64(j, d->size);
	jemit_key(j, "diffID");
	jemit_str(j, i < f->config.diff_ids.n ? f->config.diff_ids.v[i] : "");
	jemit_key(j, "chainID");
	jemit_str(j, i < f->rec.chain_ids.n ? f->rec.chain_ids.v[i] : "");
	jemit_key(j, "entries");
	jemit_u64(j, info.entries);
	jemit_key(j, "unpackedBytes");
	jemit_i64(j, bytes);
	jemit_object_end(j);
	return bytes;
}

static void put_record(const struct image_record *rec, struct jemit *j)
{
	jemit_key(j, "name");
	jemit_str(j, rec->name);
	jemit_key(j, "digest");
	jemit_str(j, rec->digest.text);
	jemit_key(j, "mediaType");
	jemit_str(j, rec->media_type);
	jemit_key(j, "manifest");
	jemit_str(j, rec->manifest.text);
	jemit_key(j, "createdAt");
	jemit_time(j, &rec->created_at);
	jemit_key(j, "pulled");
	jemit_bool(j, rec->pulled);
	jemit_key(j, "size");
	jemit_i64(j, rec->size);
}

int image_inspect(struct image_store *s, const char *ref, struct buf *ret, struct kerr *err)
{
	cleanup_(facts_clear) struct facts f = { .config_text = BUF_INIT(IMAGE_MAX_MANIFEST) };
	int64_t bytes, sum = 0;
	struct jemit j;
	int held, r;

	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	r = collect(s, ref, &f, err);
	if (r == 0) {
		jemit_init(&j, ret, 0);
		jemit_object(&j);
		put_record(&f.rec, &j);
		jemit_key(&j, "layers");
		jemit_array(&j);
		for (size_t i = 0; i < f.manifest.n_layers; i++) {
			bytes = put_layer(s, &f, i, &j);
			sum = bytes < 0 || sum < 0 ? -1 : sum + bytes;
		}
		jemit_array_end(&j);
		jemit_key(&j, "unpackedBytes");
		jemit_i64(&j, sum);
		jemit_key(&j, "config");
		jemit_raw(&j, buf_str(&f.config_text), f.config_text.len);
		jemit_object_end(&j);
	}
	if (held)
		image_store_release(s);
	return r < 0 ? r : buf_check(ret, "description of the image", err);
}
