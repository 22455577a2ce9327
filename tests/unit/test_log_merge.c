/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "log_make.h"
#include "log_merge.h"
#include "unit.h"

static void dump(struct log_merge *m, struct buf *out)
{
	struct log_piece p;
	size_t which;

	while (log_merge_next(m, &p, &which, NULL) > 0) {
		if (p.begins)
			buf_addf(out, "%zu:", which);
		buf_add(out, p.p, p.n);
	}
}

START_TEST(in_the_order_of_times)
{
	struct tempdir a cleanup_tempdir = tempdir_make(), b cleanup_tempdir = tempdir_make();
	struct log_want w = { .tail = -1, .marks = true };
	struct log_merge *m cleanup_(log_merge_freep) = log_merge_new();
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	log_write(&a, "log.1", 10, false, "a1\n");
	log_write(&a, "log", 30, false, "a2, ");
	log_write(&a, "log", 55, false, "to its end\n");
	log_write(&a, "log", 25, false, "a clock set back\n");
	log_append(&b, "log", "no time\n", 8);
	log_write(&b, "log", 20, false, "b1\n");
	log_write(&b, "log", 40, false, "b2\n");
	log_write(&b, "log", 41, false, "b3");
	(void) log_merge_add(m, log_reader_of(&a, &w, NULL));
	(void) log_merge_add(m, log_reader_of(&b, &w, NULL));
	(void) log_merge_add(m, NULL);
	dump(m, &out);
	ck_assert_str_eq(buf_str(&out), "1:no time\n0:a1\n1:b1\n0:a2, to its end\n"
					"0:a clock set back\n1:b2\n1:b3");
	/* what is there is not asked for again before the wake */
	buf_reset(&out);
	log_write(&a, "log", 60, false, "a3\n");
	log_write(&b, "log", 50, false, " b4\n");
	dump(m, &out);
	ck_assert_str_eq(buf_str(&out), "");
	log_merge_wake(m, 0);
	log_merge_wake(m, 1);
	dump(m, &out);
	ck_assert_str_eq(buf_str(&out), " b4\n0:a3\n");
}
END_TEST

START_TEST(places_are_behind_what_was_given)
{
	struct tempdir a cleanup_tempdir = tempdir_make(), b cleanup_tempdir = tempdir_make();
	struct log_want w = { .tail = -1, .marks = true };
	struct buf all cleanup_buf = BUF_INIT(1 << 16);
	struct log_place places[2] = { 0 };
	size_t which = 0;
	struct log_piece p;
	int k = 1;

	for (uint64_t i = 0; i < 20; i++) {
		log_write(i % 3 ? &a : &b, "log", 10 + i, false, i % 2 ? "x" : "y\n");
	}
	/* A merge for each piece. */
	for (int i = 0; k > 0; i++) {
		struct log_merge *m cleanup_(log_merge_freep) = log_merge_new();

		(void) log_merge_add(m, log_reader_of(&a, &w, i ? &places[0] : NULL));
		(void) log_merge_add(m, log_reader_of(&b, &w, i ? &places[1] : NULL));
		k = log_merge_next(m, &p, &which, NULL);
		if (k > 0)
			buf_add(&all, p.p, p.n);
		for (size_t s = 0; s < 2; s++)
			log_merge_place(m, s, &places[s]);
	}
	ck_assert_uint_eq(all.len, 30); /* ten of one byte, ten of two */
}
END_TEST

static Suite *test_log_merge(void)
{
	Suite *s = suite_create("log_merge");
	TCase *t = tcase_create("log_merge");

	tcase_add_test(t, in_the_order_of_times);
	tcase_add_test(t, places_are_behind_what_was_given);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_log_merge);
