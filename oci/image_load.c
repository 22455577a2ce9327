/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle.h"
#include "cas.h"
#include "fd.h"
#include "image.h"
#include "image_new.h"
#include "image_record.h"
#include "layer.h"
#include "mem.h"
#include "node.h"
#include "ref.h"
#include "sha256.h"
#include "str.h"

#define NAME_CONTAINERD "io.containerd.image.name"
#define NAME_OCI "org.opencontainers.image.ref.name"

/* Loading one archive. */
struct load {
	struct image_store *store;
	struct bundle *bundle;
	struct platform host;
	struct strlist *names; /* the caller's */
};

/* Hash a range of a file: for layers that were there already and so were not read. */
static int hash_source(const struct layer_source *src, struct digest *ret, struct kerr *err)
{
	cleanup_(sha256_freep) struct sha256 *sha = sha256_new();
	cleanup_free char *block = xmalloc(256 << 10);
	int64_t done = 0;
	char hex[SHA256_HEX];
	ssize_t n;

	while (done < src->size) {
		n = src->size - done < (256 << 10) ? src->size - done : 256 << 10;
		n = pread(src->fd, block, (size_t) n, src->offset + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kerr_set(err, -errno, "read layer");
		if (n == 0)
			return kerr_plain(err, -EBADMSG, "layer ends early");
		sha256_add(sha, block, (size_t) n);
		done += n;
	}
	sha256_hex(sha, hex);
	digest_from_hex(hex, ret);
	return 0;
}

/* keepLayers: the bytes go to the content store as well. */
static int keep_layer(struct load *ld, const struct layer_source *src, const struct digest *want,
		      struct kerr *err)
{
	cleanup_(cas_writer_freep) struct cas_writer *w = NULL;
	cleanup_free char *block = xmalloc(256 << 10);
	struct digest have;
	int64_t done = 0;
	ssize_t n;
	int r;

	if (cas_has(ld->store, want))
		return 0;
	r = cas_writer_new(ld->store, &w, err);
	while (r == 0 && done < src->size) {
		n = src->size - done < (256 << 10) ? src->size - done : 256 << 10;
		n = pread(src->fd, block, (size_t) n, src->offset + done);
		if (n < 0)
			return kerr_set(err, -errno, "read layer");
		if (n == 0)
			return kerr_plain(err, -EBADMSG, "layer ends early");
		r = cas_writer_add(w, block, (size_t) n, err);
		done += n;
	}
	if (r < 0)
		return r;
	cas_writer_digest(w, &have);
	if (!digest_eq(&have, want))
		return kerr_plain(err, -EBADMSG, "layer %s: content has digest %s", want->text,
				  have.text);
	return cas_writer_commit(w, err);
}

/*
 * Unpack layer i of the configuration from src. blob is its digest when a
 * manifest says so; *ret_done has it in any case.
 */
static int load_layer(struct load *ld, struct image_new *l, size_t i, const struct digest *blob,
		      const struct layer_source *src, struct layer_done *ret, struct kerr *err)
{
	struct digest diff, parent;
	struct layer_want want = { .diff_id = &diff, .blob = blob };
	int r;

	if (i > 0 && digest_parse(l->rec.chain_ids.v[i - 1], &parent) == 0)
		want.parent = &parent;
	r = digest_parse(l->config.diff_ids.v[i], &diff);
	if (r < 0)
		return kerr_plain(err, r, "bad diff id");
	r = layer_unpack(ld->store, &want, src, ret, err);
	if (r < 0)
		return kerr_wrap(err, r, "layer %zu", i + 1);
	if (!ret->unpacked) {
		r = blob ? 0 : hash_source(src, &ret->blob, err);
		if (blob)
			ret->blob = *blob;
		ret->blob_size = src->size;
	}
	if (r == 0 && (ld->store->flags & IMAGE_STORE_KEEP_LAYERS)) {
		r = keep_layer(ld, src, &ret->blob, err);
		strlist_add(&l->rec.blobs, ret->blob.text);
	}
	if (r < 0)
		return r;
	strlist_add(&l->rec.chain_ids, ret->chain.text);
	return 0;
}

static int finish_image(struct load *ld, struct image_new *l, const char *name, struct kerr *err)
{
	int r = image_new_finish(ld->store, l, name, err);

	if (r == 0 && !strlist_has(ld->names, name))
		strlist_add(ld->names, name);
	return r;
}

/* The bytes of a blob of an OCI layout, checked against its descriptor. -ENOENT without message. */
static int read_blob(struct load *ld, const struct oci_descriptor *d, struct buf *ret,
		     struct kerr *err)
{
	cleanup_free char *name = xasprintf("blobs/sha256/%s", digest_hex(&d->digest));
	struct digest have;
	int r;

	r = bundle_read(ld->bundle, name, IMAGE_MAX_MANIFEST, ret, err);
	if (r < 0)
		return r;
	digest_of(buf_str(ret), ret->len, &have);
	if (!digest_eq(&have, &d->digest))
		return kerr_plain(err, -EBADMSG, "blob %s: content has digest %s", d->digest.text,
				  have.text);
	if (d->size != (int64_t) ret->len)
		return kerr_plain(err, -EBADMSG, "blob %s: %zu bytes, its descriptor says %lld",
				  d->digest.text, ret->len, (long long) d->size);
	return 0;
}

static int need_blob(struct load *ld, const struct oci_descriptor *d, const char *what,
		     struct buf *ret, struct kerr *err)
{
	int r;

	r = read_blob(ld, d, ret, err);
	if (r == -ENOENT)
		return kerr_plain(err, -ENOENT, "%s %s is not in the archive", what,
				  d->digest.text);
	return r;
}

static int load_oci_layer(struct load *ld, struct image_new *l, size_t i, struct kerr *err)
{
	const struct oci_descriptor *d = &l->manifest.layers[i];
	cleanup_free char *name = xasprintf("blobs/sha256/%s", digest_hex(&d->digest));
	struct layer_source src = { .fd = -EBADF };
	struct layer_done done;
	int r;

	r = bundle_find(ld->bundle, name, &src, err);
	if (r == -ENOENT)
		return kerr_plain(err, -ENOENT, "layer %s is not in the archive", d->digest.text);
	if (r < 0)
		return r;
	if (src.size != d->size)
		return kerr_plain(err, -EBADMSG, "layer %s: %lld bytes, its descriptor says %lld",
				  d->digest.text, (long long) src.size, (long long) d->size);
	return load_layer(ld, l, i, &d->digest, &src, &done, err);
}

/* From a manifest's bytes to unpacked layers. */
static int load_manifest(struct load *ld, struct image_new *l, const struct oci_descriptor *d,
			 const struct buf *text, struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	size_t i;
	int r;

	l->rec.manifest = d->digest;
	r = oci_manifest_parse(buf_str(text), text->len, &l->manifest, err);
	if (r == 0)
		r = need_blob(ld, &l->manifest.config, "image configuration", &config, err);
	if (r == 0)
		r = image_config_parse(buf_str(&config), config.len, &l->config, err);
	if (r == 0)
		r = image_new_check(l, &ld->host, l->manifest.n_layers, err);
	for (i = 0; r == 0 && i < l->manifest.n_layers; i++)
		r = load_oci_layer(ld, l, i, err);
	if (r == 0)
		r = image_new_put(ld->store, l, &l->manifest.config.digest, &config, err);
	return r == 0 ? image_new_put(ld->store, l, &d->digest, text, err) : r;
}

/* Down from what a name points to, through indexes, to the manifest for this host. */
static int load_target(struct load *ld, struct image_new *l, const struct oci_descriptor *d,
		       unsigned depth, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_oci_index struct oci_index index = { 0 };
	const struct oci_descriptor *pick;
	int r;

	if (depth > IMAGE_MAX_INDEX_DEPTH)
		return kerr_plain(err, -ELOOP, "indexes are nested too deep");
	r = need_blob(ld, d, "manifest", &text, err);
	if (r == 0)
		r = oci_kind(buf_str(&text), text.len, d->media_type, err);
	if (r < 0)
		return r;
	if (r == OCI_KIND_MANIFEST)
		return load_manifest(ld, l, d, &text, err);
	r = oci_index_parse(buf_str(&text), text.len, &index, err);
	if (r < 0)
		return r;
	pick = oci_index_select(&index, &ld->host);
	if (!pick)
		return image_new_no_platform(&ld->host, err);
	r = load_target(ld, l, pick, depth + 1, err);
	return r == 0 ? image_new_put(ld->store, l, &d->digest, &text, err) : r;
}

static int load_named(struct load *ld, const struct oci_descriptor *d, struct kerr *err)
{
	cleanup_(image_new_clear) struct image_new l = { 0 };
	const char *name = strmap_get(&d->annotations, NAME_CONTAINERD);
	int r;

	if (str_empty(name))
		name = strmap_get(&d->annotations, NAME_OCI);
	if (str_empty(name))
		return 0; /* no name, no image */
	r = image_record_check_name(name, err);
	if (r < 0)
		return r;
	l.rec.digest = d->digest;
	l.rec.media_type = xstrdup(d->media_type);
	strlist_make_empty(&l.rec.blobs);
	strlist_make_empty(&l.rec.chain_ids);
	r = load_target(ld, &l, d, 0, err);
	if (r == 0)
		r = finish_image(ld, &l, name, err);
	return r < 0 ? kerr_wrap(err, r, "image '%s'", name) : 0;
}

static int check_layout_version(struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(4096);
	cleanup_node struct node *root = NULL;
	const char *version;
	int r;

	r = bundle_read(ld->bundle, "oci-layout", 4096, &text, err);
	if (r == 0)
		r = node_read_json(buf_str(&text), text.len, "oci-layout", &root, err);
	if (r < 0)
		return r;
	version = node_str(node_get(root, "imageLayoutVersion"));
	if (!version || !streq(version, "1.0.0"))
		return kerr_plain(err, -EINVAL, "oci-layout: version '%.32s' is not 1.0.0",
				  version ? version : "");
	return 0;
}

static int load_oci(struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_oci_index struct oci_index index = { 0 };
	size_t i;
	int r;

	r = check_layout_version(ld, err);
	if (r < 0)
		return r;
	r = bundle_read(ld->bundle, "index.json", IMAGE_MAX_MANIFEST, &text, err);
	if (r == -ENOENT)
		return kerr_plain(err, -EINVAL, "index.json is not in the archive");
	if (r == 0)
		r = oci_index_parse(buf_str(&text), text.len, &index, err);
	for (i = 0; r == 0 && i < index.n_manifests; i++)
		r = load_named(ld, &index.manifests[i], err);
	return r;
}

/* "" (plain), ".gzip", ".zstd": what docker's layer types end in. */
static const char *compression_of(const struct layer_source *src)
{
	unsigned char b[4] = { 0 };

	if (pread(src->fd, b, src->size < 4 ? (size_t) src->size : 4, src->offset) < 0)
		return ""; /* reading it goes wrong once more, with a message */
	if (b[0] == 0x1f && b[1] == 0x8b)
		return ".gzip";
	if (b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd)
		return ".zstd";
	return "";
}

static int load_docker_layer(struct load *ld, struct image_new *l, size_t i, const char *name,
			     struct kerr *err)
{
	struct layer_source src = { .fd = -EBADF };
	struct layer_done done;
	struct oci_descriptor *d;
	int r;

	r = bundle_find(ld->bundle, name, &src, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "layer '%.256s' is not in the archive", name);
	if (r == 0)
		r = load_layer(ld, l, i, NULL, &src, &done, err);
	if (r < 0)
		return r;
	d = vec_grow(&l->manifest.layers, &l->manifest.n_layers, sizeof(*d));
	d->media_type = xasprintf(MEDIA_DOCKER_LAYER "%s", compression_of(&src));
	d->digest = done.blob;
	d->size = done.blob_size;
	return 0;
}

static int read_docker_config(struct load *ld, struct image_new *l, const char *name,
			      struct buf *ret, struct kerr *err)
{
	int r;

	r = bundle_read(ld->bundle, name, IMAGE_MAX_MANIFEST, ret, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "configuration '%.256s' is not in the archive", name);
	if (r == 0)
		r = image_config_parse(buf_str(ret), ret->len, &l->config, err);
	if (r < 0)
		return r;
	digest_of(buf_str(ret), ret->len, &l->manifest.config.digest);
	l->manifest.config.size = (int64_t) ret->len;
	return 0;
}

/* One entry of manifest.json without its names. */
static int load_docker_entry(struct load *ld, struct image_new *l, const struct node *e,
			     struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	const struct node *layers = node_get(e, "Layers");
	const char *name = node_str(node_get(e, "Config"));
	size_t i, n = node_count(layers);
	int r;

	if (!name || (!node_is_null(layers) && layers->kind != NODE_SEQ))
		return kerr_plain(err, -EINVAL, "manifest.json: bad entry");
	r = read_docker_config(ld, l, name, &config, err);
	if (r == 0)
		r = image_new_check(l, &ld->host, n, err);
	for (i = 0; r == 0 && i < n; i++) {
		name = node_str(node_item(layers, i));
		r = name ? load_docker_layer(ld, l, i, name, err)
			 : kerr_plain(err, -EINVAL, "manifest.json: bad layer name");
	}
	if (r < 0)
		return r;
	oci_manifest_emit_docker(&l->manifest, &text);
	digest_of(buf_str(&text), text.len, &l->rec.manifest);
	l->rec.digest = l->rec.manifest;
	l->rec.media_type = xstrdup(MEDIA_DOCKER_MANIFEST);
	r = image_new_put(ld->store, l, &l->manifest.config.digest, &config, err);
	return r == 0 ? image_new_put(ld->store, l, &l->rec.manifest, &text, err) : r;
}

static int normalise_tags(const struct node *tags, struct strlist *ret, struct kerr *err)
{
	const char *tag;
	size_t i;
	int r;

	for (i = 0; i < node_count(tags); i++) {
		cleanup_free char *name = NULL;

		tag = node_str(node_item(tags, i));
		r = tag ? ref_normalise(tag, &name, err)
			: kerr_plain(err, -EINVAL, "manifest.json: bad RepoTags");
		if (r < 0)
			return r;
		strlist_add(ret, name);
	}
	return 0;
}

static int load_docker_image(struct load *ld, const struct node *e, struct kerr *err)
{
	cleanup_(image_new_clear) struct image_new l = { 0 };
	cleanup_strlist struct strlist names = { 0 };
	size_t i;
	int r;

	r = normalise_tags(node_get(e, "RepoTags"), &names, err);
	if (r < 0 || names.n == 0)
		return r; /* no name, no image */
	strlist_make_empty(&l.rec.blobs);
	strlist_make_empty(&l.rec.chain_ids);
	r = load_docker_entry(ld, &l, e, err);
	for (i = 0; r == 0 && i < names.n; i++)
		r = finish_image(ld, &l, names.v[i], err);
	return r < 0 ? kerr_wrap(err, r, "image '%s'", names.v[0]) : 0;
}

static int load_docker(struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_node struct node *root = NULL;
	size_t i;
	int r;

	r = bundle_read(ld->bundle, "manifest.json", IMAGE_MAX_MANIFEST, &text, err);
	if (r == 0)
		r = node_read_json(buf_str(&text), text.len, "manifest.json", &root, err);
	if (r < 0)
		return r;
	if (root->kind != NODE_SEQ)
		return kerr_plain(err, -EINVAL, "manifest.json: not a list");
	for (i = 0; r == 0 && i < node_count(root); i++)
		r = load_docker_image(ld, node_item(root, i), err);
	return r;
}

static int load_bundle(struct load *ld, struct kerr *err)
{
	int r;

	platform_host(&ld->host);
	if (bundle_has(ld->bundle, "oci-layout"))
		r = load_oci(ld, err);
	else if (bundle_has(ld->bundle, "manifest.json"))
		r = load_docker(ld, err);
	else
		r = kerr_plain(err, -EINVAL, "unrecognized image format");
	platform_clear(&ld->host);
	return r;
}

typedef int open_fn(struct image_store *s, int fd, struct bundle **ret, struct kerr *err);

/* Hold, open, load, let go; a failure is cleaned up after at once. */
static int load(struct image_store *s, open_fn *open_bundle, int fd, struct strlist *ret_names,
		struct kerr *err)
{
	struct load ld = { .store = s, .names = ret_names };
	int held, r;

	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	strlist_make_empty(ret_names);
	r = open_bundle(s, fd, &ld.bundle, err);
	if (r == 0)
		r = load_bundle(&ld, err);
	ld.bundle = bundle_free(ld.bundle);
	if (held)
		image_store_release(s);
	if (r < 0)
		(void) image_collect(s, NULL, NULL); /* the first error is the one to tell */
	return r;
}

int image_load_fd(struct image_store *s, int fd, struct strlist *ret_names, struct kerr *err)
{
	return load(s, bundle_open_fd, fd, ret_names, err);
}

int image_load_dir(struct image_store *s, int dirfd, struct strlist *ret_names, struct kerr *err)
{
	return load(s, bundle_open_dir, dirfd, ret_names, err);
}

int image_load_bytes(struct image_store *s, const void *p, size_t n, struct strlist *ret_names,
		     struct kerr *err)
{
	cleanup_fd int fd = memfd_create("image", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "make a memory file");
	r = fd_write_all(fd, p, n);
	if (r < 0)
		return kerr_set(err, r, "write image to memory");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return kerr_set(err, -errno, "rewind");
	return image_load_fd(s, fd, ret_names, err);
}
