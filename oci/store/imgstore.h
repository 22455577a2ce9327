/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMGSTORE_H
#define KUKEON_IMGSTORE_H

#include "defs.h"
#include "err.h"
#include "layout.h"
#include "locks.h"
#include "unpack_proto.h"
#include "vec.h"

/*
 * The image side of one namespace directory:
 *
 *   images/<name>.json          one record per name
 *   blobs/sha256/<hex>          manifests, configurations, layers while needed
 *   snapshots/<hex>/            one per chain id: fs/ and layer.json
 *   containers/<id>/            upper/, work/, image -> sha256:<manifest>
 *   staging/ trash/             content being added or removed
 */
enum image_store_flags {
	IMAGE_STORE_KEEP_LAYERS = 1 << 0, /* keep layer blobs after unpacking (key keepLayers) */
};

struct image_store {
	const struct layout *layout; /* borrowed, like locks */
	struct locks *locks;
	char *ns;
	char *dir; /* namespaces/<ns> */
	enum image_store_flags flags;
	/* Set to defaults when opening; the caller may change them. */
	/* per layer; max_bytes limits the sum of the unpacked tars of an image */
	struct unpack_limits limits;
	uint64_t max_layers; /* per image */
	/*
	 * NULL, or a list to which garbage collection adds unknown or unreadable files,
	 * with the reason.
	 */
	struct strlist *strange;
};

/*
 * Open the store of a namespace and create its missing directories (0700). layout and
 * locks must outlive it. Several processes may have the same store open.
 */
int image_store_open(const struct layout *layout, struct locks *locks, const char *ns,
		     enum image_store_flags flags, struct image_store *ret, struct kerr *err);
void image_store_close(struct image_store *s);
#define cleanup_image_store cleanup_(image_store_close)

/*
 * For garbage collection: lock the whole store. Returns 1 when locked, 0 when it is in
 * use (the last process to release it then collects), -errno. Creates no files: freeing
 * space must work on a full disk.
 */
int image_store_lock_all(struct image_store *s, struct kerr *err);
void image_store_unlock_all(struct image_store *s);
/* Whether a garbage collection was skipped because the store was in use. */
bool image_store_gc_owed(const struct image_store *s);

/* A path in this namespace (layout.h). Owned by the caller. */
char *image_store_path(const struct image_store *s, enum ns_dir what, const char *name)
	__attribute__((returns_nonnull));

/*
 * Remove a file or directory tree. It is first renamed into trash/, so that it
 * disappears in one step. A missing one is success.
 */
int image_store_trash(struct image_store *s, const char *path, struct kerr *err);

/*
 * Whether name is that of a blob or layer ("<64 hex digits>"), or of a record ("<64 hex
 * digits>.json").
 */
bool image_store_is_hex(const char *name);
bool image_store_is_record(const char *name);

/* Add "why: path" to s->strange, unless that is NULL. */
void image_store_note(struct image_store *s, const char *why, const char *path);

#endif
