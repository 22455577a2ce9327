/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_RECORD_H
#define KUKEON_IMAGE_RECORD_H

#include "clock.h"
#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "vec.h"

/*
 * images/<sha-256 of the name>.json: what a name points to and everything it
 * needs, so that listing and collecting read no manifest.
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
	bool pulled; /* from a registry, which may be asked again; else it was loaded */
};

enum {
	IMAGE_MAX_NAME = 512, /* bytes of a name */
};

void image_record_clear(struct image_record *r);
#define cleanup_image_record cleanup_(image_record_clear)

/* Names come from archives: not empty, no control characters, valid UTF-8, bounded. -EINVAL. */
int image_record_check_name(const char *name, struct kerr *err);

/*
 * Write, durable; created_at is taken over from one that is there. Records are
 * replaced whole, so of two writers one is last; a lock of the lowest level (blob,
 * with the digest of the name) keeps them apart while they write.
 */
int image_record_save(struct image_store *s, struct image_record *rec, struct kerr *err);
/* -ENOENT without touching err. -EINVAL for a damaged one, which is named. */
int image_record_load(struct image_store *s, const char *name, struct image_record *ret,
		      struct kerr *err);
/* Durable. -ENOENT without touching err. */
int image_record_remove(struct image_store *s, const char *name, struct kerr *err);

/* The same by the name of the file ("<hex>.json"), for one whose name cannot be read. */
int image_record_remove_file(struct image_store *s, const char *file, struct kerr *err);

/*
 * Call fn for every record. One that cannot be read comes as rec NULL with its file name
 * and why. A negative result of fn ends the walk and is returned.
 */
typedef int image_record_fn(void *ctx, const char *file, const struct image_record *rec,
			    const struct kerr *why);
int image_record_walk(struct image_store *s, image_record_fn *fn, void *ctx, struct kerr *err);

#endif
