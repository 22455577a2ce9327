/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "archive_layers.h"
#include "cas.h"
#include "imgstore.h"
#include "layer_unpack.h"
#include "mem.h"
#include "sha256.h"

void archive_layers_init(struct archive_layers *a, struct image_store *s, struct bundle *b,
			 size_t n)
{
	*a = (struct archive_layers){ .store = s, .bundle = b, .n = n };
	a->v = xcalloc(n + 1, sizeof(*a->v));
}

void archive_layers_clear(struct archive_layers *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].file);
		free(a->v[i].shown);
	}
	free_p(&a->v);
	a->n = 0;
}

/*
 * Compute the digest of a part of a file, for a layer that was not read because it is in
 * the store already.
 */
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

/* keepLayers: also copy the layer's bytes into the content store. */
static int keep_layer(struct archive_layers *a, const struct layer_source *src,
		      const struct digest *want, struct kerr *err)
{
	cleanup_(cas_writer_freep) struct cas_writer *w = NULL;
	cleanup_free char *block = xmalloc(256 << 10);
	struct digest have;
	int64_t done = 0;
	ssize_t n;
	int r;

	if (cas_has(a->store, want))
		return 0;
	r = cas_writer_new(a->store, &w, err);
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

int archive_layers_find(struct archive_layers *a, size_t i, struct layer_source *ret,
			struct kerr *err)
{
	const struct archive_layer *w = &a->v[i];
	int r;

	r = bundle_find(a->bundle, w->file, ret, err);
	if (r == -ENOENT)
		return kerr_plain(err, r, "layer %.256s is not in the archive", w->shown);
	if (r == 0 && w->size >= 0 && ret->size != w->size)
		return kerr_plain(err, -EBADMSG, "layer %s: %lld bytes, its descriptor says %lld",
				  w->shown, (long long) ret->size, (long long) w->size);
	return r;
}

/* Start the largest missing layer, as it takes the longest. */
static int start_one(struct archive_layers *a, struct layer_unpack *layers, struct kerr *err)
{
	struct layer_source src = { .fd = -EBADF };
	size_t i, pick = a->n;
	int r;

	for (i = 0; i < a->n; i++)
		if (layer_unpack_missing(layers, i) &&
		    (pick == a->n || a->v[i].size > a->v[pick].size))
			pick = i;
	if (pick == a->n)
		return 0;
	r = archive_layers_find(a, pick, &src, err);
	if (r == 0)
		r = layer_unpack_start(layers, pick, &src, err);
	return r < 0 ? r : 1;
}

static int unpack_all(struct archive_layers *a, struct layer_unpack *layers, struct kerr *err)
{
	int r;

	do {
		r = 1;
		while (r > 0 && layer_unpack_running(layers) < layer_unpack_parallel())
			r = start_one(a, layers, err);
		/* A commit waits for the disk, so do it only when no layer can be started. */
		if (r == 0)
			r = layer_unpack_commit(layers, err);
		if (r >= 0)
			r = layer_unpack_wait(layers, -1, err);
	} while (r > 0);
	return r < 0 ? r : layer_unpack_commit(layers, err);
}

/* Add layer i to the image's record. Its file is hashed here unless unpacking has done it. */
static int record_layer(struct archive_layers *a, struct image_import *l,
			const struct layer_unpack *layers, size_t i, struct kerr *err)
{
	struct oci_descriptor *d = &l->manifest.layers[i];
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	strlist_add(&l->rec.chain_ids, layer_unpack_chain(layers, i)->text);
	if (!digest_is_set(&d->digest) && !layer_unpack_source(layers, i, &d->digest, &d->size)) {
		r = archive_layers_find(a, i, &src, err);
		if (r == 0)
			r = hash_source(&src, &d->digest, err);
		d->size = src.size;
	}
	if (r == 0 && (a->store->flags & IMAGE_STORE_KEEP_LAYERS)) {
		r = archive_layers_find(a, i, &src, err);
		if (r == 0)
			r = keep_layer(a, &src, &d->digest, err);
		strlist_add(&l->rec.blobs, d->digest.text);
	}
	return r;
}

int archive_layers_load(struct archive_layers *a, struct image_import *l, struct kerr *err)
{
	cleanup_free struct layer_want *want = xcalloc(a->n + 1, sizeof(*want));
	cleanup_(layer_unpack_freep) struct layer_unpack *layers = NULL;
	struct layer_source src = { .fd = -EBADF };
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		want[i].blob = l->manifest.layers[i].digest;
		r = digest_parse(l->config.diff_ids.v[i], &want[i].diff_id);
		if (r < 0)
			return kerr_plain(err, r, "bad diff id");
		r = archive_layers_find(a, i, &src, err);
		a->v[i].size = src.size;
	}
	if (r == 0)
		r = layer_unpack_new(a->store, want, a->n, &layers, err);
	if (r == 0)
		r = unpack_all(a, layers, err);
	for (size_t i = 0; r == 0 && i < a->n; i++)
		r = record_layer(a, l, layers, i, err);
	return r;
}
