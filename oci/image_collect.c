/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cas.h"
#include "image.h"
#include "image_record.h"
#include "layer.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "snapshot.h"
#include "str.h"

/* What is needed, as sets of file names. */
struct marks {
	struct image_store *store;
	struct strmap blobs;
	struct strmap chains;
	bool unsure; /* a container's layers could not be found out: keep all layers */
};

static void marks_clear(struct marks *m)
{
	strmap_clear(&m->blobs);
	strmap_clear(&m->chains);
}

static void mark_list(struct strmap *set, const struct strlist *digests)
{
	struct digest d;
	size_t i;

	for (i = 0; i < digests->n; i++)
		if (digest_parse(digests->v[i], &d) == 0)
			strmap_set(set, digest_hex(&d), "");
}

static int mark_record(void *ctx, const char *file, const struct image_record *rec)
{
	struct marks *m = ctx;

	if (!rec) {
		log_wrn("image record is damaged: its image counts as gone", "file", file);
		return 0;
	}
	mark_list(&m->blobs, &rec->blobs);
	mark_list(&m->chains, &rec->chain_ids);
	return 0;
}

/* A container needs the manifest, the configuration and the layers of its image. */
static void mark_container(struct marks *m, const char *id)
{
	cleanup_oci_manifest struct oci_manifest man = { 0 };
	cleanup_image_config struct image_config c = { 0 };
	cleanup_buf struct buf b = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct digest d, chain, diff;
	size_t i;
	int r;

	r = snapshot_image(m->store, id, &d, NULL);
	if (r == -ENOENT)
		return; /* none of ours, or of no image */
	if (r == 0)
		r = cas_get(m->store, &d, IMAGE_MAX_MANIFEST, &b, NULL);
	if (r == 0)
		r = oci_manifest_parse(buf_str(&b), b.len, &man, NULL);
	if (r == 0)
		r = cas_get(m->store, &man.config.digest, IMAGE_MAX_MANIFEST, &b, NULL);
	if (r == 0)
		r = image_config_parse(buf_str(&b), b.len, &c, NULL);
	if (r < 0) {
		log_wrn("image of a container cannot be read: no layer is removed", "container",
			id);
		m->unsure = true;
		return;
	}
	strmap_set(&m->blobs, digest_hex(&d), "");
	strmap_set(&m->blobs, digest_hex(&man.config.digest), "");
	for (i = 0; i < c.diff_ids.n && digest_parse(c.diff_ids.v[i], &diff) == 0; i++) {
		digest_chain(i > 0 ? &chain : NULL, &diff, &chain);
		strmap_set(&m->chains, digest_hex(&chain), "");
	}
}

/* Names of a directory, without those that begin with a dot. */
static int list_dir(struct image_store *s, enum ns_dir what, struct strlist *ret, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, what, NULL);
	struct dirent *e;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return kerr_set(err, -errno, "open '%s'", dir);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			strlist_add(ret, e->d_name);
	(void) closedir(d);
	return 0;
}

static int mark(struct marks *m, struct kerr *err)
{
	cleanup_strlist struct strlist ids = { 0 };
	size_t i;
	int r;

	r = image_record_walk(m->store, mark_record, m, err);
	if (r == 0)
		r = list_dir(m->store, NS_CONTAINERS, &ids, err);
	for (i = 0; r == 0 && i < ids.n; i++)
		mark_container(m, ids.v[i]);
	return r;
}

static int sweep_blobs(struct marks *m, uint64_t *freed, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	struct stat st;
	size_t i;
	int r;

	r = list_dir(m->store, NS_BLOBS, &names, err);
	for (i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(m->store, NS_BLOBS, names.v[i]);

		if (strmap_get(&m->blobs, names.v[i]))
			continue;
		if (lstat(path, &st) == 0)
			*freed += (uint64_t) st.st_blocks * 512;
		r = unlink(path);
		r = r < 0 && errno != ENOENT ? kerr_set(err, -errno, "remove '%s'", path) : 0;
	}
	return r;
}

static uint64_t unpacked_size(struct image_store *s, const char *hex)
{
	struct layer_info info = { 0 };
	struct digest d;

	if (strlen(hex) != DIGEST_HEX)
		return 0;
	digest_from_hex(hex, &d);
	(void) layer_read_info(s, &d, &info, NULL);
	return info.unpacked_bytes;
}

static int sweep_chains(struct marks *m, uint64_t *freed, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	size_t i;
	int r;

	if (m->unsure)
		return 0;
	r = list_dir(m->store, NS_SNAPSHOTS, &names, err);
	for (i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(m->store, NS_SNAPSHOTS, names.v[i]);

		if (strmap_get(&m->chains, names.v[i]))
			continue;
		*freed += unpacked_size(m->store, names.v[i]);
		r = image_store_trash(m->store, path, err);
	}
	return r;
}

/* The store is ours alone: whatever is in staging/ and trash/ is of nobody. */
static int sweep_leftovers(struct image_store *s, enum ns_dir what, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	size_t i;
	int r;

	r = list_dir(s, what, &names, err);
	for (i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(s, what, names.v[i]);

		r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

static int collect(struct image_store *s, uint64_t *freed, struct kerr *err)
{
	cleanup_(marks_clear) struct marks m = { .store = s };
	int r;

	r = sweep_leftovers(s, NS_STAGING, err);
	if (r == 0)
		r = sweep_leftovers(s, NS_TRASH, err);
	if (r == 0)
		r = mark(&m, err);
	if (r == 0)
		r = sweep_chains(&m, freed, err);
	if (r == 0)
		r = sweep_blobs(&m, freed, err);
	return r;
}

int image_collect(struct image_store *s, uint64_t *ret_bytes, struct kerr *err)
{
	uint64_t freed = 0;
	int r;

	r = image_store_lock_all(s, err);
	if (r > 0) {
		r = collect(s, &freed, err);
		image_store_unlock_all(s);
	}
	if (r < 0)
		return kerr_wrap(err, r, "collect unused images");
	if (ret_bytes)
		*ret_bytes = freed;
	return 0;
}

int image_store_repair(struct image_store *s, struct kerr *err)
{
	return image_collect(s, NULL, err);
}
