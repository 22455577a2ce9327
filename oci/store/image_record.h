/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_RECORD_H
#define KUKEON_IMAGE_RECORD_H

#include "clock.h"
#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "vec.h"

/*
 * images/<sha-256 of the name>.json: what a name points to, and the content it needs, so
 * that listing and garbage collection read no manifests.
 */
struct image_record {
	char *name;
	struct digest digest; /* what the name points to: a manifest or an index */
	char *media_type;
	int64_t size; /* configuration and layers, compressed */
	struct ktime created_at;
	struct digest manifest; /* for this host */
	struct strlist blobs; /* digests: indexes, manifest, configuration, kept layers */
	struct strlist chain_ids; /* lowest first */
	bool pulled; /* from a registry, so it can be fetched again; false: loaded */
};

enum {
	IMAGE_MAX_NAME = 512, /* bytes of a name */
};

void image_record_clear(struct image_record *r);
#define cleanup_image_record cleanup_(image_record_clear)

/*
 * Check a name from an archive: not empty, no control characters, valid UTF-8, limited
 * length. -EINVAL.
 */
int image_record_check_name(const char *name, struct kerr *err);

/*
 * Write the record durably. created_at is taken from an existing record of the name. The
 * record is replaced as a whole; a lock of the lowest level (blob, with the digest of
 * the name) serialises writers.
 */
int image_record_save(struct image_store *s, struct image_record *rec, struct kerr *err);
/* -ENOENT without setting err. -EINVAL for a damaged record; the message names its file. */
int image_record_load(struct image_store *s, const char *name, struct image_record *ret,
		      struct kerr *err);
/* Durable. -ENOENT without setting err. */
int image_record_remove(struct image_store *s, const char *name, struct kerr *err);

/* Remove a record by its file name ("<hex>.json"), when the image name in it cannot be read. */
int image_record_remove_file(struct image_store *s, const char *file, struct kerr *err);

/*
 * Call fn for every record. For an unreadable one, rec is NULL and why is the reason. A
 * negative result of fn ends the walk and is returned.
 */
typedef int image_record_fn(void *ctx, const char *file, const struct image_record *rec,
			    const struct kerr *why);
int image_record_walk(struct image_store *s, image_record_fn *fn, void *ctx, struct kerr *err);

#endif
