/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "fd.h"
#include "mem.h"
#include "overlay.h"
#include "path.h"
#include "store.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"
#include "vec.h"

static struct tempdir dir;
static struct layout l;
static struct overlay *o;

static const struct addr realm_ = { .realm = "r" };
static const struct addr space_ = { .realm = "r", .space = "s" };
static const struct addr stack_ = { .realm = "r", .space = "s", .stack = "t" };
static const struct addr cell_ = { .realm = "r", .space = "s", .stack = "t", .cell = "c" };

static void set_up(void)
{
	char *run cleanup_free = NULL;

	dir = tempdir_make();
	run = path_join(dir.path, "run", NULL);
	layout_init(&l, run, dir.path);
	o = overlay_new();
	l.overlay = o;
}

static void tear_down(void)
{
	o = overlay_free(o);
	layout_clear(&l);
	tempdir_clear(&dir);
}

static void put_realm(const char *name, const char *password)
{
	struct realm_doc d = { 0 };
	struct addr a = { .realm = name };

	d.head.metadata.name = xstrdup(name);
	if (password) {
		struct registry_credentials *c = vec_grow(
			&d.spec.registry_credentials.v, &d.spec.registry_credentials.n, sizeof(*c));

		c->username = xstrdup("u");
		c->password = xstrdup(password);
		c->server_address = xstrdup("h");
	}
	overlay_put(o, &a, &realm_doc_type, &d);
	model_clear(&realm_doc_type, &d);
}

static void put_space(const char *name)
{
	struct space_doc d = { 0 };
	struct addr a = { .realm = "r", .space = name };

	d.head.metadata.name = xstrdup(name);
	overlay_put(o, &a, &space_doc_type, &d);
	model_clear(&space_doc_type, &d);
}

/* Past the overlay. */
static void save_realm(const char *name)
{
	struct realm_doc d = { 0 };
	struct addr a = { .realm = name };
	struct kerr err = { 0 };

	d.head.metadata.name = xstrdup(name);
	l.overlay = NULL;
	ck_assert_msg(store_save(&l, &a, STORE_SAVE_NOSYNC, &d, &err) == 0, "%s", err.msg);
	l.overlay = o;
	model_clear(&realm_doc_type, &d);
}

static void save_space(const char *name)
{
	struct space_doc d = { 0 };
	struct addr a = { .realm = "r", .space = name };
	struct kerr err = { 0 };

	d.head.metadata.name = xstrdup(name);
	d.spec.realm_id = xstrdup("r");
	l.overlay = NULL;
	ck_assert_msg(store_save(&l, &a, STORE_SAVE_NOSYNC, &d, &err) == 0, "%s", err.msg);
	l.overlay = o;
	model_clear(&space_doc_type, &d);
}

static char *list(const struct addr *parent)
{
	struct strlist names cleanup_strlist = { 0 };
	struct buf b = BUF_INIT(4096);

	ck_assert_int_eq(store_list(&l, parent, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++)
		buf_addf(&b, "%s ", names.v[i]);
	return buf_take(&b);
}

START_TEST(says_nothing)
{
	const void *doc;

	ck_assert_int_eq(overlay_find(o, &realm_, &doc), -ENOENT);
	ck_assert_int_eq(overlay_find(NULL, &realm_, &doc), -ENOENT);
	ck_assert_int_eq(store_exists(&l, &realm_, NULL), 0);
	save_realm("r");
	ck_assert_int_eq(store_exists(&l, &realm_, NULL), 1);
	ck_assert(!overlay_has(o, &realm_));
}
END_TEST

START_TEST(what_is_put_is_seen)
{
	struct addr root = { 0 };
	struct realm_doc d = { 0 };
	char *names cleanup_free = NULL;
	char *run cleanup_free = path_join(dir.path, "run", NULL);

	put_realm("r", NULL);
	put_realm("b", NULL);
	ck_assert_int_eq(access(run, F_OK), -1); /* nothing was written */
	ck_assert_int_eq(store_exists(&l, &realm_, NULL), 1);
	ck_assert_int_eq(store_load(&l, &realm_, 0, &d, NULL), 0);
	ck_assert_str_eq(d.head.metadata.name, "r");
	save_realm("a");
	save_realm("b");
	names = list(&root);
	ck_assert_str_eq(names, "a b r ");
	model_clear(&realm_doc_type, &d);
}
END_TEST

START_TEST(what_is_removed_is_gone_with_all_below)
{
	struct realm_doc d = { 0 };
	struct addr root = { 0 };
	char *names cleanup_free = NULL, *spaces cleanup_free = NULL;

	save_realm("r");
	save_realm("z");
	save_space("d");
	put_space("s");
	ck_assert(!overlay_removed_below(o, &realm_));
	overlay_remove(o, &space_);
	ck_assert(overlay_removed_below(o, &realm_));
	ck_assert_int_eq(store_exists(&l, &stack_, NULL), 0);
	ck_assert_int_eq(store_exists(&l, &cell_, NULL), 0);
	overlay_remove(o, &realm_);
	ck_assert_int_eq(store_load(&l, &realm_, 0, &d, NULL), -ENOENT);
	names = list(&root);
	ck_assert_str_eq(names, "z ");
	/* One that is made again is there, and empty. */
	put_realm("r", NULL);
	ck_assert_int_eq(store_exists(&l, &realm_, NULL), 1);
	ck_assert_int_eq(store_exists(&l, &space_, NULL), 0);
	spaces = list(&realm_);
	ck_assert_str_eq(spaces, "");
}
END_TEST

START_TEST(passwords)
{
	struct realm_doc d = { 0 };
	struct registry_credentials *c;
	struct kerr err = { 0 };

	put_realm("r", "secret");
	ck_assert_int_eq(store_load(&l, &realm_, 0, &d, NULL), 0);
	c = d.spec.registry_credentials.v;
	ck_assert_str_eq(c->password, PASSWORD_MASK);
	ck_assert_int_eq(store_refuse_masks(&d, &err), -EINVAL);
	ck_assert_int_eq(store_unmask(&l, &realm_, &d, &err), 0);
	ck_assert_str_eq(c->password, "secret");
	ck_assert_int_eq(store_refuse_masks(&d, &err), 0);
	ck_assert_int_eq(store_load(&l, &realm_, STORE_LOAD_PASSWORDS, &d, NULL), 0);
	ck_assert_str_eq(d.spec.registry_credentials.v->password, "secret");
	model_clear(&realm_doc_type, &d);
}
END_TEST

static Suite *test_overlay(void)
{
	Suite *s = suite_create("overlay");
	TCase *c = tcase_create("overlay");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, says_nothing);
	tcase_add_test(c, what_is_put_is_seen);
	tcase_add_test(c, what_is_removed_is_gone_with_all_below);
	tcase_add_test(c, passwords);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_overlay);
