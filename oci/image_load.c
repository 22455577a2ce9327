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
#include "inflate.h"
#include "layers.h"
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

/* One of its layers: where it is in the archive, and its size, -1 while that is not known. */
struct wanted {
	char *file;
	char *shown; /* its name in messages */
	int64_t size;
};

static void wanted_free(struct wanted *w, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(w[i].file);
		free(w[i].shown);
	}
	free(w);
}

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

/* Layer i in the archive: there, and of the size that its descriptor says. */
static int find_layer(struct load *ld, const struct wanted *w, struct layer_source *ret,
		      struct kerr *err)
{
	int r;

	r = bundle_find(ld->bundle, w->file, ret, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "layer %.256s is not in the archive", w->shown);
	if (r == 0 && w->size >= 0 && ret->size != w->size)
		return kerr_plain(err, -EBADMSG, "layer %s: %lld bytes, its descriptor says %lld",
				  w->shown, (long long) ret->size, (long long) w->size);
	return r;
}

/* The largest missing one: what takes longest begins first. */
static int start_one(struct load *ld, const struct wanted *w, size_t n, struct layers *layers,
		     struct kerr *err)
{
	struct layer_source src = { .fd = -EBADF };
	size_t i, pick = n;
	int r;

	for (i = 0; i < n; i++)
		if (layers_missing(layers, i) && (pick == n || w[i].size > w[pick].size))
			pick = i;
	if (pick == n)
		return 0;
	r = find_layer(ld, &w[pick], &src, err);
	if (r == 0)
		r = layers_start(layers, pick, &src, err);
	return r < 0 ? r : 1;
}

static int unpack_all(struct load *ld, const struct wanted *w, size_t n, struct layers *layers,
		      struct kerr *err)
{
	int r;

	do {
		r = 1;
		while (r > 0 && layers_running(layers) < layers_parallel())
			r = start_one(ld, w, n, layers, err);
		/* Commits wait for the disk: not while there is something to start. */
		if (r == 0)
			r = layers_commit(layers, err);
		if (r >= 0)
			r = layers_wait(layers, -1, err);
	} while (r > 0);
	return r < 0 ? r : layers_commit(layers, err);
}

/* What the record says of layer i; its source is hashed where nothing has told the digest. */
static int note_layer(struct load *ld, struct image_new *l, const struct wanted *w,
		      const struct layers *layers, size_t i, struct kerr *err)
{
	struct oci_descriptor *d = &l->manifest.layers[i];
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	strlist_add(&l->rec.chain_ids, layers_chain(layers, i)->text);
	if (!digest_is_set(&d->digest) && !layers_source(layers, i, &d->digest, &d->size)) {
		r = find_layer(ld, &w[i], &src, err);
		if (r == 0)
			r = hash_source(&src, &d->digest, err);
		d->size = src.size;
	}
	if (r == 0 && (ld->store->flags & IMAGE_STORE_KEEP_LAYERS)) {
		r = find_layer(ld, &w[i], &src, err);
		if (r == 0)
			r = keep_layer(ld, &src, &d->digest, err);
		strlist_add(&l->rec.blobs, d->digest.text);
	}
	return r;
}

/* Unpack the layers of the configuration, which are as many as the manifest's. */
static int load_layers(struct load *ld, struct image_new *l, struct wanted *w, struct kerr *err)
{
	size_t i, n = l->config.diff_ids.n;
	cleanup_free struct layer_want *want = xcalloc(n + 1, sizeof(*want));
	cleanup_(layers_freep) struct layers *layers = NULL;
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		want[i].blob = l->manifest.layers[i].digest;
		r = digest_parse(l->config.diff_ids.v[i], &want[i].diff_id);
		if (r < 0)
			return kerr_plain(err, r, "bad diff id");
		r = find_layer(ld, &w[i], &src, err);
		w[i].size = src.size;
	}
	if (r == 0)
		r = layers_new(ld->store, want, n, &layers, err);
	if (r == 0)
		r = unpack_all(ld, w, n, layers, err);
	for (i = 0; r == 0 && i < n; i++)
		r = note_layer(ld, l, w, layers, i, err);
	return r;
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

static int load_oci_layers(struct load *ld, struct image_new *l, struct kerr *err)
{
	size_t i, n = l->manifest.n_layers;
	struct wanted *w = xcalloc(n + 1, sizeof(*w));
	int r;

	for (i = 0; i < n; i++) {
		const struct oci_descriptor *d = &l->manifest.layers[i];

		w[i].file = xasprintf("blobs/sha256/%s", digest_hex(&d->digest));
		w[i].shown = xstrdup(d->digest.text);
		w[i].size = d->size;
	}
	r = load_layers(ld, l, w, err);
	wanted_free(w, n);
	return r;
}

/* From a manifest's bytes to unpacked layers. */
static int load_manifest(struct load *ld, struct image_new *l, const struct oci_descriptor *d,
			 const struct buf *text, struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	int r;

	l->rec.manifest = d->digest;
	r = oci_manifest_parse(buf_str(text), text->len, &l->manifest, err);
	if (r == 0)
		r = need_blob(ld, &l->manifest.config, "image configuration", &config, err);
	if (r == 0)
		r = image_config_parse(buf_str(&config), config.len, &l->config, err);
	if (r == 0)
		r = image_new_check(l, &ld->host, l->manifest.n_layers, err);
	if (r == 0)
		r = load_oci_layers(ld, l, err);
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

/* The manifest that the archive has not: its layers, so far without digest and size. */
static int load_docker_layers(struct load *ld, struct image_new *l, const struct node *layers,
			      struct kerr *err)
{
	size_t i, n = node_count(layers);
	struct wanted *w = xcalloc(n + 1, sizeof(*w));
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		const char *name = node_str(node_item(layers, i));
		struct oci_descriptor *d =
			vec_grow(&l->manifest.layers, &l->manifest.n_layers, sizeof(*d));

		if (!name) {
			r = kerr_plain(err, -EINVAL, "manifest.json: bad layer name");
			break;
		}
		w[i] = (struct wanted){ xstrdup(name), xasprintf("'%.256s'", name), -1 };
		r = find_layer(ld, &w[i], &src, err);
		if (r == 0)
			d->media_type = xasprintf(MEDIA_DOCKER_LAYER "%s", compression_of(&src));
	}
	if (r == 0)
		r = load_layers(ld, l, w, err);
	wanted_free(w, n);
	return r;
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
	int r;

	if (!name || (!node_is_null(layers) && layers->kind != NODE_SEQ))
		return kerr_plain(err, -EINVAL, "manifest.json: bad entry");
	r = read_docker_config(ld, l, name, &config, err);
	if (r == 0)
		r = image_new_check(l, &ld->host, node_count(layers), err);
	if (r == 0)
		r = load_docker_layers(ld, l, layers, err);
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

static int open_archive(struct load *ld, int fd, struct kerr *err)
{
	cleanup_(inflate_clear) struct inflate f = INFLATE_INIT;
	int r;

	if (!inflate_needed(fd))
		return bundle_open_fd(ld->store, fd, &ld->bundle, err);
	r = inflate_start(ld->store, fd, &f, err);
	if (r < 0)
		return r;
	r = bundle_open_fd(ld->store, f.fd, &ld->bundle, err);
	return inflate_finish(&f, r, err);
}

static int open_layout(struct load *ld, int dirfd, struct kerr *err)
{
	return bundle_open_dir(ld->store, dirfd, &ld->bundle, err);
}

typedef int open_fn(struct load *ld, int fd, struct kerr *err);

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
	r = open_bundle(&ld, fd, err);
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
	return load(s, open_archive, fd, ret_names, err);
}

int image_load_dir(struct image_store *s, int dirfd, struct strlist *ret_names, struct kerr *err)
{
	return load(s, open_layout, dirfd, ret_names, err);
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
