/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "engine_dir.h"
#include "str.h"
#include "temporary.h"

static const struct addr space = { .realm = "r", .space = "s" };

/* port 0: none. */
static struct temporary *add(struct temporary_list *l, const char *host, const char *cidr,
			     int64_t port, int64_t end_ms)
{
	struct temporary *t = vec_grow(&l->v, &l->n, sizeof(*t));

	t->rule.host = xstrdup_null(host);
	t->rule.cidr = xstrdup_null(cidr);
	if (port)
		*(int64_t *) vec_grow(&t->rule.ports.v, &t->rule.ports.n,
				      sizeof(*t->rule.ports.v)) = port;
	t->rule.until = (struct ktime){ .sec = 1700000000, .set = true };
	t->end_ms = end_ms;
	return t;
}

static void expect_same(const struct temporary_list *a, const struct temporary_list *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		ck_assert(streq_null(a->v[i].rule.host, b->v[i].rule.host));
		ck_assert(streq_null(a->v[i].rule.cidr, b->v[i].rule.cidr));
		ck_assert_uint_eq(a->v[i].rule.ports.n, b->v[i].rule.ports.n);
		ck_assert_int_eq(ktime_cmp(&a->v[i].rule.until, &b->v[i].rule.until), 0);
		ck_assert_int_eq(a->v[i].end_ms, b->v[i].end_ms);
	}
}

START_TEST(text_and_back)
{
	cleanup_temporary struct temporary_list l = { 0 }, again = { 0 };
	cleanup_buf struct buf text = BUF_INIT(65536);
	struct kerr err = { 0 };

	add(&l, "a.example", NULL, 443, 1000);
	add(&l, NULL, "10.0.0.0/8", 0, 2000);
	temporary_text(&l, "boot", &text);
	ck_assert_int_eq(temporary_read(buf_str(&text), text.len, "boot", "f", &again, &err), 0);
	expect_same(&l, &again);
	temporary_clear(&again);
	/* What was allowed in an earlier boot is over, whatever its clock said. */
	ck_assert_int_eq(temporary_read(buf_str(&text), text.len, "other", "f", &again, &err), 0);
	ck_assert_uint_eq(again.n, 0);
}
END_TEST

#define RULE(members) "{\"boot\":\"b\",\"rules\":[" members "]}"
#define UNTIL "\"until\":\"2026-01-01T00:00:00Z\""

START_TEST(damaged)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"rules\":[]}",
		RULE("1"),
		RULE("{\"endMs\":1}"),
		RULE("{\"rule\":{\"host\":\"a\"," UNTIL "}}"),
		RULE("{\"endMs\":-1,\"rule\":{\"host\":\"a\"," UNTIL "}}"),
		RULE("{\"endMs\":1,\"rule\":{\"host\":\"a\",\"until\":\"soon\"}}"),
		RULE("{\"endMs\":1,\"rule\":{\"host\":\"a\",\"cidr\":\"10.0.0.0/8\"," UNTIL "}}"),
		RULE("{\"endMs\":1,\"rule\":{\"host\":\"a\\n10.0.0.1 b\"," UNTIL "}}"),
		RULE("{\"endMs\":1,\"rule\":{\"cidr\":\"10.0.0.0\"," UNTIL "}}"),
		RULE("{\"endMs\":1,\"rule\":{\"host\":\"a\",\"ports\":[0]," UNTIL "}}"),
		RULE("{\"endMs\":1,\"rule\":{\"host\":\"a\",\"ports\":[\"x\"]," UNTIL "}}"),
	};
	struct temporary_list l = { 0 };
	struct kerr err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ck_assert_msg(temporary_read(texts[i], strlen(texts[i]), "b", "f", &l, &err) < 0,
			      "%s", texts[i]);
		ck_assert_uint_eq(l.n, 0);
	}
}
END_TEST

START_TEST(too_many)
{
	cleanup_temporary struct temporary_list l = { 0 }, again = { 0 };
	cleanup_buf struct buf text = BUF_INIT(65536);

	for (int i = 0; i < TEMPORARY_MAX; i++)
		add(&l, "a.example", NULL, i + 1, 1000);
	temporary_text(&l, "b", &text);
	ck_assert_int_eq(temporary_read(buf_str(&text), text.len, "b", "f", &again, NULL), 0);
	ck_assert_uint_eq(again.n, TEMPORARY_MAX);
	add(&l, "b.example", NULL, 0, 1000);
	buf_reset(&text);
	temporary_text(&l, "b", &text);
	ck_assert_int_lt(temporary_read(buf_str(&text), text.len, "b", "f", &again, NULL), 0);
}
END_TEST

START_TEST(found_and_ended)
{
	cleanup_temporary struct temporary_list l = { 0 }, ask = { 0 };

	add(&l, "a.example", NULL, 443, 1000);
	add(&l, NULL, "10.0.0.0/8", 0, 2000);
	add(&l, "a.example", NULL, 0, 3000);
	add(&ask, "A.Example", "", 443, 0);
	add(&ask, "a.example", NULL, 0, 0);
	add(&ask, "", "10.1.2.3/8", 0, 0);
	add(&ask, NULL, "10.0.0.0/9", 0, 0);
	add(&ask, NULL, "10.0.0.0/8", 443, 0);
	ck_assert_ptr_eq(temporary_find(&l, &ask.v[0].rule), &l.v[0]);
	ck_assert_ptr_eq(temporary_find(&l, &ask.v[1].rule), &l.v[2]);
	ck_assert_ptr_eq(temporary_find(&l, &ask.v[2].rule), &l.v[1]);
	ck_assert_ptr_null(temporary_find(&l, &ask.v[3].rule));
	ck_assert_ptr_null(temporary_find(&l, &ask.v[4].rule));
	ck_assert(!temporary_drop_ended(&l, 999));
	ck_assert(temporary_drop_ended(&l, 2000));
	ck_assert_uint_eq(l.n, 1);
	ck_assert_int_eq(l.v[0].end_ms, 3000);
	temporary_remove(&l, &l.v[0]);
	ck_assert_uint_eq(l.n, 0);
}
END_TEST

static void count(void *ctx, struct engine *of, const struct addr *a)
{
	(void) of;
	ck_assert_str_eq(a->realm, "r");
	ck_assert_str_eq(a->space, "s");
	++*(int *) ctx;
}

START_TEST(on_file)
{
	cleanup_temporary struct temporary_list l = { 0 }, again = { 0 };
	struct kerr err = { 0 };
	int n = 0;

	ck_assert_int_eq(temporary_load(e, &space, &again, &err), 0);
	ck_assert_uint_eq(again.n, 0);
	add(&l, "a.example", NULL, 443, clock_ms() + 60000);
	ck_assert_int_eq(temporary_save(e, &space, &l, &err), 0);
	ck_assert_int_eq(temporary_load(e, &space, &again, &err), 0);
	expect_same(&l, &again);
	temporary_each(e, count, &n);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(temporary_save(e, &space, &(struct temporary_list){ 0 }, &err), 0);
	temporary_each(e, count, &n);
	ck_assert_int_eq(n, 1);
}
END_TEST

static struct space_doc denying(const char *action)
{
	struct space_doc d = { .spec.network = xcalloc(1, sizeof(*d.spec.network)) };

	d.spec.network->egress = xcalloc(1, sizeof(*d.spec.network->egress));
	d.spec.network->egress->default_action = xstrdup(action);
	return d;
}

START_TEST(in_the_status)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct space_doc closed = denying("deny"), open = denying("allow");
	struct kerr err = { 0 };

	add(&l, "a.example", NULL, 443, clock_ms() + 60000);
	add(&l, "over.example", NULL, 0, clock_ms());
	ck_assert_int_eq(temporary_save(e, &space, &l, &err), 0);
	temporary_show(e, &space, &open);
	ck_assert_ptr_null(open.status.network);
	temporary_show(e, &space, &closed);
	temporary_show(e, &space, &closed); /* no more than once */
	ck_assert_ptr_nonnull(closed.status.network);
	ck_assert_uint_eq(closed.status.network->temporary_rules.n, 1);
	ck_assert_str_eq(closed.status.network->temporary_rules.v[0].host, "a.example");
	model_clear(&space_doc_type, &closed);
	model_clear(&space_doc_type, &open);
}
END_TEST

static Suite *test_temporary(void)
{
	Suite *s = suite_create("temporary");
	TCase *t = tcase_create("pure");
	TCase *on_disk = tcase_create("disk");

	tcase_add_test(t, text_and_back);
	tcase_add_test(t, damaged);
	tcase_add_test(t, too_many);
	tcase_add_test(t, found_and_ended);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(on_disk, engine_set_up, engine_tear_down);
	tcase_add_test(on_disk, on_file);
	tcase_add_test(on_disk, in_the_status);
	suite_add_tcase(s, on_disk);
	return s;
}

UNIT_MAIN(test_temporary);
