/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_gc.h"
#include "image_record.h"
#include "imgstore.h"
#include "layer.h"
#include "mem.h"
#include "path.h"
#include "snapshot.h"
#include "str.h"

/* The content that must stay, as sets of file names. */
struct marks {
	struct image_store *store;
	struct strmap blobs;
	struct strmap chains;
	char *unreadable; /* why a record or container could not be read; nothing is removed then */
};

static void marks_clear(struct marks *m)
{
	strmap_clear(&m->blobs);
	strmap_clear(&m->chains);
	free_p(&m->unreadable);
}

static void keep_everything(struct marks *m, const struct kerr *why)
{
	char text[KERR_TEXT_MAX];

	(void) kerr_text(why, text, sizeof(text));
	image_store_note(m->store, "no image content is removed", text);
	if (!m->unreadable)
		m->unreadable = xstrdup(text);
}

static void mark_list(struct strmap *set, const struct strlist *digests)
{
	struct digest d;

	for (size_t i = 0; i < digests->n; i++)
		if (digest_parse(digests->v[i], &d) == 0)
			strmap_set(set, digest_hex(&d), "");
}

static int mark_record(void *ctx, const char *file, const struct image_record *rec,
		       const struct kerr *why)
{
	struct marks *m = ctx;

	(void) file;
	if (!rec) {
		keep_everything(m, why);
		return 0;
	}
	mark_list(&m->blobs, &rec->blobs);
	mark_list(&m->chains, &rec->chain_ids);
	return 0;
}

/* A container needs its image's manifest, configuration and layers. */
static void mark_container(struct marks *m, const char *id)
{
	struct snapshot_needs n = { 0 };
	struct kerr why = { 0 };
	int r = snapshot_needs(m->store, id, &n, &why);

	if (r == 0) {
		strmap_set(&m->blobs, digest_hex(&n.manifest), "");
		strmap_set(&m->blobs, digest_hex(&n.config), "");
		mark_list(&m->chains, &n.chains);
	} else if (r != -ENOENT) { /* -ENOENT: not a container, or one without an image */
		(void) kerr_wrap(&why, r, "container '%s'", id);
		keep_everything(m, &why);
	}
	strlist_clear(&n.chains);
}

/* The names in a directory, without those that begin with a dot. */
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
	int r;

	r = image_record_walk(m->store, mark_record, m, err);
	if (r == 0)
		r = list_dir(m->store, NS_CONTAINERS, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		mark_container(m, ids.v[i]);
	return r;
}

static int sweep_blobs(struct marks *m, uint64_t *freed, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	struct stat st;
	int r;

	r = list_dir(m->store, NS_BLOBS, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(m->store, NS_BLOBS, names.v[i]);

		if (strmap_get(&m->blobs, names.v[i]) || lstat(path, &st) < 0)
			continue;
		if (!image_store_is_hex(names.v[i]) || !S_ISREG(st.st_mode)) {
			image_store_note(m->store, "not a blob", path);
			continue;
		}
		if (m->unreadable)
			continue;
		*freed += (uint64_t) st.st_blocks * 512;
		r = unlink(path);
		r = r < 0 && errno != ENOENT ? kerr_set(err, -errno, "remove '%s'", path) : 0;
	}
	return r;
}

/* A layer whose record has the chain id that its directory is named after. */
static bool is_layer(struct image_store *s, const char *hex, uint64_t *ret_bytes)
{
	struct layer_info info = { 0 };
	struct digest d, chain;

	if (!image_store_is_hex(hex))
		return false;
	digest_from_hex(hex, &d);
	if (layer_read_info(s, &d, &info, NULL) < 0)
		return false;
	digest_chain(digest_is_set(&info.parent) ? &info.parent : NULL, &info.diff_id, &chain);
	*ret_bytes = info.unpacked_bytes;
	return digest_eq(&chain, &d);
}

/*
 * A directory that looks like a layer but has no readable record. It is removed only
 * when the user asked for garbage collection.
 */
static bool is_damaged_layer(struct image_store *s, const char *hex)
{
	cleanup_free char *dir = image_store_path(s, NS_SNAPSHOTS, hex);
	cleanup_free char *fs = path_join(dir, LAYER_FS, NULL);

	return image_store_is_hex(hex) && access(fs, F_OK) == 0;
}

static int sweep_chains(struct marks *m, enum image_gc_flags flags, uint64_t *freed,
			struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r;

	r = list_dir(m->store, NS_SNAPSHOTS, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(m->store, NS_SNAPSHOTS, names.v[i]);
		uint64_t bytes = 0;

		if (strmap_get(&m->chains, names.v[i]))
			continue;
		if (!is_layer(m->store, names.v[i], &bytes) &&
		    !(flags & IMAGE_GC_ASKED && is_damaged_layer(m->store, names.v[i]))) {
			image_store_note(m->store, "not a layer, or its record is damaged", path);
			continue;
		}
		if (m->unreadable)
			continue;
		*freed += bytes;
		r = image_store_trash(m->store, path, err);
	}
	return r;
}

/*
 * Whether this program makes such names: mkostemp's and mkdtemp's "blob-XXXXXX", and the
 * "<pid>.<number>" of image_store_trash.
 */
static bool is_leftover(enum ns_dir what, const char *name)
{
	static const char *const made[] = { "blob-", "layer-", "spool-", "inflate-" };
	size_t n;

	if (what == NS_TRASH) {
		n = strspn(name, "0123456789");
		return n > 0 && name[n] == '.' && name[n + 1] != '\0' &&
		       strspn(name + n + 1, "0123456789") == strlen(name + n + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (str_has_prefix(name, made[i]) && strlen(name) == strlen(made[i]) + 6)
			return true;
	return false;
}

/* The caller has the store locked, so no one is using the files in staging/ and trash/. */
static int sweep_leftovers(struct image_store *s, enum ns_dir what, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r;

	r = list_dir(s, what, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = image_store_path(s, what, names.v[i]);

		if (is_leftover(what, names.v[i]))
			r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
		else
			image_store_note(s, "not kukeon's", path);
	}
	return r;
}

static int collect(struct image_store *s, enum image_gc_flags flags, uint64_t *freed,
		   struct kerr *err)
{
	cleanup_(marks_clear) struct marks m = { .store = s };
	int r;

	r = sweep_leftovers(s, NS_STAGING, err);
	if (r == 0)
		r = sweep_leftovers(s, NS_TRASH, err);
	if (r == 0)
		r = mark(&m, err);
	if (r == 0)
		r = sweep_chains(&m, flags, freed, err);
	if (r == 0)
		r = sweep_blobs(&m, freed, err);
	if (r == 0 && m.unreadable && flags & IMAGE_GC_ASKED)
		r = kerr_plain(err, -EBADMSG,
			       "no image content is removed while a record cannot be read: %s",
			       m.unreadable);
	return r;
}

int image_gc_with(struct image_store *s, enum image_gc_flags flags, uint64_t *ret_bytes,
		  struct kerr *err)
{
	uint64_t freed = 0;
	int r;

	r = image_store_lock_all(s, err);
	if (r > 0) {
		r = collect(s, flags, &freed, err);
		image_store_unlock_all(s);
	}
	if (r < 0)
		return kerr_wrap(err, r, "collect unused images");
	if (ret_bytes)
		*ret_bytes = freed;
	return 0;
}

int image_gc(struct image_store *s, uint64_t *ret_bytes, struct kerr *err)
{
	return image_gc_with(s, 0, ret_bytes, err);
}

int image_store_repair(struct image_store *s, struct kerr *err)
{
	return image_gc(s, NULL, err);
}
