/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "engine_dir.h"
#include "errkind.h"
#include "fd.h"
#include "images.h"
#include "images_health.h"
#include "model.h"
#include "pull_failures.h"
#include "str.h"

/* ---- the store of a realm ---- */

START_TEST(limits)
{
	static const struct image_limits some = { .max_bytes = 7,
						  .max_entries = 8,
						  .max_layers = 9 };
	struct image_store s cleanup_image_store = { 0 }, builtin cleanup_image_store = { 0 };
	struct kerr err = { 0 };

	(void) engine_realm("r");
	ck_assert_int_eq(images_store_open(e, "r.unit.test", &builtin, &err), 0);
	ck_assert_uint_gt(builtin.limits.max_bytes, 1 << 20);
	e->image_limits = some;
	ck_assert_int_eq(images_store_open(e, "r.unit.test", &s, &err), 0);
	ck_assert_uint_eq(s.limits.max_bytes, 7);
	ck_assert_uint_eq(s.limits.max_entries, 8);
	ck_assert_uint_eq(s.max_layers, 9);
	/* What the configuration does not say is as it was. */
	ck_assert_uint_eq(s.limits.max_path, builtin.limits.max_path);
	ck_assert_uint_eq(s.limits.max_ratio, builtin.limits.max_ratio);
	ck_assert_uint_eq(s.limits.max_xattrs, builtin.limits.max_xattrs);
}
END_TEST

START_TEST(stores_of_realms)
{
	struct image_store s cleanup_image_store = { 0 }, none cleanup_image_store = { 0 };
	char *ns cleanup_free = NULL, *other cleanup_free = NULL;
	struct kerr err = { 0 };

	ck_assert_int_eq(images_open(e, "", &other, &none, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "realm name is required");
	ck_assert_int_eq(images_open(e, "../x", &other, &none, &err), -EINVAL);
	ck_assert_int_eq(images_open(e, "r", &other, &none, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_REALM_NOT_FOUND);
	ck_assert_str_eq(err.msg, "realm not found: r");
	ck_assert_ptr_null(other);
	(void) engine_realm("r");
	ck_assert_int_eq(images_open(e, "r", &ns, &s, &err), 0);
	ck_assert_str_eq(ns, "r.unit.test");
}
END_TEST

START_TEST(errors)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(images_error(-ENOENT, "r", "a:1", &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_IMAGE_NOT_FOUND);
	ck_assert_str_eq(err.msg, "image \"a:1\" not found in realm \"r\": image not found");
	/* Any other failure keeps its own words, a success none. */
	(void) kerr_plain(&err, -EIO, "mine");
	ck_assert_int_eq(images_error(-EIO, "r", "a:1", &err), -EIO);
	ck_assert_str_eq(err.msg, "mine");
	ck_assert_int_eq(images_error(0, "r", "a:1", &err), 0);
	ck_assert_str_eq(err.msg, "mine");
}
END_TEST

/* ---- verbs on a store with nothing in it ---- */

START_TEST(nothing_there)
{
	struct rpc_get_image_result got = { 0 };
	struct rpc_delete_image_result deleted = { 0 };
	struct rpc_prune_images_result pruned = { 0 };
	struct kerr err = { 0 };

	(void) engine_realm("r");
	ck_assert_int_eq(images_get(e, "r", "a:1", &got, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_IMAGE_NOT_FOUND);
	ck_assert_int_eq(images_delete(e, "r", "a:1", &deleted, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_IMAGE_NOT_FOUND);
	ck_assert_int_eq(images_prune(e, "none", &pruned, &err), -ENOENT);
	ck_assert_int_eq(images_prune(e, "r", &pruned, &err), 0);
	ck_assert_int_eq(pruned.bytes, 0);
	free(got.realm);
	free(got.namespace);
	free(deleted.realm);
	free(deleted.namespace);
	free(deleted.ref);
	free(pruned.realm);
	free(pruned.namespace);
}
END_TEST

/* No archive, no realm for it, and one that comes when its realm goes. */
START_TEST(loading)
{
	struct rpc_load_image_result res = { 0 }, nowhere = { 0 }, late = { 0 };
	struct addr realm = engine_realm("r");
	struct realm_doc d = { 0 };
	struct kerr err = { 0 };
	int fd cleanup_fd = -EBADF;

	ck_assert_int_eq(images_load(e, "r", -EBADF, &res, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "image tarball is required");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(images_load(e, "q", fd, &nowhere, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_REALM_NOT_FOUND);
	ck_assert_int_eq(store_load(&e->layout, &realm, 0, &d, &err), 0);
	d.status.state = REALM_STATE_DELETING;
	engine_store(KIND_REALM, &d);
	ck_assert_int_eq(images_load(e, "r", fd, &late, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.msg, "is being deleted"));
	free(late.realm);
	free(late.namespace);
	strlist_clear(&late.images);
}
END_TEST

/* ---- what cells need ---- */

#define NO_NAME "not an image name"

static struct container_spec container(const char *id, const char *image)
{
	return (struct container_spec){ .id = (char *) (uintptr_t) id,
					.image = (char *) (uintptr_t) image };
}

/* The failure of a pull is kept for the container that misses its image, until it is forgotten. */
START_TEST(failures_are_kept)
{
	struct addr t = engine_hierarchy();
	struct addr c = addr_child(&t, "c");
	struct container_spec v[] = { container("a", NO_NAME), container("b", NO_NAME "s"),
				      container("root", "") };
	struct cell_doc want = { .spec.containers = { .v = v, .n = 3 } };
	struct kerr err = { 0 };

	/* None so far: nothing is explained, and the result is the caller's. */
	ck_assert_int_eq(pull_failures_explain(e, NO_NAME, -ENOENT, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "");
	images_ensure(e, &c, &want, "b");
	ck_assert_int_eq(pull_failures_explain(e, NO_NAME, -ENOENT, &err), -ENOENT);
	ck_assert_str_eq(err.msg, ""); /* only the one that was asked for */
	ck_assert_int_eq(pull_failures_explain(e, NO_NAME "s", -ENOENT, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "failed to pull image " NO_NAME "s: "));
	images_ensure(e, &c, &want, NULL);
	(void) pull_failures_explain(e, NO_NAME, -ENOENT, &err);
	ck_assert_ptr_nonnull(strstr(err.msg, "failed to pull image " NO_NAME ": "));
	pull_failures_forget(e);
	err = (struct kerr){ 0 };
	(void) pull_failures_explain(e, NO_NAME, -ENOENT, &err);
	ck_assert_str_eq(err.msg, "");
	pull_failures_forget(e);
}
END_TEST

/* What cannot be right is told when the locks are taken, not here. */
START_TEST(nothing_to_pull)
{
	struct addr bad = { .realm = "r" }, nowhere;
	struct addr t = engine_hierarchy();
	struct container_spec v = container("a", NO_NAME);
	struct cell_doc want = { .spec.containers = { .v = &v, .n = 1 } };

	images_ensure(e, &bad, &want, NULL);
	nowhere = (struct addr){ .realm = "q", .space = "s", .stack = "t", .cell = "c" };
	images_ensure(e, &nowhere, &want, NULL);
	nowhere = addr_child(&t, "c");
	images_ensure(e, &nowhere, NULL, NULL); /* no document of it */
	images_ensure_one(e, &nowhere, "a", NO_NAME); /* a cell that is not there */
	ck_assert_ptr_null(e->failures);
	nowhere = engine_cell(&t, "c");
	images_ensure_one(e, &nowhere, "a", NO_NAME);
	ck_assert_ptr_nonnull(e->failures);
	pull_failures_forget(e);
}
END_TEST

static Suite *test_images(void)
{
	Suite *s = suite_create("images");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, limits);
	tcase_add_test(t, stores_of_realms);
	tcase_add_test(t, errors);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, loading);
	tcase_add_test(t, failures_are_kept);
	tcase_add_test(t, nothing_to_pull);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_images);
