/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "atomic.h"
#include "cas.h"
#include "image.h"
#include "image_hold.h"
#include "image_verify.h"
#include "imgstore.h"
#include "layer.h"
#include "layer_verify.h"
#include "mem.h"
#include "str.h"

/* Results for layers, so that a layer shared by images is read only once. */
struct seen {
	struct seen_layer {
		struct digest chain;
		struct layer_report report;
	} * v;
	size_t n;
};

static void seen_clear(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		layer_report_clear(&s->v[i].report);
	free_p(&s->v);
}

static void check_clear(struct image_check *c)
{
	free_p(&c->name);
	strlist_clear(&c->problems);
	strlist_clear(&c->broken_blobs);
	strlist_clear(&c->broken_layers);
}

void image_checks_clear(struct image_checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		check_clear(&c->v[i]);
	free_p(&c->v);
	c->n = 0;
}

static const struct layer_report *verify_layer_once(struct image_store *s,
						    const struct digest *chain, struct seen *seen)
{
	struct seen_layer *y;

	for (size_t i = 0; i < seen->n; i++)
		if (digest_eq(&seen->v[i].chain, chain))
			return &seen->v[i].report;
	y = vec_grow(&seen->v, &seen->n, sizeof(*y));
	y->chain = *chain;
	layer_verify(s, chain, &y->report);
	return &y->report;
}

static int check_layers(struct image_store *s, const struct strlist *chains, struct seen *seen,
			struct image_check *c, struct kerr *err)
{
	const struct layer_report *rep;
	struct digest chain;

	for (size_t i = 0; i < chains->n; i++) {
		if (digest_parse(chains->v[i], &chain) < 0)
			return kerr_plain(err, -EINVAL, "bad chain id '%s'", chains->v[i]);
		rep = verify_layer_once(s, &chain, seen);
		c->layers++;
		c->files += rep->files;
		c->more += rep->more;
		if (rep->problems.n > 0)
			strlist_add(&c->broken_layers, chain.text);
		for (size_t k = 0; k < rep->problems.n; k++)
			strlist_addf(&c->problems, "layer %zu: %s", i + 1, rep->problems.v[k]);
	}
	return 0;
}

static int check_blobs(struct image_store *s, const struct strlist *blobs, struct image_check *c,
		       struct kerr *err)
{
	struct digest d;
	int r;

	for (size_t i = 0; i < blobs->n; i++) {
		if (digest_parse(blobs->v[i], &d) < 0)
			return kerr_plain(err, -EINVAL, "bad digest '%s'", blobs->v[i]);
		r = cas_verify(s, &d);
		if (r == 0)
			continue;
		strlist_add(&c->broken_blobs, d.text);
		strlist_addf(&c->problems, "blob %s: %s", d.text,
			     r == -ENOENT ? "it is missing" : "its content differs");
	}
	return 0;
}

static int check_image(struct image_store *s, const struct image_record *rec, struct seen *seen,
		       struct image_checks *all, struct kerr *err)
{
	struct image_check *c = vec_grow(&all->v, &all->n, sizeof(*c));
	int r;

	c->name = xstrdup(rec->name);
	c->digest = rec->digest;
	c->pulled = rec->pulled;
	strlist_make_empty(&c->problems);
	r = check_blobs(s, &rec->blobs, c, err);
	if (r == 0)
		r = check_layers(s, &rec->chain_ids, seen, c, err);
	return r < 0 ? kerr_wrap(err, r, "image '%s'", rec->name) : 0;
}

struct walk {
	struct image_store *store;
	struct seen seen;
	struct image_checks checks;
	struct kerr *err;
};

static int check_one(void *ctx, const char *file, const struct image_record *rec,
		     const struct kerr *why)
{
	struct walk *w = ctx;
	struct image_check *c;

	if (rec)
		return check_image(w->store, rec, &w->seen, &w->checks, w->err);
	c = vec_grow(&w->checks.v, &w->checks.n, sizeof(*c));
	c->name = xstrdup(file);
	strlist_add(&c->problems, why->msg);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct image_check *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int image_verify(struct image_store *s, const char *ref, struct image_checks *ret, struct kerr *err)
{
	cleanup_image_record struct image_record rec = { 0 };
	struct walk w = { .store = s, .err = err };
	int held, r;

	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	if (ref) {
		r = image_find(s, ref, &rec, err);
		if (r == 0)
			r = check_image(s, &rec, &w.seen, &w.checks, err);
	} else {
		r = image_record_walk(s, check_one, &w, err);
	}
	if (held)
		image_store_release(s);
	seen_clear(&w.seen);
	if (r < 0) {
		image_checks_clear(&w.checks);
		return r;
	}
	if (w.checks.n > 0)
		qsort(w.checks.v, w.checks.n, sizeof(*w.checks.v), by_name);
	*ret = w.checks;
	return 0;
}

int image_forget_broken(struct image_store *s, const struct image_check *c, struct kerr *err)
{
	struct digest d;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->broken_layers.n; i++) {
		if (digest_parse(c->broken_layers.v[i], &d) == 0) {
			cleanup_free char *path = layer_path(s, &d, NULL);

			r = image_store_trash(s, path, err);
		}
	}
	for (size_t i = 0; r == 0 && i < c->broken_blobs.n; i++) {
		if (digest_parse(c->broken_blobs.v[i], &d) == 0) {
			cleanup_free char *path = image_store_path(s, NS_BLOBS, digest_hex(&d));

			r = atomic_unlink_at(AT_FDCWD, path, err);
		}
	}
	return r;
}
