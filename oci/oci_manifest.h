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
 * unknown) and with the document's own mediaType. -EINVAL.
 */
int oci_kind(const char *text, size_t n, const char *media_type, struct kerr *err);

/* Whether it is docker's old manifest (schema 1), which nothing here can read. */
bool oci_is_schema1(const char *text, size_t n);
/* What it calls itself, else media_type, else what its content is. Owned by the caller. */
char *oci_media_type(const char *text, size_t n, const char *media_type)
	__attribute__((returns_nonnull));

/* On failure *ret is untouched. Errors name the field: "layers[3].digest: …". */
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
 * The entry of an index to use on host. Entries without a platform count last.
 * NULL when none fits.
 */
const struct oci_descriptor *oci_index_select(const struct oci_index *i,
					      const struct platform *host);

#endif
