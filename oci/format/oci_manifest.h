/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OCI_MANIFEST_H
#define KUKEON_OCI_MANIFEST_H

#include "buf.h"
#include "digest.h"
#include "err.h"
#include "image_config.h"
#include "vec.h"

/*
 * Manifests, indexes and image configurations: OCI image-spec and docker's
 * schema 2. Everything here comes from outside: sizes, depths, types and counts
 * are held against limits, and a document that reads as both a manifest and an
 * index is refused.
 */

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
/* Layers that may be kept out of registries; where one has them they are like all others. */
#define MEDIA_OCI_FOREIGN "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define MEDIA_DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar"

enum {
	IMAGE_MAX_MANIFEST = 4 << 20, /* bytes of a manifest, index or configuration */
	IMAGE_MAX_LAYERS = 500, /* as many as overlay can stack */
	IMAGE_MAX_DESCRIPTORS = 1024, /* entries of one index */
	IMAGE_MAX_INDEX_DEPTH = 4, /* indexes inside indexes */
};

struct platform {
	char *os; /* "" when not said */
	char *arch; /* GOARCH: "amd64" */
	char *variant; /* "v7", "" */
};

struct oci_descriptor {
	char *media_type; /* "" when not said */
	char *artifact_type; /* "" when not said */
	struct digest digest;
	int64_t size;
	bool has_platform;
	struct platform platform;
	struct strmap annotations;
};

struct oci_index {
	char *media_type;
	struct oci_descriptor *manifests;
	size_t n_manifests;
};

struct oci_manifest {
	char *media_type;
	struct oci_descriptor config;
	struct oci_descriptor *layers; /* lowest first */
	size_t n_layers;
};

void platform_clear(struct platform *p);
void oci_descriptor_clear(struct oci_descriptor *d);
void oci_index_clear(struct oci_index *i);
void oci_manifest_clear(struct oci_manifest *m);
#define cleanup_oci_index cleanup_(oci_index_clear)
#define cleanup_oci_manifest cleanup_(oci_manifest_clear)

enum oci_kind {
	OCI_KIND_INDEX = 1,
	OCI_KIND_MANIFEST,
};

/*
 * What a document is: by its content, which must agree with media_type ("" for
 * unknown) and with the document's own mediaType. schemaVersion must be 2; it may be
 * missing where one of the two says what the document is. -EINVAL.
 */
int oci_kind(const char *text, size_t n, const char *media_type, struct kerr *err);

/* Whether it is docker's old manifest (schema 1), which nothing here can read. */
bool oci_is_schema1(const char *text, size_t n);
/* What it calls itself, else media_type, else what its content is. Owned by the caller. */
char *oci_media_type(const char *text, size_t n, const char *media_type)
	__attribute__((returns_nonnull));

/* Whether a manifest with such a configuration is an image, not some other artifact. */
bool oci_is_image_config(const char *media_type);

/*
 * For callers who know what the document is: schemaVersion may be missing. On failure
 * *ret is untouched. Errors name the field: "layers[3].digest: …". A list that is null
 * or missing is an empty one.
 */
int oci_index_parse(const char *text, size_t n, struct oci_index *ret, struct kerr *err);
int oci_manifest_parse(const char *text, size_t n, struct oci_manifest *ret, struct kerr *err);
int image_config_parse(const char *text, size_t n, struct image_config *ret, struct kerr *err);

/* The manifest of a docker archive, which carries none: docker schema 2, in canonical JSON. */
void oci_manifest_emit_docker(const struct oci_manifest *m, struct buf *out);

/* The host: linux, GOARCH, variant ("v7" on 32-bit ARM, "v8" on 64-bit, "" elsewhere). */
void platform_host(struct platform *ret);
/* How well an image of platform p runs on host: 0 not at all, else the higher the better. */
int platform_match(const struct platform *host, const struct platform *p);

/*
 * The entries of an index that may be, or hold, an image for host: those for its
 * platform, the best first, then those without one, which their configuration judges.
 * Artifacts and attestations are left out. *ret is an array of the index' entries,
 * owned by the caller; its length is returned.
 */
size_t oci_index_order(const struct oci_index *i, const struct platform *host,
		       const struct oci_descriptor ***ret);
/* Whether an entry of an index says of which platform it is. */
bool oci_has_platform(const struct oci_descriptor *d);
/* Whether an entry of an index can be an image or an index, by its types and marks. */
bool oci_may_be_image(const struct oci_descriptor *d);

#endif
