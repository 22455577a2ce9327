/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "copy.h"
#include "mem.h"
#include "page.h"
#include "str.h"
#include "unit.h"

/* A realm whose JSON has about so many bytes more than that of an empty one. */
static struct realm_doc doc_of(size_t bytes)
{
	struct realm_doc d = { 0 };

	d.spec.namespace = xcalloc(1, bytes + 1);
	memset(d.spec.namespace, 'x', bytes);
	return d;
}

static bool takes(struct page *p, const char *name, size_t index, size_t bytes)
{
	struct realm_doc d = doc_of(bytes);
	bool r = page_takes(p, name, index, &realm_doc_type, &d);

	model_clear(&realm_doc_type, &d);
	return r;
}

/* What a page after it skips; in the order of a list. */
static const struct {
	const char *after;
	const char *name;
	size_t index;
	bool skips;
} places[] = {
	{ "", "a", 0, false },
	{ "a#0", "a", 0, true },
	{ "a#0", "b", 0, false },
	{ "b#0", "a", 0, true },
	{ "a#0", "aa", 0, false },
	{ "aa#0", "a", 0, true },
	/* a parent's children come before its next sibling, whatever their names */
	{ "a/z#0", "a-b/a", 0, false },
	{ "a-b/a#0", "a/z", 0, true },
	{ "a/b/c/d#0", "a/b/c/d", 0, true },
	{ "a/b/c/d#0", "a/b/c/e", 0, false },
	{ "a/b/c/d#0", "a/b/cc/a", 0, false },
	{ "a/b/cc/a#0", "a/b/c/d", 0, true },
	{ "\xff#0", "\x7f", 0, true },
	/* several at one name */
	{ "a#3", "a", 3, true },
	{ "a#3", "a", 4, false },
	{ "a#3", "a", SIZE_MAX, false },
	{ "b#3", "a", SIZE_MAX, true },
	{ "a#x#3", "a#x", 4, false },
	/* what nobody was given */
	{ "a", "a", 0, true },
	{ "#", "a", 0, false },
	{ "a#b", "a", 0, true },
	{ "////", "a", 0, false },
};

START_TEST(place)
{
	struct page p = { .after = places[_i].after };

	ck_assert_int_eq(page_skips(&p, places[_i].name, places[_i].index), places[_i].skips);
}
END_TEST

START_TEST(plain_names)
{
	struct page p = { .after = "a.b:1#0", .plain = true };

	ck_assert(page_skips(&p, "a.b:1", 0));
	ck_assert(page_skips(&p, "a.b", 0));
	ck_assert(!page_skips(&p, "a/b:1", 0)); /* '.' is less than '/' */
	ck_assert(!page_skips(&p, "a.b:10", 0));
}
END_TEST

START_TEST(pages)
{
	struct page a cleanup_(page_clear) = { .after = "" };
	struct page b cleanup_(page_clear) = { 0 };
	char *next cleanup_free = NULL;
	char *end cleanup_free = NULL;

	ck_assert(takes(&a, "r/a", 0, PAGE_BYTES / 2));
	ck_assert(!page_skips(&a, "r/b", 0));
	ck_assert(!takes(&a, "r/b", 7, PAGE_BYTES));
	ck_assert(page_skips(&a, "r/c", 0)); /* though it would fit */
	ck_assert_int_eq(page_end(&a, "things", &next, NULL), 0);
	ck_assert_str_eq(next, "r/a#0");
	/* What is larger than a page has one of its own. */
	b.after = next;
	ck_assert(page_skips(&b, "r/a", 0));
	ck_assert(!page_skips(&b, "r/b", 7));
	ck_assert(takes(&b, "r/b", 7, 2 * PAGE_BYTES));
	ck_assert_int_eq(page_end(&b, "things", &end, NULL), 0);
	ck_assert_str_eq(end, "");
}
END_TEST

START_TEST(whole)
{
	struct page p cleanup_(page_clear) = { 0 };
	struct kerr err = { 0 };

	ck_assert(!page_skips(&p, "a", 0));
	ck_assert(takes(&p, "a", 0, 20 << 20));
	ck_assert_int_eq(page_end(&p, "things", NULL, &err), 0);
	ck_assert(takes(&p, "r/b", 0, 5));
	ck_assert(takes(&p, "r/c", 0, 30 << 20));
	ck_assert(takes(&p, "r/d", 0, 1 << 20));
	ck_assert(!takes(&p, "r/e", 0, 25 << 20));
	ck_assert(!takes(&p, "r/f", 0, 5));
	ck_assert_int_eq(page_end(&p, "things", NULL, &err), -EMSGSIZE);
	ck_assert_ptr_nonnull(strstr(
		err.msg, "the list of things is larger than 67108864 bytes, which a reply can "
			 "have; kuke get reads it in pages; the largest are r/c (314"));
	ck_assert_ptr_nonnull(strstr(err.msg, "), r/e (262"));
	ck_assert_ptr_nonnull(strstr(err.msg, "), a (209"));
}
END_TEST

static void put(struct page *p, const char *name, size_t bytes)
{
	struct realm_doc d = doc_of(bytes);

	page_put(p, name, 0, &realm_doc_type, &d);
	ck_assert_ptr_null(d.spec.namespace);
}

/* Written where it stays, with commas; what does not fit leaves nothing behind. */
START_TEST(written_at_once)
{
	cleanup_buf struct buf out = BUF_INIT(KUKE_MAX_REPLY);
	struct strlist fields = { (char *[]){ (char[]){ "spec.namespace" }, NULL }, 1 };
	struct page p cleanup_(page_clear) = { .after = "", .out = &out, .max = 100 };

	p.pick = pick_new(&realm_doc_type, &fields);
	buf_adds(&out, "[");
	put(&p, "a", 1);
	put(&p, "b", 2);
	put(&p, "c", 60);
	ck_assert(p.more);
	ck_assert_str_eq(buf_str(&out), "[{\"spec\":{\"namespace\":\"x\"}},"
					"{\"spec\":{\"namespace\":\"xx\"}}");
	ck_assert_str_eq(p.last, "b#0");
}
END_TEST

START_TEST(names)
{
	const struct addr a = { "r", "s", "t", "c" };
	char *all cleanup_free = page_name(&a);
	char *one cleanup_free = page_name(&(const struct addr){ .realm = "r" });

	ck_assert_str_eq(all, "r/s/t/c");
	ck_assert_str_eq(one, "r");
}
END_TEST

Suite *test_page(void);
Suite *test_page(void)
{
	Suite *s = suite_create("page");
	TCase *t = tcase_create("page");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, place, 0, (int) ARRAY_SIZE(places));
	tcase_add_test(t, plain_names);
	tcase_add_test(t, pages);
	tcase_add_test(t, whole);
	tcase_add_test(t, written_at_once);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_page);
