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
 *   staging/ trash/             half-made and half-removed things
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
	/* The defaults; set after opening where configured. */
	struct unpack_limits limits; /* of a layer; the tars of an image share max_bytes */
	uint64_t max_layers; /* of an image */
	/* NULL, or where a collection lists what it does not know or cannot read, and why. */
	struct strlist *strange;
};

/*
 * Open the store of a namespace and make its trees (0700) where they are
 * missing. layout and locks outlive it. Several processes may have the same
 * store open.
 */
int image_store_open(const struct layout *layout, struct locks *locks, const char *ns,
		     enum image_store_flags flags, struct image_store *ret, struct kerr *err);
void image_store_close(struct image_store *s);
#define cleanup_image_store cleanup_(image_store_close)

/*
 * For the collector: take the store for itself. 1 when it is, 0 when it is in
 * use (then the last to end its hold collects), -errno. Nothing is created:
 * freeing must work on a full disk.
 */
int image_store_lock_all(struct image_store *s, struct kerr *err);
void image_store_unlock_all(struct image_store *s);
/* Whether a collection found the store in use, and is owed by the last to end its hold. */
bool image_store_gc_owed(const struct image_store *s);

/* A path of this namespace (lib/store layout.h). Owned by the caller. */
char *image_store_path(const struct image_store *s, enum ns_dir what, const char *name)
	__attribute__((returns_nonnull));

/*
 * Remove a file or tree of the store: first renamed to trash/, so that it is
 * gone in one step. A missing one is success.
 */
int image_store_trash(struct image_store *s, const char *path, struct kerr *err);

/* "<64 hex digits>": the name of a blob or layer. "<64 hex digits>.json": of a record. */
bool image_store_is_hex(const char *name);
bool image_store_is_record(const char *name);

/* A line for s->strange, where there is such a list. */
void image_store_note(struct image_store *s, const char *why, const char *path);

#endif
