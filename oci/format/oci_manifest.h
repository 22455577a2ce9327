/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OCI_MANIFEST_H
#define KUKEON_OCI_MANIFEST_H

#include "buf.h"
#include "digest.h"
#include "err.h"
#include "image_config.h"
#include "vec.h"

/*
 * Manifests, indexes and image configurations, as in the OCI image-spec and docker's
 * image manifest schema 2. All of it is untrusted: size, depth, types and counts are
 * limited, and a document that can be read both as a manifest and as an index is
 * refused.
 */

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
/*
 * Layers that a registry may refuse to distribute; if it has them, they are handled like
 * any other layer.
 */
#define MEDIA_OCI_FOREIGN "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define MEDIA_DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar"

enum {
	IMAGE_MAX_MANIFEST = 4 << 20, /* bytes of a manifest, index or configuration */
	IMAGE_MAX_LAYERS = 500, /* as many as overlay can stack */
	IMAGE_MAX_DESCRIPTORS = 1024, /* entries of one index */
	IMAGE_MAX_INDEX_DEPTH = 4, /* indexes inside indexes */
};

struct platform {
	char *os; /* "" when missing */
	char *arch; /* GOARCH: "amd64" */
	char *variant; /* "v7", "" */
};

struct oci_descriptor {
	char *media_type; /* "" when missing */
	char *artifact_type; /* "" when missing */
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
 * Return the kind of a document, judged by its content. The content must agree with
 * media_type ("" for unknown) and with the document's own mediaType. schemaVersion must
 * be 2; it may be missing when one of these two tells the kind. -EINVAL otherwise.
 */
int oci_kind(const char *text, size_t n, const char *media_type, struct kerr *err);

/* Whether it is a docker manifest of schema 1, which is not supported. */
bool oci_is_schema1(const char *text, size_t n);
/*
 * The document's mediaType; if missing, media_type; if that is unknown, the type that
 * fits the content. Owned by the caller.
 */
char *oci_media_type(const char *text, size_t n, const char *media_type)
	__attribute__((returns_nonnull));

/* Whether the media type of a manifest's config is that of a container image. */
bool oci_is_image_config(const char *media_type);

/*
 * For documents whose kind the caller knows: schemaVersion may be missing. On failure
 * *ret is untouched and the error names the field ("layers[3].digest: …"). A list that
 * is null or missing is read as empty.
 */
int oci_index_parse(const char *text, size_t n, struct oci_index *ret, struct kerr *err);
int oci_manifest_parse(const char *text, size_t n, struct oci_manifest *ret, struct kerr *err);
int image_config_parse(const char *text, size_t n, struct image_config *ret, struct kerr *err);

/*
 * Write a docker manifest (schema 2, canonical JSON) for an image from a docker archive,
 * which has none.
 */
void oci_manifest_emit_docker(const struct oci_manifest *m, struct buf *out);

/* The host: linux, GOARCH, variant ("v7" on 32-bit ARM, "v8" on 64-bit, "" elsewhere). */
void platform_host(struct platform *ret);
/* How well an image for platform p runs on host: 0 not at all, otherwise higher is better. */
int platform_match(const struct platform *host, const struct platform *p);

/*
 * The entries of an index that may lead to an image for host: first those for its
 * platform, best match first; then those without a platform, whose configuration has to
 * be read. Artifacts and attestations are left out. Returns the length of
 * *ret: an array, owned by the caller, of pointers into i->manifests.
 */
size_t oci_index_order(const struct oci_index *i, const struct platform *host,
		       const struct oci_descriptor ***ret);
/* Whether an index entry states its platform. */
bool oci_has_platform(const struct oci_descriptor *d);
/* Whether an index entry can be an image or an index, judged by its types and annotations. */
bool oci_may_be_image(const struct oci_descriptor *d);

#endif
