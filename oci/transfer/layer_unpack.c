/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "imgstore.h"
#include "layer.h"
#include "layer_fixup.h"
#include "layer_unpack.h"
#include "layer_verify.h"
#include "mem.h"
#include "path.h"
#include "snapshot.h"
#include "str.h"
#include "vec.h"

enum {
	/* maximum number of kukeunpack processes, on hosts with as many processors */
	LAYERS_PARALLEL = 4
};

enum layer_state {
	LAYER_MISSING = 1, /* to be started; its lock is held */
	LAYER_RUNNING, /* kukeunpack is running */
	LAYER_UNPACKED, /* unpacked and verified, in staging/ */
	LAYER_NAMED, /* in snapshots/ */
};

struct layer {
	struct layer_want want;
	struct digest chain;
	enum layer_state state;
	bool locked;
	bool unpacked_here;
	char *dir; /* in staging/; NULL: none */
	struct unpack_job job;
	struct unpack_result res;
	struct buf notes;
};

struct layer_unpack {
	struct image_store *store;
	struct layer *v;
	size_t n;
	uint64_t bytes; /* sum of the unpacked tars */
};

static void unlock(struct layer_unpack *l, struct layer *y)
{
	struct lock_id id = lock_id_chain(l->store->ns, digest_hex(&y->chain));

	if (y->locked)
		locks_drop(l->store->locks, &id);
	y->locked = false;
}

static void layer_clear(struct layer_unpack *l, struct layer *y)
{
	unpack_abort(&y->job);
	if (y->dir) /* if this fails, garbage collection removes it */
		(void) remove_tree_at(AT_FDCWD, y->dir, 0, NULL);
	free_p(&y->dir);
	buf_clear(&y->notes);
	unlock(l, y);
}

struct layer_unpack *layer_unpack_free(struct layer_unpack *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		layer_clear(l, &l->v[i]);
	free(l->v);
	free(l);
	return NULL;
}

static int by_hex(const void *a, const void *b)
{
	const struct layer *const *x = a, *const *y = b;

	return strcmp((*x)->chain.text, (*y)->chain.text);
}

/* Take locks sorted by name, so that two images sharing layers cannot deadlock. */
static int lock_missing(struct layer_unpack *l, struct kerr *err)
{
	cleanup_free struct layer **order = xcalloc(l->n + 1, sizeof(*order));
	struct lock_id id;
	size_t i, n = 0;
	int r;

	for (i = 0; i < l->n; i++)
		if (l->v[i].state == LAYER_MISSING)
			order[n++] = &l->v[i];
	if (n > 1)
		qsort(order, n, sizeof(*order), by_hex);
	for (i = 0; i < n; i++) {
		id = lock_id_chain(l->store->ns, digest_hex(&order[i]->chain));
		r = locks_take(l->store->locks, &id, 0, err);
		if (r < 0)
			return r;
		order[i]->locked = true;
		if (layer_exists(l->store, &order[i]->chain)) {
			order[i]->state = LAYER_NAMED;
			unlock(l, order[i]);
		}
	}
	return 0;
}

int layer_unpack_new(struct image_store *s, const struct layer_want *want, size_t n,
		     struct layer_unpack **ret, struct kerr *err)
{
	cleanup_(layer_unpack_freep) struct layer_unpack *l = xcalloc(1, sizeof(*l));
	struct layer *y;
	int r;

	if (n > s->max_layers)
		return kerr_plain(err, -E2BIG,
				  "image has %zu layers, at most %llu are allowed "
				  "(imageLimits.maxLayers)",
				  n, (unsigned long long) s->max_layers);
	l->store = s;
	l->v = xcalloc(n + 1, sizeof(*l->v));
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		y = &l->v[i];
		*y = (struct layer){ .want = want[i], .job = UNPACK_JOB_INIT };
		buf_init(&y->notes, UNPACK_MAX_NOTES);
		digest_chain(i > 0 ? &l->v[i - 1].chain : NULL, &want[i].diff_id, &y->chain);
		y->state = layer_exists(s, &y->chain) ? LAYER_NAMED : LAYER_MISSING;
	}
	r = lock_missing(l, err);
	if (r < 0)
		return r;
	*ret = take_ptr(l);
	return 0;
}

bool layer_unpack_missing(const struct layer_unpack *l, size_t i)
{
	return l->v[i].state == LAYER_MISSING;
}

const struct digest *layer_unpack_chain(const struct layer_unpack *l, size_t i)
{
	return &l->v[i].chain;
}

size_t layer_unpack_parallel(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return LAYERS_PARALLEL;
	n = CPU_COUNT(&set);
	return n > LAYERS_PARALLEL ? LAYERS_PARALLEL : (size_t) n;
}

size_t layer_unpack_running(const struct layer_unpack *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += l->v[i].state == LAYER_RUNNING;
	return n;
}

static int fail_layer(const struct layer_unpack *l, const struct layer *y, int r, struct kerr *err)
{
	return kerr_wrap(err, r, "layer %zu", (size_t) (y - l->v) + 1);
}

static int open_fs(const struct layer *y, struct kerr *err)
{
	cleanup_free char *fs = path_join(y->dir, LAYER_FS, NULL);
	int fd;

	fd = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? kerr_set(err, -errno, "open '%s'", fs) : fd;
}

static int make_list(const struct layer *y, struct kerr *err)
{
	cleanup_free char *path = path_join(y->dir, LAYER_FILES, NULL);
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? kerr_set(err, -errno, "create '%s'", path) : fd;
}

static int make_staging(struct layer_unpack *l, struct layer *y, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(l->store, NS_STAGING, "layer-XXXXXX");
	cleanup_free char *fs = NULL;
	int r;

	if (!mkdtemp(dir))
		return kerr_set(err, -errno, "create '%s'", dir);
	y->dir = take_ptr(dir);
	fs = path_join(y->dir, LAYER_FS, NULL);
	r = mkdir(fs, 0755);
	if (r == 0)
		r = chmod(fs, 0755); /* independent of the umask */
	return r < 0 ? kerr_set(err, -errno, "create '%s'", fs) : 0;
}

int layer_unpack_start(struct layer_unpack *l, size_t i, const struct layer_source *src,
		       struct kerr *err)
{
	struct layer *y = &l->v[i];
	cleanup_fd int fs = -EBADF, list = -EBADF;
	int r;

	r = make_staging(l, y, err);
	if (r == 0)
		r = fs = open_fs(y, err);
	if (r >= 0)
		r = list = make_list(y, err);
	if (r >= 0)
		r = unpack_start(src, fs, list, &l->store->limits, &y->job, err);
	if (r < 0)
		return fail_layer(l, y, r, err);
	y->state = LAYER_RUNNING;
	return 0;
}

int layer_unpack_fd(const struct layer_unpack *l, size_t i)
{
	return l->v[i].job.fd;
}

static int check_digests(const struct layer *y, struct kerr *err)
{
	const struct layer_want *w = &y->want;

	if (digest_is_set(&w->blob) && !streq(digest_hex(&w->blob), y->res.blob_hex))
		return kerr_plain(err, -EBADMSG, "layer %s: content has digest sha256:%s",
				  w->blob.text, y->res.blob_hex);
	if (!streq(digest_hex(&w->diff_id), y->res.diff_hex))
		return kerr_plain(err, -EBADMSG, "layer with diff id %s: unpacked it is sha256:%s",
				  w->diff_id.text, y->res.diff_hex);
	return 0;
}

static int finish(struct layer_unpack *l, struct layer *y, struct kerr *err)
{
	int r;

	r = unpack_finish(&y->job, &y->res, &y->notes, err);
	if (r == 0)
		r = check_digests(y, err);
	if (r < 0)
		return fail_layer(l, y, r, err);
	l->bytes += y->res.tar_bytes;
	if (l->bytes > l->store->limits.max_bytes)
		return kerr_plain(err, -E2BIG,
				  "layers are larger than %llu bytes (imageLimits.maxBytes)",
				  (unsigned long long) l->store->limits.max_bytes);
	y->state = LAYER_UNPACKED;
	y->unpacked_here = true;
	return 0;
}

int layer_unpack_wait(struct layer_unpack *l, int timeout, struct kerr *err)
{
	cleanup_free struct pollfd *p = xcalloc(l->n + 1, sizeof(*p));
	int n = 0, r;

	for (size_t i = 0; i < l->n; i++)
		p[i] = (struct pollfd){ .fd = l->v[i].job.fd, .events = POLLIN };
	if (layer_unpack_running(l) == 0)
		return 0;
	do
		r = poll(p, l->n, timeout);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return kerr_set(err, -errno, "wait for kukeunpack");
	for (size_t i = 0; i < l->n; i++) {
		if (p[i].revents == 0)
			continue;
		r = finish(l, &l->v[i], err);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}

bool layer_unpack_source(const struct layer_unpack *l, size_t i, struct digest *ret_blob,
			 int64_t *ret_size)
{
	const struct layer *y = &l->v[i];

	if (!y->unpacked_here)
		return false;
	digest_from_hex(y->res.blob_hex, ret_blob);
	*ret_size = (int64_t) y->res.blob_bytes;
	return true;
}

/*
 * Apply what depends on the layers below, which may still be in staging/, and write the
 * record.
 */
static int complete_layer(struct layer_unpack *l, size_t i, struct kerr *err)
{
	cleanup_strlist struct strlist dirs = { 0 };
	struct layer *y = &l->v[i];
	struct layer_info info = {
		.diff_id = y->want.diff_id,
		.unpacked_bytes = y->res.file_bytes,
		.entries = y->res.entries,
	};
	int r;

	for (size_t k = 0; k < i; k++) {
		if (l->v[k].dir)
			strlist_add(&dirs, l->v[k].dir);
		else
			strlist_add_owned(&dirs, layer_path(l->store, &l->v[k].chain, NULL));
	}
	if (i > 0)
		info.parent = l->v[i - 1].chain;
	r = layer_fixup_apply(y->dir, &dirs, &y->notes, &info.opaque_root, err);
	if (r == 0)
		r = layer_sum_files(y->dir, &info.files_bytes, &info.files_crc, err);
	return r < 0 ? r : layer_write_info_in(y->dir, &info, err);
}

/*
 * A running container may use the files of a layer whose record was lost. So the files
 * stay, and they get the record of the copy unpacked just now. Whether the files are
 * intact, "image verify" finds out.
 */
static int restore_record(struct layer_unpack *l, struct layer *y, const char *to, struct kerr *err)
{
	/* the record last, as it makes the layer valid */
	static const char *const names[] = { LAYER_FILES, LAYER_RECORD };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		cleanup_free char *from = path_join(y->dir, names[i], NULL);
		cleanup_free char *at = path_join(to, names[i], NULL);

		r = remove_tree_at(AT_FDCWD, at, REMOVE_TREE_SAME_FS, err);
		if (r == 0 && rename(from, at) < 0)
			r = kerr_set(err, -errno, "rename '%s' to '%s'", from, at);
		if (r == 0)
			r = fsync_parent(AT_FDCWD, at, err);
	}
	return r < 0 ? r : image_store_trash(l->store, y->dir, err);
}

/* Give the layer its name; its data is synced already, so a visible layer is complete_layer. */
static int publish_layer(struct layer_unpack *l, struct layer *y, struct kerr *err)
{
	cleanup_free char *to = layer_path(l->store, &y->chain, NULL);
	cleanup_free char *fs = path_join(to, LAYER_FS, NULL);
	int r;

	if (access(fs, F_OK) == 0 && snapshot_layer_used(l->store, &y->chain)) {
		r = restore_record(l, y, to, err);
	} else {
		/* A damaged directory without a record is removed first. */
		r = image_store_trash(l->store, to, err);
		if (r == 0 && rename(y->dir, to) < 0)
			r = kerr_set(err, -errno, "rename '%s' to '%s'", y->dir, to);
	}
	if (r < 0)
		return r;
	free_p(&y->dir);
	y->state = LAYER_NAMED;
	return 0;
}

static int sync_store(struct layer_unpack *l, struct kerr *err)
{
	cleanup_fd int fd = open(l->store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	r = fd < 0 ? -1 : syncfs(fd);
	return r < 0 ? kerr_set(err, -errno, "sync '%s'", l->store->dir) : 0;
}

static int publish_all(struct layer_unpack *l, size_t from, size_t to, struct kerr *err)
{
	cleanup_free char *path = layer_path(l->store, &l->v[from].chain, NULL);
	int r;

	r = sync_store(l, err);
	for (size_t i = from; r == 0 && i < to; i++)
		r = l->v[i].state == LAYER_UNPACKED ? publish_layer(l, &l->v[i], err) : 0;
	if (r < 0)
		return r;
	r = fsync_parent(AT_FDCWD, path, err);
	for (size_t i = from; r == 0 && i < to; i++)
		unlock(l, &l->v[i]);
	return r;
}

int layer_unpack_commit(struct layer_unpack *l, struct kerr *err)
{
	size_t from = 0, to;
	int r;

	while (from < l->n && l->v[from].state == LAYER_NAMED)
		from++;
	for (to = from; to < l->n && l->v[to].state >= LAYER_UNPACKED; to++) {
		r = l->v[to].state == LAYER_UNPACKED ? complete_layer(l, to, err) : 0;
		if (r < 0)
			return fail_layer(l, &l->v[to], r, err);
	}
	return to > from ? publish_all(l, from, to, err) : 0;
}
