/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imgdrive RUN_PATH NAMESPACE VERB [ARG…]: the image store by hand, for tests.
 *
 *   load FILE|-     load-dir DIR     list      get REF     delete REF
 *   resolve REF     prints digests and the lower directories, top first
 *   prepare ID REF  prepare-digest ID DIGEST   remove ID   collect
 *   verify [REF]    prints what is wrong   forget [REF]   and makes it be missing
 *   hold SECONDS    keep the collector out for a while
 *   mount ID DIR    the root of a prepared container, as its processes get it
 *
 * Options before RUN_PATH: --keep-layers, LIMIT=N. Errors: one line, exit 1.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fd.h"
#include "image.h"
#include "image_gc.h"
#include "image_hold.h"
#include "image_load.h"
#include "image_verify.h"
#include "imgstore.h"
#include "mem.h"
#include "mount.h"
#include "path.h"
#include "snapshot.h"
#include "str.h"

static int print_names(const struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		printf("%s\n", l->v[i]);
	return 0;
}

static int do_load(struct image_store *s, const char *file, bool dir, struct kerr *err)
{
	cleanup_image_loaded struct image_loaded loaded = { 0 };
	cleanup_fd int fd = -EBADF;
	size_t i;
	int r;

	fd = streq(file, "-") ? dup(0) : open(file, O_RDONLY | O_CLOEXEC | (dir ? O_DIRECTORY : 0));
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	r = dir ? image_load_dir(s, fd, &loaded, err) : image_load_fd(s, fd, &loaded, err);
	for (i = 0; r == 0 && i < loaded.n_left; i++)
		printf("%s %s: %s\n", loaded.left[i].failed ? "failed" : "skipped",
		       loaded.left[i].name, loaded.left[i].why);
	return r < 0 ? r : print_names(&loaded.names);
}

static void print_info(const struct image_info *i)
{
	char text[KTIME_TEXT_MAX];

	printf("%s %lld %s %s %s\n", i->name, (long long) i->size, i->digest.text, i->media_type,
	       ktime_text(&i->created_at, text));
}

static int do_list(struct image_store *s, struct kerr *err)
{
	cleanup_image_infos struct image_infos l = { 0 };
	size_t i;
	int r;

	r = image_list(s, &l, err);
	for (i = 0; r == 0 && i < l.n; i++)
		print_info(&l.v[i]);
	return r;
}

static int do_get(struct image_store *s, const char *ref, struct kerr *err)
{
	cleanup_image_info struct image_info i = { 0 };
	int r;

	r = image_get(s, ref, &i, err);
	if (r == 0)
		print_info(&i);
	return r;
}

static int do_delete(struct image_store *s, const char *ref, struct kerr *err)
{
	cleanup_free char *name = NULL;
	int r;

	r = image_delete(s, ref, &name, err);
	if (r == 0)
		printf("%s\n", name);
	return r;
}

static int do_resolve(struct image_store *s, const char *ref, struct kerr *err)
{
	cleanup_image struct image i = { 0 };
	cleanup_strlist struct strlist lower = { 0 };
	int r;

	r = image_resolve(s, ref, &i, err);
	if (r == 0)
		r = snapshot_lower(s, NULL, &i, &lower, err);
	if (r < 0)
		return r;
	printf("%s\n%s\n", i.name, i.manifest.text);
	return print_names(&lower);
}

static int do_prepare(struct image_store *s, const char *id, const char *ref, bool digest,
		      struct kerr *err)
{
	cleanup_image struct image i = { 0 };
	struct digest d;
	int held, r;

	held = image_store_hold(s, err);
	if (held < 0)
		return held;
	if (!digest)
		r = image_resolve(s, ref, &i, err);
	else if (digest_parse(ref, &d) < 0)
		r = kerr_plain(err, -EINVAL, "bad digest");
	else
		r = image_resolve_digest(s, &d, &i, err);
	if (r == 0)
		r = snapshot_prepare(s, id, &i, err);
	image_store_release(s);
	return r;
}

static int open_below(struct image_store *s, const char *path, struct kerr *err)
{
	cleanup_free char *full = path_join(s->dir, path, NULL);
	int fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", full) : fd;
}

/* What the engine does when it starts a container, and nothing more. */
static int do_mount(struct image_store *s, const char *id, const char *target, struct kerr *err)
{
	cleanup_free char *upper = path_join("containers", id, "upper", NULL);
	cleanup_free char *work = path_join("containers", id, "work", NULL);
	cleanup_strlist struct strlist lower = { 0 };
	cleanup_image struct image i = { 0 };
	int fds[MOUNT_OVERLAY_LOWER_MAX];
	struct mount_overlay how = { .lower_fds = fds, .target = target };
	struct digest d;
	size_t k;
	int r;

	r = snapshot_image(s, id, &d, err);
	if (r == 0)
		r = image_resolve_digest(s, &d, &i, err);
	if (r == 0)
		r = snapshot_lower(s, id, &i, &lower, err);
	for (k = 0; r >= 0 && k < lower.n && k < ARRAY_SIZE(fds); k++)
		r = fds[how.n_lower++] = open_below(s, lower.v[k], err);
	if (r >= 0)
		r = how.upper_fd = open_below(s, upper, err);
	if (r >= 0)
		r = how.work_fd = open_below(s, work, err);
	return r < 0 ? r : mount_overlay(&how, err); /* descriptors end with the process */
}

/* The result of a look at images; an error when something is wrong, which is told first. */
static int do_verify(struct image_store *s, const char *ref, bool forget, struct kerr *err)
{
	cleanup_image_checks struct image_checks all = { 0 };
	size_t i, broken = 0;
	int r;

	r = image_verify(s, ref, &all, err);
	for (i = 0; r == 0 && i < all.n; i++) {
		broken += all.v[i].problems.n > 0;
		(void) print_names(&all.v[i].problems);
		if (forget)
			r = image_forget_broken(s, &all.v[i], err);
	}
	return r == 0 && broken > 0 ? kerr_plain(err, -EIO, "%zu broken", broken) : r;
}

/* As the engine does it. */
static int do_remove(struct image_store *s, const char *id, struct kerr *err)
{
	int r = snapshot_remove(s, id, err);

	return r > 0 ? image_gc(s, NULL, err) : r;
}

static int do_hold(struct image_store *s, const char *seconds, struct kerr *err)
{
	uint64_t n = 0;
	int r;

	r = image_store_hold(s, err);
	if (r < 0)
		return r;
	(void) str_to_u64(seconds, 0, 60, &n);
	printf("held\n");
	(void) fflush(stdout);
	(void) sleep((unsigned) n);
	image_store_release(s);
	return 0;
}

static int run(struct image_store *s, char **argv, struct kerr *err)
{
	const char *verb = argv[0], *a = verb ? argv[1] : NULL, *b = a ? argv[2] : NULL;
	uint64_t freed = 0;
	int r;

	if (!verb ||
	    (!a && !streq(verb, "list") && !streq(verb, "collect") && !streq(verb, "verify")))
		return kerr_plain(err, -EINVAL, "usage: imgdrive RUN_PATH NAMESPACE VERB [ARG…]");
	if (streq(verb, "load") || streq(verb, "load-dir"))
		return do_load(s, a, streq(verb, "load-dir"), err);
	if (streq(verb, "list"))
		return do_list(s, err);
	if (streq(verb, "get"))
		return do_get(s, a, err);
	if (streq(verb, "delete"))
		return do_delete(s, a, err);
	if (streq(verb, "resolve"))
		return do_resolve(s, a, err);
	if (str_has_prefix(verb, "prepare") && b)
		return do_prepare(s, a, b, streq(verb, "prepare-digest"), err);
	if (streq(verb, "remove"))
		return do_remove(s, a, err);
	if (streq(verb, "mount") && b)
		return do_mount(s, a, b, err);
	if (streq(verb, "verify") || streq(verb, "forget"))
		return do_verify(s, a, streq(verb, "forget"), err);
	if (streq(verb, "hold"))
		return do_hold(s, a, err);
	if (!streq(verb, "collect"))
		return kerr_plain(err, -EINVAL, "unknown verb '%s'", verb);
	r = image_gc(s, &freed, err);
	if (r == 0)
		printf("%llu\n", (unsigned long long) freed);
	return r;
}

/* LIMIT=N; false when it is none. */
static bool set_limit(struct unpack_limits *l, const char *arg)
{
	size_t n = strcspn(arg, "=");

#define TRY_(name, value)                                      \
	if (strlen(#name) == n && strncmp(#name, arg, n) == 0) \
		return str_to_u64(arg + n + 1, 0, UINT64_MAX, &l->name) == 0;
	UNPACK_LIMITS(TRY_)
#undef TRY_
	return false;
}

int main(int argc, char **argv)
{
	enum image_store_flags flags = 0;
	struct unpack_limits limits;
	struct image_store s;
	struct layout layout;
	struct locks *locks;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int i, r;

	unpack_limits_default(&limits);
	for (i = 1; i < argc; i++) {
		if (streq(argv[i], "--keep-layers"))
			flags |= IMAGE_STORE_KEEP_LAYERS;
		else if (!set_limit(&limits, argv[i]))
			break;
	}
	if (argc - i < 3)
		return 2;
	layout_init(&layout, argv[i], argv[i]);
	locks = locks_new(&layout);
	r = image_store_open(&layout, locks, argv[i + 1], flags, &s, &err);
	if (r == 0) {
		s.limits = limits;
		r = run(&s, argv + i + 2, &err);
		image_store_close(&s);
	}
	if (r < 0)
		fprintf(stderr, "%s\n", kerr_text(&err, text, sizeof(text)));
	locks_free(locks);
	layout_clear(&layout);
	return r < 0;
}
