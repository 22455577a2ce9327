/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blob_tee.h"
#include "cas.h"
#include "clock.h"
#include "fd.h"
#include "fetch.h"
#include "image.h"
#include "image_gc.h"
#include "image_hold.h"
#include "image_import.h"
#include "image_pull.h"
#include "image_record.h"
#include "imgstore.h"
#include "layer.h"
#include "layer_unpack.h"
#include "mem.h"
#include "str.h"

enum {
	PULL_PARALLEL =
		/*
		 * minimum number of layers at once: the network may be slow even if
		 * there are few processors
		 */
		3,
	PULL_PIPE = 1 << 20, /* size of the pipe between kukefetch and kukeunpack */
	PULL_COMMIT_MS = 2000, /* time between two commits, as each syncs the file system */
};

/* The state of one layer. */
struct pull_layer {
	int64_t id; /* of the request; 0: not requested yet */
	int64_t bytes;
	enum pull_phase phase;
	struct blob_tee *tee; /* keepLayers: also copies the bytes into the content store */
};

struct pull {
	struct image_store *store;
	const struct pull_options *o;
	struct ref ref;
	struct platform host;
	struct fetch *fetch; /* NULL until the network is used */
	struct image_import image;
	struct layer_unpack *layers;
	struct pull_layer *v; /* one per layer of the manifest */
	int64_t committed; /* clock_ms of the last commit */
	bool keep; /* the error may be temporary, so keep complete layers for the next try */
};

void pull_result_clear(struct pull_result *r)
{
	free_p(&r->name);
}

static void pull_clear(struct pull *p)
{
	for (size_t i = 0; p->v && i < p->image.manifest.n_layers; i++)
		p->v[i].tee = blob_tee_free(p->v[i].tee);
	p->fetch = fetch_close(p->fetch);
	p->layers = layer_unpack_free(p->layers);
	free_p(&p->v);
	image_import_clear(&p->image);
	platform_clear(&p->host);
	ref_clear(&p->ref);
}

/* ---- talking to kukefetch ---- */

static int need_fetch(struct pull *p, struct kerr *err)
{
	if (p->fetch)
		return 0;
	return fetch_open(p->o->registries, &p->ref, p->o->logins, p->o->n_logins, &p->fetch, err);
}

static int cancelled(struct pull *p, struct kerr *err)
{
	p->keep = true;
	return kerr_plain(err, -ECANCELED, "pull cancelled");
}

/* End the pull when the client that asked for it has gone. */
static int check_caller(struct pull *p, short revents, struct kerr *err)
{
	return revents & (POLLHUP | POLLERR) ? cancelled(p, err) : 0;
}

static int fetch_error(struct pull *p, const struct fetch_event *e, struct kerr *err)
{
	p->keep |= e->flags & FETCH_AGAIN;
	if (err)
		*err = e->err;
	return e->status == 404 ? -ENOENT : -EREMOTEIO;
}

/* Wait for the end of a request, when no other is in progress. */
static int wait_done(struct pull *p, int64_t id, struct fetch_event *ret, struct kerr *err)
{
	struct pollfd fds[2];
	int r;

	for (;;) {
		fds[0] = (struct pollfd){ .fd = fetch_fd(p->fetch), .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = p->o->cancel_fd };
		r = poll(fds, 2, -1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return kerr_set(err, -errno, "wait for kukefetch");
		r = check_caller(p, fds[1].revents, err);
		if (r < 0)
			return r;
		if (!fds[0].revents)
			continue;
		r = fetch_next(p->fetch, ret, err);
		if (r < 0)
			return r;
		if (ret->id != id)
			continue;
		if (ret->kind == FETCH_DONE)
			return 0;
		if (ret->kind == FETCH_FAILED)
			return fetch_error(p, ret, err);
	}
}

/*
 * Ask for the digest that a tag points to. *ret is unset when the registry does not
 * state it.
 */
static int ask_digest(struct pull *p, const char *tag, struct digest *ret, struct kerr *err)
{
	const struct fetch_want want = {
		.head = true, .what = "manifests", .ref = tag, .size = -1, .fd = -EBADF
	};
	struct fetch_event e;
	int64_t id;
	int r;

	r = need_fetch(p, err);
	if (r == 0)
		r = fetch_ask(p->fetch, &want, &id, err);
	if (r == 0)
		r = wait_done(p, id, &e, err);
	if (r == 0)
		*ret = e.digest;
	return r;
}

static int read_back(int fd, struct buf *ret, struct kerr *err)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return kerr_set(err, -errno, "rewind");
	return buf_read_fd(ret, fd, err);
}

/* Proxies and login portals answer any request with status 200 and an HTML page. */
static int refuse_page(const struct fetch_event *e, const struct buf *text, struct kerr *err)
{
	cleanup_buf struct buf url = BUF_INIT(8 * sizeof(e->url)),
			       type = BUF_INIT(8 * sizeof(e->type));
	const char *body = buf_str(text) + strspn(buf_str(text), " \t\r\n");

	if (*body == '{' && !str_has_prefix(e->type, "text/html"))
		return 0;
	str_vis(&url, e->url, strlen(e->url));
	str_vis(&type, *e->type ? e->type : "unknown", *e->type ? strlen(e->type) : 7);
	return kerr_plain(
		err, -EBADMSG,
		"'%s' answered with content of type '%s' and not with JSON: it may not be "
		"a registry",
		buf_str(&url), buf_str(&type));
}

/* Fetch a manifest, index or configuration completely. */
static int get_text(struct pull *p, const struct fetch_want *what, struct buf *ret,
		    struct fetch_event *ret_event, struct kerr *err)
{
	cleanup_fd int fd = memfd_create("kukeon-manifest", MFD_CLOEXEC);
	struct fetch_want want = *what;
	int64_t id;
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "make a memory file");
	want.fd = fd;
	want.max = IMAGE_MAX_MANIFEST;
	r = need_fetch(p, err);
	if (r == 0)
		r = fetch_ask(p->fetch, &want, &id, err);
	if (r == 0)
		r = wait_done(p, id, ret_event, err);
	if (r == 0)
		r = read_back(fd, ret, err);
	return r == 0 ? refuse_page(ret_event, ret, err) : r;
}

/* The same by digest; it is read from the store if it is there. */
static int get_blob(struct pull *p, const char *what, const struct oci_descriptor *d,
		    struct buf *ret, struct kerr *err)
{
	struct fetch_want want = { .what = what, .ref = d->digest.text, .size = d->size };
	struct fetch_event e = { 0 };
	struct digest have;
	int r;

	if (d->size > IMAGE_MAX_MANIFEST)
		return kerr_plain(err, -E2BIG, "%s: it has %lld bytes, at most %d are allowed",
				  d->digest.text, (long long) d->size, IMAGE_MAX_MANIFEST);
	if (cas_get(p->store, &d->digest, IMAGE_MAX_MANIFEST, ret, NULL) == 0)
		return 0;
	r = get_text(p, &want, ret, &e, err);
	if (r < 0)
		return r;
	digest_of(buf_str(ret), ret->len, &have);
	if (!digest_eq(&have, &d->digest))
		return kerr_plain(err, -EBADMSG, "%s: content has digest %s", d->digest.text,
				  have.text);
	if (d->size >= 0 && d->size != (int64_t) ret->len)
		return kerr_plain(err, -EBADMSG, "%s: %zu bytes, its descriptor says %lld",
				  d->digest.text, ret->len, (long long) d->size);
	return 0;
}

/* ---- manifests ---- */

/* Fetch what a tag points to and compute its digest. */
static int get_tag(struct pull *p, struct oci_descriptor *d, struct buf *ret, struct kerr *err)
{
	struct fetch_want want = { .what = "manifests", .ref = p->ref.tag, .size = -1 };
	struct fetch_event e = { 0 };
	int r;

	r = get_text(p, &want, ret, &e, err);
	if (r < 0)
		return r;
	digest_of(buf_str(ret), ret->len, &d->digest);
	if (digest_is_set(&e.digest) && !digest_eq(&e.digest, &d->digest))
		return kerr_plain(err, -EBADMSG,
				  "manifest: registry reports digest %s, content has digest %s",
				  e.digest.text, d->digest.text);
	d->size = (int64_t) ret->len;
	free_p(&d->media_type);
	d->media_type = xstrdup(e.type);
	return 0;
}

/* Fetch a document that another document of the registry refers to. */
static int get_named(struct pull *p, const char *what, const struct oci_descriptor *d,
		     const char *who, struct buf *ret, struct kerr *err)
{
	struct kerr why = { 0 };
	int r;

	r = get_blob(p, what, d, ret, &why);
	if (r == -ENOENT) /* a plain "not found" would look as if the tag does not exist */
		return kerr_plain(err, r, "%s %s%s%.64s%s%.64s, which the registry does not have",
				  who, d->digest.text, oci_has_platform(d) ? " for " : "",
				  oci_has_platform(d) ? d->platform.os : "",
				  oci_has_platform(d) ? "/" : "",
				  oci_has_platform(d) ? d->platform.arch : "");
	if (r < 0 && err)
		*err = why;
	return r;
}

static int import_manifest(struct pull *p, const struct oci_descriptor *d, const struct buf *text,
			   struct kerr *err)
{
	cleanup_buf struct buf config = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct image_import *n = &p->image;
	int r;

	n->rec.manifest = d->digest;
	r = oci_manifest_parse(buf_str(text), text->len, &n->manifest, err);
	if (r == 0)
		r = image_import_check_types(&n->manifest, err);
	if (r == 0)
		r = get_named(p, "blobs", &n->manifest.config, "the manifest names configuration",
			      &config, err);
	if (r == 0)
		r = image_config_parse(buf_str(&config), config.len, &n->config, err);
	if (r == 0)
		r = image_import_check(n, &p->host, n->manifest.n_layers, err);
	if (r == 0)
		r = image_import_put(p->store, n, &n->manifest.config.digest, &config, err);
	return r == 0 ? image_import_put(p->store, n, &d->digest, text, err) : r;
}

/* Argument of import_child. */
struct descent {
	struct pull *pull;
	unsigned depth;
};

static int import_child(void *ctx, const struct oci_descriptor *d, struct kerr *err);

/* Pull what the name points to: a manifest, or through indexes the manifest for this host. */
static int import_target(struct pull *p, const struct oci_descriptor *d, const struct buf *text,
			 unsigned depth, struct kerr *err)
{
	struct descent at = { p, depth + 1 };
	int r;

	if (depth > IMAGE_MAX_INDEX_DEPTH)
		return kerr_plain(err, -ELOOP, "indexes are nested too deep");
	r = image_import_refuse_schema1(d->media_type, text, err);
	if (r == 0)
		r = oci_kind(buf_str(text), text->len, d->media_type, err);
	if (r < 0)
		return r;
	if (r == OCI_KIND_MANIFEST)
		return import_manifest(p, d, text, err);
	r = image_import_pick(&p->image, text, &p->host, import_child, &at, err);
	return r == 0 ? image_import_put(p->store, &p->image, &d->digest, text, err) : r;
}

static int import_child(void *ctx, const struct oci_descriptor *d, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	const struct descent *at = ctx;
	struct pull *p = at->pull;
	int r;

	r = image_import_judge(&p->image, err);
	if (r == 0)
		r = get_named(p, "manifests", d, "the index lists manifest", &text, err);
	return r == 0 ? import_target(p, d, &text, at->depth, err) : r;
}

static int pull_manifest(struct pull *p, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct oci_descriptor top = { .media_type = xstrdup(""),
				      .digest = p->ref.digest,
				      .size = -1 };
	struct image_record *rec = &p->image.rec;
	int r;

	strlist_make_empty(&rec->blobs);
	strlist_make_empty(&rec->chain_ids);
	if (digest_is_set(&top.digest))
		r = get_blob(p, "manifests", &top, &text, err);
	else
		r = get_tag(p, &top, &text, err);
	rec->digest = top.digest;
	if (r == 0)
		r = import_target(p, &top, &text, 0, err);
	if (r == 0)
		rec->media_type = oci_media_type(buf_str(&text), text.len, top.media_type);
	oci_descriptor_clear(&top);
	return r;
}

/* ---- layers ---- */

static const struct oci_descriptor *blob_of(const struct pull *p, size_t i)
{
	return &p->image.manifest.layers[i];
}

static void report_progress(struct pull *p, size_t i, enum pull_phase phase, const char *text)
{
	struct pull_layer *y = &p->v[i];
	const struct pull_progress now = {
		.layer = &blob_of(p, i)->digest,
		.phase = phase,
		.bytes = y->bytes,
		.total = blob_of(p, i)->size,
		.text = text,
	};

	y->phase = phase;
	if (p->o->progress)
		p->o->progress(p->o->ctx, &now);
}

static size_t parallel(void)
{
	size_t n = layer_unpack_parallel();

	return n < PULL_PARALLEL ? PULL_PARALLEL : n;
}

/* A pipe that kukefetch writes to without blocking and kukeunpack or a tee reads from. */
static int make_pipe(int *ret_in, int *ret_out, struct kerr *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "make a pipe");
	*ret_in = fds[0];
	*ret_out = fds[1];
	(void) fcntl(fds[1], F_SETPIPE_SZ, PULL_PIPE); /* a smaller pipe works too */
	/* Set O_NONBLOCK for the writing end only. */
	if (fcntl(fds[1], F_SETFL, O_WRONLY | O_NONBLOCK) < 0)
		return kerr_set(err, -errno, "make a pipe");
	return 0;
}

/* Insert a tee between kukefetch and the reader: *in becomes the tee's output. */
static int add_tee(struct pull *p, size_t i, int *in, struct kerr *err)
{
	int fds[2], r;

	if (!(p->store->flags & IMAGE_STORE_KEEP_LAYERS) ||
	    cas_has(p->store, &blob_of(p, i)->digest))
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "make a pipe");
	r = blob_tee_new(p->store, take_fd(*in), fds[1], &p->v[i].tee, err);
	*in = fds[0];
	return r;
}

/* Start kukeunpack for a layer and request the layer's bytes from the registry. */
static int start_layer(struct pull *p, size_t i, struct kerr *err)
{
	const struct oci_descriptor *d = blob_of(p, i);
	cleanup_fd int in = -EBADF, out = -EBADF;
	struct layer_source src = { .offset = -1, .size = d->size };
	struct fetch_want want = {
		.what = "blobs", .ref = d->digest.text, .size = d->size, .max = d->size
	};
	int r;

	r = need_fetch(p, err);
	if (r == 0)
		r = make_pipe(&in, &out, err);
	if (r == 0)
		r = add_tee(p, i, &in, err);
	if (r < 0)
		return r;
	src.fd = in;
	want.fd = out;
	r = layer_unpack_start(p->layers, i, &src, err);
	if (r == 0)
		r = fetch_ask(p->fetch, &want, &p->v[i].id, err);
	if (r < 0)
		return r;
	report_progress(p, i, PULL_DOWNLOADING, NULL);
	return 0;
}

static int start_layers(struct pull *p, struct kerr *err)
{
	int r;

	for (size_t i = 0; i < p->image.manifest.n_layers; i++) {
		if (layer_unpack_running(p->layers) >= parallel())
			return 0;
		if (!layer_unpack_missing(p->layers, i))
			continue;
		r = start_layer(p, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The layer that a request is for; the number of layers when there is none. */
static size_t layer_of(const struct pull *p, int64_t id)
{
	size_t i;

	for (i = 0; i < p->image.manifest.n_layers; i++)
		if (p->v[i].id == id && id > 0)
			break;
	return i;
}

static int handle_event(struct pull *p, struct kerr *err)
{
	struct fetch_event e;
	size_t i;
	int r;

	r = fetch_next(p->fetch, &e, err);
	if (r < 0)
		return r;
	i = layer_of(p, e.id);
	if (i == p->image.manifest.n_layers)
		return 0;
	switch (e.kind) {
	case FETCH_DONE:
		p->v[i].bytes = blob_of(p, i)->size;
		report_progress(p, i, PULL_UNPACKING, NULL);
		break;
	case FETCH_PROGRESS:
		p->v[i].bytes = e.bytes;
		report_progress(p, i, PULL_DOWNLOADING, NULL);
		break;
	case FETCH_RETRY:
		report_progress(p, i, PULL_RETRYING, e.err.msg);
		break;
	case FETCH_FAILED:
		if (e.flags & FETCH_SINK)
			break; /* kukeunpack reports the reason */
		r = fetch_error(p, &e, err);
		if (r == -ENOENT && image_import_is_foreign(blob_of(p, i)->media_type))
			return kerr_plain(err, -EREMOTEIO,
					  "layer %zu (%s) is not in the registry, and is not "
					  "fetched from elsewhere",
					  i + 1, blob_of(p, i)->media_type);
		return kerr_wrap(err, r, "layer %zu", i + 1);
	}
	return 0;
}

/*
 * kukeunpack has failed. When kukefetch gave up, kukeunpack only complains about an
 * early end; the real error is kukefetch's. kukefetch sends it before it closes the
 * pipe, so it can be read now.
 */
static int find_cause(struct pull *p, int r, struct kerr *why, struct kerr *err)
{
	struct pollfd fd = { .fd = fetch_fd(p->fetch), .events = POLLIN };
	int q;

	while (poll(&fd, 1, 0) > 0) {
		q = handle_event(p, err);
		if (q < 0)
			return q;
	}
	if (err)
		*err = *why;
	return r;
}

static int tee_fd(const struct pull_layer *y)
{
	return y->tee ? blob_tee_fd(y->tee) : -EBADF;
}

static int wait_layers(struct pull *p, struct kerr *err)
{
	size_t n = p->image.manifest.n_layers, i;
	cleanup_free struct pollfd *fds = xcalloc(2 * n + 2, sizeof(*fds));
	struct pollfd *fetch = &fds[2 * n], *caller = fetch + 1;
	struct kerr why = { 0 };
	int r;

	for (i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ .fd = layer_unpack_fd(p->layers, i), .events = POLLIN };
		fds[n + i] = (struct pollfd){ .fd = tee_fd(&p->v[i]), .events = POLLIN };
	}
	*fetch = (struct pollfd){ .fd = fetch_fd(p->fetch), .events = POLLIN };
	*caller = (struct pollfd){ .fd = p->o->cancel_fd };
	r = poll(fds, 2 * n + 2, -1);
	if (r < 0)
		return errno == EINTR ? 0 : kerr_set(err, -errno, "wait for layers");
	r = check_caller(p, caller->revents, err);
	if (r == 0 && fetch->revents)
		r = handle_event(p, err);
	for (i = 0; r == 0 && i < n; i++)
		if (fds[n + i].revents)
			r = blob_tee_pump(p->v[i].tee, err);
	if (r < 0)
		return r;
	r = layer_unpack_wait(p->layers, 0, &why);
	return r < 0 ? find_cause(p, r, &why, err) : 0;
}

static int commit(struct pull *p, bool last, struct kerr *err)
{
	int r;

	if (!last && clock_ms() - p->committed < PULL_COMMIT_MS)
		return 0;
	r = layer_unpack_commit(p->layers, err);
	p->committed = clock_ms();
	for (size_t i = 0; r == 0 && i < p->image.manifest.n_layers; i++)
		if (p->v[i].phase >= PULL_DOWNLOADING && p->v[i].phase < PULL_DONE &&
		    layer_exists(p->store, layer_unpack_chain(p->layers, i)))
			report_progress(p, i, PULL_DONE, NULL);
	return r;
}

static bool any_missing(const struct pull *p)
{
	for (size_t i = 0; i < p->image.manifest.n_layers; i++)
		if (layer_unpack_missing(p->layers, i))
			return true;
	return false;
}

static int begin_layers(struct pull *p, struct kerr *err)
{
	size_t n = p->image.manifest.n_layers, i;
	cleanup_free struct layer_want *want = xcalloc(n + 1, sizeof(*want));
	int r;

	p->v = xcalloc(n + 1, sizeof(*p->v));
	for (i = 0; i < n; i++) {
		want[i].blob = blob_of(p, i)->digest;
		if (digest_parse(p->image.config.diff_ids.v[i], &want[i].diff_id) < 0)
			return kerr_plain(err, -EINVAL, "bad diff id");
		report_progress(p, i, PULL_WAITING, NULL);
	}
	r = layer_unpack_new(p->store, want, n, &p->layers, err);
	for (i = 0; r == 0 && i < n; i++) {
		strlist_add(&p->image.rec.chain_ids, layer_unpack_chain(p->layers, i)->text);
		if (!layer_unpack_missing(p->layers, i))
			report_progress(p, i, PULL_EXISTS, NULL);
	}
	return r;
}

/* Commit the blobs of kept layers. All layers are unpacked, which has checked their digests. */
static int keep_layers(struct pull *p, struct kerr *err)
{
	int r;

	for (size_t i = 0; i < p->image.manifest.n_layers; i++) {
		r = p->v[i].tee ? blob_tee_commit(p->v[i].tee, &blob_of(p, i)->digest, err) : 0;
		if (r < 0)
			return r;
		if (p->store->flags & IMAGE_STORE_KEEP_LAYERS &&
		    cas_has(p->store, &blob_of(p, i)->digest))
			strlist_add(&p->image.rec.blobs, blob_of(p, i)->digest.text);
	}
	return 0;
}

static int pull_layers(struct pull *p, struct kerr *err)
{
	int r;

	r = begin_layers(p, err);
	p->committed = clock_ms();
	while (r == 0 && (any_missing(p) || layer_unpack_running(p->layers) > 0)) {
		r = start_layers(p, err);
		if (r == 0)
			r = wait_layers(p, err);
		if (r == 0)
			r = commit(p, false, err);
	}
	/* keep the complete layers for the next try; the error to report is r */
	if (r < 0 && p->keep && p->layers)
		(void) commit(p, true, NULL);
	return r == 0 ? commit(p, true, err) : r;
}

/* ---- the pull ---- */

/* Whether the named image is complete in the store, and what the name points to. */
static bool is_whole(struct image_store *s, const char *name, struct digest *ret)
{
	cleanup_image struct image i = { 0 };

	if (image_resolve(s, name, &i, NULL) < 0 || !streq(i.name, name))
		return false;
	*ret = i.digest;
	return true;
}

/*
 * The same by fetching the manifest, as some registries do not answer HEAD requests, or
 * answer without a digest.
 */
static int get_digest(struct pull *p, struct digest *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);
	struct oci_descriptor top = { .media_type = xstrdup(""), .size = -1 };
	int r = get_tag(p, &top, &text, err);

	*ret = top.digest;
	oci_descriptor_clear(&top);
	return r;
}

/* Returns 1 when the image is in the store and up to date, 0 when not, -errno. */
static int is_current(struct pull *p, const char *name, struct digest *ret, struct kerr *err)
{
	struct digest have, now = { 0 };
	int r;

	if (!is_whole(p->store, name, &have))
		return 0;
	*ret = have;
	if (!(p->o->flags & PULL_REFRESH) || digest_is_set(&p->ref.digest))
		return 1;
	r = ask_digest(p, p->ref.tag, &now, err);
	if (r != -ECANCELED && (r < 0 || !digest_is_set(&now)))
		r = get_digest(p, &now, err);
	return r < 0 ? r : digest_eq(&now, &have);
}

static int finish(struct pull *p, const char *name, struct kerr *err)
{
	int r = keep_layers(p, err);

	p->image.rec.pulled = true;
	return r < 0 ? r : image_import_finish(p->store, &p->image, name, err);
}

static int pull(struct pull *p, const char *name, struct pull_result *ret, struct kerr *err)
{
	int r;

	r = is_current(p, name, &ret->digest, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = pull_manifest(p, err);
	if (r == 0)
		r = pull_layers(p, err);
	if (r == 0)
		r = finish(p, name, err);
	if (r < 0)
		return r;
	ret->digest = p->image.rec.digest;
	ret->changed = true;
	return 0;
}

int image_pull(struct image_store *s, const char *ref, const struct pull_options *o,
	       struct pull_result *ret, struct kerr *err)
{
	cleanup_(pull_clear) struct pull p = { .store = s, .o = o };
	cleanup_pull_result struct pull_result res = { 0 };
	int held, r;

	r = ref_parse(ref, &p.ref, err);
	if (r < 0)
		return r;
	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	platform_host(&p.host);
	res.name = ref_text(&p.ref);
	r = pull(&p, res.name, &res, err);
	p.layers = layer_unpack_free(p.layers); /* release its locks before the store */
	if (held)
		image_store_release(s);
	if (r < 0 && (!p.keep || r == -ENOSPC || r == -EDQUOT))
		(void) image_gc(s, NULL, NULL); /* the first error is the one to report */
	if (r < 0)
		return r;
	*ret = take_struct(res);
	return 0;
}
