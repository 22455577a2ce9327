/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive_layers.h"
#include "bundle.h"
#include "fd.h"
#include "image.h"
#include "image_gc.h"
#include "image_hold.h"
#include "image_import.h"
#include "image_load.h"
#include "image_record.h"
#include "imgstore.h"
#include "inflate.h"
#include "jval.h"
#include "mem.h"
#include "path.h"
#include "ref.h"
#include "str.h"

#define NAME_CONTAINERD "io.containerd.image.name"
#define NAME_OCI "org.opencontainers.image.ref.name"

enum {
	LOAD_TEXT_MAX = 400, /* bytes of the message that lists why images were not loaded */
	LOAD_SHOWN_MAX = 100, /* bytes of a type in a message */
};

/* State while one archive is loaded. */
struct load {
	struct image_store *store;
	struct bundle *bundle;
	struct platform host;
	struct jval *tags; /* the docker manifest.json in an OCI layout, if it was read */
	bool tags_read;
	struct image_loaded *ret; /* the caller's */
	struct kerr first; /* why the first image was not loaded */
	int first_r;
};

void image_loaded_clear(struct image_loaded *l)
{
	strlist_clear(&l->names);
	for (size_t i = 0; i < l->n_left; i++) {
		free(l->left[i].name);
		free(l->left[i].why);
	}
	free_p(&l->left);
	l->n_left = 0;
}

static int finish_image(struct load *ld, struct image_import *l, const char *name, struct kerr *err)
{
	int r = image_import_finish(ld->store, l, name, err);

	if (r == 0 && !strlist_has(&ld->ret->names, name))
		strlist_add(&ld->ret->names, name);
	return r;
}

/* Whether the error is this host's and not the image's, so that loading must stop. */
static bool is_host_error(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EROFS || r == -EIO || r == -EMFILE ||
	       r == -ENFILE || r == -EACCES || r == -EPERM || r == -ECANCELED;
}

/*
 * Record that an image was not loaded and go on with the next one, unless the error
 * would stop those too.
 */
static int skip_image(struct load *ld, const char *name, int r, struct kerr *why, struct kerr *err)
{
	struct image_left *l;
	char text[KERR_TEXT_MAX];

	if (is_host_error(r)) {
		if (err)
			*err = *why;
		return kerr_wrap(err, r, "image '%s'", name);
	}
	if (ld->ret->n_left == 0) {
		ld->first = *why;
		ld->first_r = r;
	}
	l = vec_grow(&ld->ret->left, &ld->ret->n_left, sizeof(*l));
	l->name = xstrdup(name);
	l->why = xstrdup(kerr_text(why, text, sizeof(text)));
	l->failed = r != IMAGE_OTHER_HOST && r != IMAGE_NO_IMAGE;
	return 0;
}

/* Return the error for an archive from which no image was loaded. */
static int nothing_loaded_error(const struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 10);
	const struct image_loaded *l = ld->ret;
	size_t i;

	if (l->n_left == 0)
		return kerr_plain(err, -EINVAL, "archive contains no image: %s lists none",
				  bundle_has(ld->bundle, "oci-layout") ? "index.json"
								       : "manifest.json");
	if (l->n_left == 1) {
		if (err)
			*err = ld->first;
		return kerr_wrap(err, ld->first_r, "image '%s'", l->left[0].name);
	}
	for (i = 0; i < l->n_left && (i == 0 || text.len < LOAD_TEXT_MAX / 2); i++)
		buf_addf(&text, "; '%.100s': %.200s", l->left[i].name, l->left[i].why);
	if (i < l->n_left)
		buf_addf(&text, "; and %zu more", l->n_left - i);
	return kerr_plain(err, ld->first_r, "none of the archive's %zu images can be loaded: %s",
			  l->n_left, buf_str(&text) + 2);
}

/*
 * Read a blob of an OCI layout and check it against its descriptor. -ENOENT without a
 * message.
 */
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

/* ---- OCI layouts ---- */

static int load_oci_layers(struct load *ld, struct image_import *l, struct kerr *err)
{
	cleanup_archive_layers struct archive_layers a;

	archive_layers_init(&a, ld->store, ld->bundle, l->manifest.n_layers);
	for (size_t i = 0; i < a.n; i++) {
		const struct oci_descriptor *d = &l->manifest.layers[i];

		a.v[i].file = xasprintf("blobs/sha256/%s", digest_hex(&d->digest));
		a.v[i].shown = xstrdup(d->digest.text);
		a.v[i].size = d->size;
	}
	return archive_layers_load(&a, l, err);
}

/* Load an image, given the bytes of its manifest. */
static int load_manifest(struct load *ld, struct image_import *l, const struct oci_descriptor *d,
			 const struct buf *text, struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	int r;

	l->rec.manifest = d->digest;
	r = oci_manifest_parse(buf_str(text), text->len, &l->manifest, err);
	if (r == 0)
		r = image_import_check_types(&l->manifest, err);
	if (r == 0)
		r = need_blob(ld, &l->manifest.config, "image configuration", &config, err);
	if (r == 0)
		r = image_config_parse(buf_str(&config), config.len, &l->config, err);
	if (r == 0)
		r = image_import_check(l, &ld->host, l->manifest.n_layers, err);
	if (r == 0)
		r = load_oci_layers(ld, l, err);
	if (r == 0)
		r = image_import_put(ld->store, l, &l->manifest.config.digest, &config, err);
	return r == 0 ? image_import_put(ld->store, l, &d->digest, text, err) : r;
}

/* Argument of load_child. */
struct descent {
	struct load *load;
	struct image_import *image;
	unsigned depth;
};

static int load_child(void *ctx, const struct oci_descriptor *d, struct kerr *err);

/* Load what a name points to: a manifest, or through indexes the manifest for this host. */
static int load_target(struct load *ld, struct image_import *l, const struct oci_descriptor *d,
		       unsigned depth, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct descent at = { ld, l, depth + 1 };
	int r;

	if (depth > IMAGE_MAX_INDEX_DEPTH)
		return kerr_plain(err, -ELOOP, "indexes are nested too deep");
	r = image_import_judge(l, err);
	if (r == 0)
		r = need_blob(ld, d, "manifest", &text, err);
	if (r == 0)
		r = image_import_refuse_schema1(d->media_type, &text, err);
	if (r == 0)
		r = oci_kind(buf_str(&text), text.len, d->media_type, err);
	if (r < 0)
		return r;
	if (r == OCI_KIND_MANIFEST)
		return load_manifest(ld, l, d, &text, err);
	r = image_import_pick(l, &text, &ld->host, load_child, &at, err);
	return r == 0 ? image_import_put(ld->store, l, &d->digest, &text, err) : r;
}

static int load_child(void *ctx, const struct oci_descriptor *d, struct kerr *err)
{
	const struct descent *at = ctx;

	return load_target(at->load, at->image, d, at->depth, err);
}

static int normalise_tags(const struct jval *tags, struct strlist *ret, struct kerr *err)
{
	const char *tag;
	int r;

	for (size_t i = 0; i < jval_count(tags); i++) {
		cleanup_free char *name = NULL;

		tag = jval_str(jval_item(tags, i));
		r = tag ? ref_normalise(tag, &name, err)
			: kerr_plain(err, -EINVAL, "manifest.json: bad RepoTags");
		if (r < 0)
			return r;
		strlist_add(ret, name);
	}
	return 0;
}

/* ---- names ---- */

static int read_manifest_json(struct load *ld, struct jval **ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_jval struct jval *root = NULL;
	int r;

	r = bundle_read(ld->bundle, "manifest.json", IMAGE_MAX_MANIFEST, &text, err);
	if (r == 0)
		r = jval_read(buf_str(&text), text.len, "manifest.json", &root, err);
	if (r < 0)
		return r;
	if (!jval_is_array(root))
		return kerr_plain(err, -EINVAL, "manifest.json: not a list");
	*ret = take_ptr(root);
	return 0;
}

/*
 * Get the names that docker's manifest.json, when there is one in the OCI layout, has
 * for a configuration.
 */
static int find_tags(struct load *ld, const struct digest *config, struct strlist *ret,
		     struct kerr *err)
{
	cleanup_free char *old = xasprintf("%s.json", digest_hex(config));
	int r = 0;

	if (!ld->tags_read)
		r = read_manifest_json(ld, &ld->tags, err);
	ld->tags_read = true;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; r == 0 && i < jval_count(ld->tags); i++) {
		const struct jval *e = jval_item(ld->tags, i);
		const char *file = jval_str(jval_get(e, "Config"));

		if (file && (streq(path_basename(file), digest_hex(config)) ||
			     streq(path_basename(file), old)))
			r = normalise_tags(jval_get(e, "RepoTags"), ret, err);
	}
	return r;
}

/* The name in an index entry's annotations; NULL: none. */
static const char *own_name(const struct oci_descriptor *d)
{
	const char *name = strmap_get(&d->annotations, NAME_CONTAINERD);

	if (str_empty(name))
		name = strmap_get(&d->annotations, NAME_OCI);
	return str_empty(name) ? NULL : name;
}

/* Save the image under all its names, or under its digest when it has none. */
static int finish_names(struct load *ld, struct image_import *l, const char *name, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r = 0;

	if (name)
		strlist_add(&names, name);
	else
		r = find_tags(ld, &l->manifest.config.digest, &names, err);
	if (r == 0 && names.n == 0)
		strlist_add(&names, l->rec.digest.text);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = finish_image(ld, l, names.v[i], err);
	return r;
}

/* ---- OCI layouts: index.json ---- */

static int refuse_entry(const struct oci_descriptor *d, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * LOAD_SHOWN_MAX);
	bool artifact = !str_empty(d->artifact_type);
	const char *type = artifact ? d->artifact_type : d->media_type;

	str_vis(&shown, type, strnlen(type, LOAD_SHOWN_MAX));
	return kerr_plain(err, IMAGE_NO_IMAGE, "not a container image: %s '%s'",
			  artifact ? "artifact type" : "media type", buf_str(&shown));
}

static int load_entry(struct load *ld, const struct oci_descriptor *d, struct kerr *err)
{
	cleanup_image_import struct image_import l = { 0 };
	const char *name = own_name(d);
	int r;

	r = name ? image_record_check_name(name, err) : 0;
	if (r == 0 && !oci_may_be_image(d))
		r = refuse_entry(d, err);
	if (r < 0)
		return r;
	l.rec.digest = d->digest;
	l.rec.media_type = xstrdup(d->media_type);
	strlist_make_empty(&l.rec.blobs);
	strlist_make_empty(&l.rec.chain_ids);
	r = load_target(ld, &l, d, 0, err);
	return r == 0 ? finish_names(ld, &l, name, err) : r;
}

static int check_layout_version(struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(4096);
	cleanup_jval struct jval *root = NULL;
	const char *version;
	int r;

	r = bundle_read(ld->bundle, "oci-layout", 4096, &text, err);
	if (r == 0)
		r = jval_read(buf_str(&text), text.len, "oci-layout", &root, err);
	if (r < 0)
		return r;
	version = jval_str(jval_get(root, "imageLayoutVersion"));
	if (!version || !streq(version, "1.0.0"))
		return kerr_plain(err, -EINVAL, "oci-layout: version '%.32s' is not 1.0.0",
				  version ? version : "");
	return 0;
}

static int load_oci(struct load *ld, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_oci_index struct oci_index index = { 0 };
	int r;

	r = check_layout_version(ld, err);
	if (r < 0)
		return r;
	r = bundle_read(ld->bundle, "index.json", IMAGE_MAX_MANIFEST, &text, err);
	if (r == -ENOENT)
		return kerr_plain(err, -EINVAL, "index.json is not in the archive");
	if (r == 0)
		r = oci_index_parse(buf_str(&text), text.len, &index, err);
	if (r < 0)
		return kerr_wrap(err, r, "index.json");
	for (size_t i = 0; r == 0 && i < index.n_manifests; i++) {
		const struct oci_descriptor *d = &index.manifests[i];
		cleanup_buf struct buf shown = BUF_INIT(8 * IMAGE_MAX_NAME);
		const char *name = own_name(d) ? own_name(d) : d->digest.text;
		struct kerr why = { 0 };

		r = load_entry(ld, d, &why);
		str_vis(&shown, name, strnlen(name, IMAGE_MAX_NAME));
		r = r < 0 ? skip_image(ld, buf_str(&shown), r, &why, err) : 0;
	}
	return r;
}

/* ---- docker's archives ---- */

/*
 * The suffix of docker's layer media types for this compression: "" (none), ".gzip" or
 * ".zstd".
 */
static const char *compression_of(const struct layer_source *src)
{
	unsigned char b[4] = { 0 };

	if (pread(src->fd, b, src->size < 4 ? (size_t) src->size : 4, src->offset) < 0)
		return ""; /* the error shows again, with a message, when the layer is unpacked */
	if (b[0] == 0x1f && b[1] == 0x8b)
		return ".gzip";
	if (b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd)
		return ".zstd";
	return "";
}

/*
 * A docker archive has no manifest: build one from its layers; digests and sizes are
 * still unknown.
 */
static int load_docker_layers(struct load *ld, struct image_import *l, const struct jval *layers,
			      struct kerr *err)
{
	cleanup_archive_layers struct archive_layers a;
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	archive_layers_init(&a, ld->store, ld->bundle, jval_count(layers));
	for (size_t i = 0; r == 0 && i < a.n; i++) {
		const char *name = jval_str(jval_item(layers, i));
		struct oci_descriptor *d =
			vec_grow(&l->manifest.layers, &l->manifest.n_layers, sizeof(*d));

		if (!name)
			return kerr_plain(err, -EINVAL, "manifest.json: bad layer name");
		a.v[i] = (struct archive_layer){ xstrdup(name), xasprintf("'%.256s'", name), -1 };
		r = archive_layers_find(&a, i, &src, err);
		if (r == 0)
			d->media_type = xasprintf(MEDIA_DOCKER_LAYER "%s", compression_of(&src));
	}
	return r == 0 ? archive_layers_load(&a, l, err) : r;
}

static int read_docker_config(struct load *ld, struct image_import *l, const char *name,
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

/* Load one entry of manifest.json, without its names. */
static int load_docker_entry(struct load *ld, struct image_import *l, const struct jval *e,
			     struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	const struct jval *layers = jval_get(e, "Layers");
	const char *name = jval_str(jval_get(e, "Config"));
	int r;

	if (!name || (!jval_is_null(layers) && !jval_is_array(layers)))
		return kerr_plain(err, -EINVAL, "manifest.json: bad entry");
	r = read_docker_config(ld, l, name, &config, err);
	if (r == 0)
		r = image_import_check(l, &ld->host, jval_count(layers), err);
	if (r == 0)
		r = load_docker_layers(ld, l, layers, err);
	if (r < 0)
		return r;
	oci_manifest_emit_docker(&l->manifest, &text);
	digest_of(buf_str(&text), text.len, &l->rec.manifest);
	l->rec.digest = l->rec.manifest;
	l->rec.media_type = xstrdup(MEDIA_DOCKER_MANIFEST);
	r = image_import_put(ld->store, l, &l->manifest.config.digest, &config, err);
	return r == 0 ? image_import_put(ld->store, l, &l->rec.manifest, &text, err) : r;
}

static int load_docker_image(struct load *ld, const struct jval *e, struct strlist *names,
			     struct kerr *err)
{
	cleanup_image_import struct image_import l = { 0 };
	int r;

	r = normalise_tags(jval_get(e, "RepoTags"), names, err);
	if (r < 0)
		return r;
	strlist_make_empty(&l.rec.blobs);
	strlist_make_empty(&l.rec.chain_ids);
	r = load_docker_entry(ld, &l, e, err);
	if (r == 0 && names->n == 0)
		strlist_add(names, l.rec.digest.text);
	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = finish_image(ld, &l, names->v[i], err);
	return r;
}

static int load_docker(struct load *ld, struct kerr *err)
{
	cleanup_jval struct jval *root = NULL;
	int r;

	r = read_manifest_json(ld, &root, err);
	for (size_t i = 0; r == 0 && i < jval_count(root); i++) {
		cleanup_strlist struct strlist names = { 0 };
		cleanup_free char *place = xasprintf("entry %zu of manifest.json", i + 1);
		struct kerr why = { 0 };

		r = load_docker_image(ld, jval_item(root, i), &names, &why);
		r = r < 0 ? skip_image(ld, names.n > 0 ? names.v[0] : place, r, &why, err) : 0;
	}
	return r;
}

/* ---- the archive ---- */

static int load_bundle(struct load *ld, struct kerr *err)
{
	int r;

	platform_host(&ld->host);
	if (bundle_has(ld->bundle, "oci-layout"))
		r = load_oci(ld, err);
	else if (bundle_has(ld->bundle, "manifest.json"))
		r = load_docker(ld, err);
	else
		r = kerr_plain(err, -EINVAL,
			       "unrecognized image format: archive contains neither "
			       "oci-layout nor manifest.json");
	if (r == 0 && ld->ret->names.n == 0)
		r = nothing_loaded_error(ld, err);
	platform_clear(&ld->host);
	ld->tags = jval_free(ld->tags);
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

/*
 * Hold the store, load, and release it. After a failure, garbage collection removes what
 * was stored.
 */
static int load(struct image_store *s, open_fn *open_bundle, int fd, struct image_loaded *ret,
		struct kerr *err)
{
	struct load ld = { .store = s, .ret = ret };
	int held, r;

	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	strlist_make_empty(&ret->names);
	r = open_bundle(&ld, fd, err);
	if (r == 0)
		r = load_bundle(&ld, err);
	ld.bundle = bundle_free(ld.bundle);
	if (held)
		image_store_release(s);
	if (r < 0 || ret->n_left > 0)
		(void) image_gc(s, NULL, NULL); /* the first error is the one to report */
	return r;
}

int image_load_fd(struct image_store *s, int fd, struct image_loaded *ret, struct kerr *err)
{
	return load(s, open_archive, fd, ret, err);
}

int image_load_dir(struct image_store *s, int dirfd, struct image_loaded *ret, struct kerr *err)
{
	return load(s, open_layout, dirfd, ret, err);
}

int image_load_bytes(struct image_store *s, const void *p, size_t n, struct image_loaded *ret,
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
	return image_load_fd(s, fd, ret, err);
}
