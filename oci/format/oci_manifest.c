/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/utsname.h>

#include "jval.h"
#include "mem.h"
#include "oci_manifest.h"
#include "str.h"

void platform_clear(struct platform *p)
{
	free_p(&p->os);
	free_p(&p->arch);
	free_p(&p->variant);
}

void oci_descriptor_clear(struct oci_descriptor *d)
{
	free_p(&d->media_type);
	free_p(&d->artifact_type);
	platform_clear(&d->platform);
	strmap_clear(&d->annotations);
	*d = (struct oci_descriptor){ 0 };
}

static void clear_list(struct oci_descriptor **v, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		oci_descriptor_clear(&(*v)[i]);
	free_p(v);
	*n = 0;
}

void oci_index_clear(struct oci_index *i)
{
	free_p(&i->media_type);
	clear_list(&i->manifests, &i->n_manifests);
}

void oci_manifest_clear(struct oci_manifest *m)
{
	free_p(&m->media_type);
	oci_descriptor_clear(&m->config);
	clear_list(&m->layers, &m->n_layers);
}

void image_config_clear(struct image_config *c)
{
	free_p(&c->architecture);
	free_p(&c->os);
	free_p(&c->variant);
	free_p(&c->user);
	strlist_clear(&c->env);
	strlist_clear(&c->entrypoint);
	strlist_clear(&c->cmd);
	free_p(&c->working_dir);
	strmap_clear(&c->labels);
	free_p(&c->stop_signal);
	free_p(&c->rootfs_type);
	strlist_clear(&c->diff_ids);
	free_p(&c->created);
	*c = (struct image_config){ 0 };
}

static int read_object(const char *text, size_t n, const char *what, struct jval **ret,
		       struct kerr *err)
{
	cleanup_jval struct jval *root = NULL;
	int r;

	if (n > IMAGE_MAX_MANIFEST)
		return kerr_plain(err, -E2BIG, "%s: it has %zu bytes, at most %d are allowed", what,
				  n, IMAGE_MAX_MANIFEST);
	r = jval_read(text, n, what, &root, err);
	if (r < 0)
		return r;
	if (!jval_is_object(root))
		return kerr_plain(err, -EINVAL, "%s: not a JSON object", what);
	*ret = take_ptr(root);
	return 0;
}

static int invalid_field(struct kerr *err, const char *where, const char *want)
{
	return kerr_plain(err, -EINVAL, "%s: %s", where, want);
}

static int parse_platform(const struct jval *n, const char *where, struct platform *ret,
			  struct kerr *err)
{
	int r;

	if (!jval_is_object(n))
		return invalid_field(err, where, "platform must be an object");
	r = jval_get_str(n, "os", where, &ret->os, err);
	if (r == 0)
		r = jval_get_str(n, "architecture", where, &ret->arch, err);
	if (r == 0)
		r = jval_get_str(n, "variant", where, &ret->variant, err);
	return r;
}

/* The caller clears *ret, also on failure. */
static int parse_descriptor(const struct jval *n, const char *where, struct oci_descriptor *ret,
			    struct kerr *err)
{
	const struct jval *platform = jval_get(n, "platform");
	int r;

	if (!jval_is_object(n))
		return invalid_field(err, where, "must be a descriptor object");
	r = jval_get_str(n, "mediaType", where, &ret->media_type, err);
	if (r == 0)
		r = jval_get_str(n, "artifactType", where, &ret->artifact_type, err);
	if (r < 0)
		return r;
	if (digest_parse(jval_str(jval_get(n, "digest")), &ret->digest) < 0)
		return invalid_field(err, where, "digest must be sha256: and 64 hex digits");
	if (jval_i64(jval_get(n, "size"), &ret->size) < 0 || ret->size < 0)
		return invalid_field(err, where, "size must be a number of bytes");
	r = jval_get_strmap(n, "annotations", where, &ret->annotations, err);
	if (r < 0 || jval_is_null(platform))
		return r;
	ret->has_platform = true;
	return parse_platform(platform, where, &ret->platform, err);
}

static int parse_descriptors(const struct jval *list, const char *what, size_t max,
			     struct oci_descriptor **ret, size_t *ret_n, struct kerr *err)
{
	cleanup_free char *where = NULL;
	size_t i, n = jval_count(list);
	int r;

	if (jval_is_null(list))
		return 0;
	if (!jval_is_array(list))
		return invalid_field(err, what, "must be a list of descriptors");
	if (n > max)
		return kerr_plain(err, -E2BIG, "%s: there are %zu, at most %zu are allowed", what,
				  n, max);
	for (i = 0; i < n; i++) {
		free_p(&where);
		where = xasprintf("%s[%zu]", what, i);
		r = parse_descriptor(jval_item(list, i), where, vec_grow(ret, ret_n, sizeof(**ret)),
				     err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_index_type(const char *t)
{
	return streq(t, MEDIA_OCI_INDEX) || streq(t, MEDIA_DOCKER_LIST);
}

static bool is_manifest_type(const char *t)
{
	return streq(t, MEDIA_OCI_MANIFEST) || streq(t, MEDIA_DOCKER_MANIFEST);
}

/* typed: a media type says what the document is, so schemaVersion may be missing. */
static int check_version(const struct jval *root, bool typed, struct kerr *err)
{
	const struct jval *n = jval_get(root, "schemaVersion");
	int64_t version;

	if (jval_is_null(n) && typed)
		return 0;
	if (jval_is_null(n))
		return invalid_field(err, "manifest",
				     "schemaVersion and media type are both missing");
	if (jval_i64(n, &version) < 0 || version != 2)
		return invalid_field(err, "manifest", "schemaVersion must be 2");
	return 0;
}

/* Refuse a document that can be read both as a manifest and as an index (CVE-2021-41190). */
static int kind_of(const struct jval *root, const char *media_type, struct kerr *err)
{
	const char *own = jval_str(jval_get(root, "mediaType"));
	bool index = !jval_is_null(jval_get(root, "manifests"));
	bool manifest =
		!jval_is_null(jval_get(root, "layers")) || !jval_is_null(jval_get(root, "config"));
	bool say_index = is_index_type(media_type) || (own && is_index_type(own));
	bool say_manifest = is_manifest_type(media_type) || (own && is_manifest_type(own));
	int r;

	r = check_version(root, say_index || say_manifest, err);
	if (r < 0)
		return r;
	if (!manifest && say_index)
		index = true; /* an index without entries */
	if (index == manifest)
		return invalid_field(err, "manifest",
				     index ? "both a manifest and an index"
					   : "neither a manifest nor an index");
	if (index ? say_manifest : say_index)
		return invalid_field(err, "manifest", "its media type and its content disagree");
	return index ? OCI_KIND_INDEX : OCI_KIND_MANIFEST;
}

int oci_kind(const char *text, size_t n, const char *media_type, struct kerr *err)
{
	cleanup_jval struct jval *root = NULL;
	int r;

	r = read_object(text, n, "manifest", &root, err);
	return r < 0 ? r : kind_of(root, media_type, err);
}

bool oci_is_image_config(const char *media_type)
{
	return streq(media_type, MEDIA_OCI_CONFIG) || streq(media_type, MEDIA_DOCKER_CONFIG);
}

bool oci_is_schema1(const char *text, size_t n)
{
	cleanup_jval struct jval *root = NULL;
	int64_t version;

	return read_object(text, n, "manifest", &root, NULL) == 0 &&
	       jval_i64(jval_get(root, "schemaVersion"), &version) == 0 && version == 1;
}

char *oci_media_type(const char *text, size_t n, const char *media_type)
{
	cleanup_jval struct jval *root = NULL;
	const char *own = NULL;

	if (read_object(text, n, "manifest", &root, NULL) == 0)
		own = jval_str(jval_get(root, "mediaType"));
	if (str_empty(own))
		own = media_type;
	assert(own);
	if (!is_index_type(own) && !is_manifest_type(own))
		own = jval_is_null(jval_get(root, "manifests")) ? MEDIA_OCI_MANIFEST
								: MEDIA_OCI_INDEX;
	return xstrdup(own);
}

int oci_index_parse(const char *text, size_t n, struct oci_index *ret, struct kerr *err)
{
	cleanup_oci_index struct oci_index i = { 0 };
	cleanup_jval struct jval *root = NULL;
	int r;

	r = read_object(text, n, "index", &root, err);
	if (r < 0)
		return r;
	r = kind_of(root, MEDIA_OCI_INDEX, err);
	if (r < 0)
		return r;
	r = jval_get_str(root, "mediaType", "index", &i.media_type, err);
	if (r == 0)
		r = parse_descriptors(jval_get(root, "manifests"), "manifests",
				      IMAGE_MAX_DESCRIPTORS, &i.manifests, &i.n_manifests, err);
	if (r < 0)
		return r;
	*ret = take_struct(i);
	return 0;
}

int oci_manifest_parse(const char *text, size_t n, struct oci_manifest *ret, struct kerr *err)
{
	cleanup_oci_manifest struct oci_manifest m = { 0 };
	cleanup_jval struct jval *root = NULL;
	int r;

	r = read_object(text, n, "manifest", &root, err);
	if (r < 0)
		return r;
	r = kind_of(root, MEDIA_OCI_MANIFEST, err);
	if (r < 0)
		return r;
	r = jval_get_str(root, "mediaType", "manifest", &m.media_type, err);
	if (r == 0)
		r = parse_descriptor(jval_get(root, "config"), "config", &m.config, err);
	if (r == 0)
		r = parse_descriptors(jval_get(root, "layers"), "layers", IMAGE_MAX_LAYERS,
				      &m.layers, &m.n_layers, err);
	if (r < 0)
		return r;
	*ret = take_struct(m);
	return 0;
}

static int parse_diff_ids(const struct jval *root, struct strlist *ret, struct kerr *err)
{
	const struct jval *rootfs = jval_get(root, "rootfs");
	struct digest d;
	int r;

	r = jval_get_strlist(rootfs, "diff_ids", "rootfs", ret, err);
	if (r < 0)
		return r;
	if (ret->n > IMAGE_MAX_LAYERS)
		return kerr_plain(err, -E2BIG,
				  "rootfs.diff_ids: there are %zu, at most %d are allowed", ret->n,
				  IMAGE_MAX_LAYERS);
	for (size_t i = 0; i < ret->n; i++)
		if (digest_parse(ret->v[i], &d) < 0)
			return kerr_plain(err, -EINVAL,
					  "rootfs.diff_ids[%zu]: must be sha256: and 64 hex digits",
					  i);
	return 0;
}

/* The members of "config" that running needs. */
static int parse_run_config(const struct jval *n, struct image_config *c, struct kerr *err)
{
	int r;

	if (!jval_is_null(n) && !jval_is_object(n))
		return invalid_field(err, "config", "must be an object");
	r = jval_get_str(n, "User", "config", &c->user, err);
	if (r == 0)
		r = jval_get_strlist(n, "Env", "config", &c->env, err);
	if (r == 0)
		r = jval_get_strlist(n, "Entrypoint", "config", &c->entrypoint, err);
	/*
	 * docker run --entrypoint "" stores a list with one empty string: it means no
	 * entrypoint.
	 */
	if (c->entrypoint.n == 1 && str_empty(c->entrypoint.v[0]))
		strlist_clear(&c->entrypoint);
	if (r == 0)
		r = jval_get_strlist(n, "Cmd", "config", &c->cmd, err);
	if (r == 0)
		r = jval_get_str(n, "WorkingDir", "config", &c->working_dir, err);
	if (r == 0)
		r = jval_get_strmap(n, "Labels", "config", &c->labels, err);
	if (r == 0)
		r = jval_get_str(n, "StopSignal", "config", &c->stop_signal, err);
	return r;
}

int image_config_parse(const char *text, size_t n, struct image_config *ret, struct kerr *err)
{
	cleanup_image_config struct image_config c = { 0 };
	cleanup_jval struct jval *root = NULL;
	int r;

	r = read_object(text, n, "image configuration", &root, err);
	if (r == 0)
		r = jval_get_str(root, "architecture", "image configuration", &c.architecture, err);
	if (r == 0)
		r = jval_get_str(root, "os", "image configuration", &c.os, err);
	if (r == 0)
		r = jval_get_str(root, "variant", "image configuration", &c.variant, err);
	if (r == 0)
		r = jval_get_str(root, "created", "image configuration", &c.created, err);
	if (r == 0)
		r = parse_run_config(jval_get(root, "config"), &c, err);
	if (r == 0)
		r = jval_get_str(jval_get(root, "rootfs"), "type", "rootfs", &c.rootfs_type, err);
	if (r == 0)
		r = parse_diff_ids(root, &c.diff_ids, err);
	if (r < 0)
		return r;
	*ret = take_struct(c);
	return 0;
}

static void emit_descriptor(struct buf *out, const char *type, const struct oci_descriptor *d)
{
	buf_addf(out, "{\"mediaType\":\"%s\",\"size\":%lld,\"digest\":\"%s\"}", type,
		 (long long) d->size, d->digest.text);
}

void oci_manifest_emit_docker(const struct oci_manifest *m, struct buf *out)
{
	buf_adds(out,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",\"config\":");
	emit_descriptor(out, MEDIA_DOCKER_CONFIG, &m->config);
	buf_adds(out, ",\"layers\":[");
	for (size_t i = 0; i < m->n_layers; i++) {
		if (i > 0)
			buf_addc(out, ',');
		emit_descriptor(out, m->layers[i].media_type, &m->layers[i]);
	}
	buf_adds(out, "]}");
}

void platform_host(struct platform *ret)
{
	/*
	 * uname's machine names and Go's architecture names. When a 64-bit kernel runs a
	 * 32-bit program, the architecture is the one this program was built for.
	 */
	static const struct {
		const char *machine, *arch, *variant;
	} rows[] = {
		{ "x86_64", "amd64", "" },    { "aarch64", "arm64", "v8" },
		{ "armv6l", "arm", "v6" },    { "armv7l", "arm", "v7" },
		{ "armv8l", "arm", "v8" },    { "i386", "386", "" },
		{ "i486", "386", "" },	      { "i586", "386", "" },
		{ "i686", "386", "" },	      { "loongarch64", "loong64", "" },
		{ "mips64", "mips64le", "" }, { "ppc64le", "ppc64le", "" },
		{ "riscv64", "riscv64", "" }, { "s390x", "s390x", "" },
	};
	struct utsname u;
	size_t i;

	*ret = (struct platform){ .os = xstrdup("linux") };
	(void) uname(&u); /* cannot fail with a valid pointer */
	for (i = 0; i < ARRAY_SIZE(rows) && !streq(rows[i].machine, u.machine); i++)
		;
	ret->arch = xstrdup(i < ARRAY_SIZE(rows) ? rows[i].arch : u.machine);
	ret->variant = xstrdup(i < ARRAY_SIZE(rows) ? rows[i].variant : "");
}

/* The number of a variant ("v7": 7), or the architecture's default when there is none. */
static int variant_number(const char *arch, const char *variant)
{
	uint64_t v;

	if (str_empty(variant))
		return streq(arch, "arm") ? 7 : streq(arch, "arm64") ? 8 : 1;
	if (variant[0] != 'v' || str_to_u64(variant + 1, 1, 100, &v) < 0)
		return 1000; /* unknown: newer than any host */
	return (int) v;
}

int platform_match(const struct platform *host, const struct platform *p)
{
	int have, want;

	if (!streq_null(host->os, p->os) || !streq_null(host->arch, p->arch))
		return 0;
	/*
	 * uname does not tell amd64's levels v2 to v4, so such an image is only the
	 * second choice.
	 */
	want = variant_number(p->arch, p->variant);
	if (streq_null(host->arch, "amd64"))
		return want < 100 ? 200 - want : 0;
	have = variant_number(host->arch, host->variant);
	return want <= have ? 100 + want : 0;
}

bool oci_has_platform(const struct oci_descriptor *d)
{
	return d->has_platform && (!str_empty(d->platform.os) || !str_empty(d->platform.arch));
}

bool oci_may_be_image(const struct oci_descriptor *d)
{
	const char *type = d->artifact_type ? d->artifact_type : "";
	const char *reference = strmap_get(&d->annotations, "vnd.docker.reference.type");

	if (*type && !oci_is_image_config(type))
		return false;
	if (reference && streq(reference, "attestation-manifest"))
		return false;
	return str_empty(d->media_type) || is_index_type(d->media_type) ||
	       is_manifest_type(d->media_type);
}

/* 0: not for this host; 1: only the configuration can tell; otherwise higher is better. */
static int rate_entry(const struct oci_descriptor *d, const struct platform *host)
{
	if (!oci_may_be_image(d))
		return 0;
	return oci_has_platform(d) ? platform_match(host, &d->platform) : 1;
}

size_t oci_index_order(const struct oci_index *i, const struct platform *host,
		       const struct oci_descriptor ***ret)
{
	const struct oci_descriptor **v = xcalloc(i->n_manifests + 1, sizeof(*v));
	int score, last, next = INT_MAX;
	size_t k, n = 0;

	/* One round per score; there are only a few scores. */
	do {
		last = next;
		next = 0;
		for (k = 0; k < i->n_manifests; k++) {
			score = rate_entry(&i->manifests[k], host);
			if (score == last)
				v[n++] = &i->manifests[k];
			else if (score < last && score > next)
				next = score;
		}
	} while (next > 0);
	*ret = v;
	return n;
}
