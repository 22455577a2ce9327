/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "log_make.h"
#include "unit.h"

struct made {
	struct tempdir dir;
	int log, idx;
	struct log_index x;
};

static void made_clear(struct made *m)
{
	fd_close_p(&m->log);
	fd_close_p(&m->idx);
	tempdir_clear(&m->dir);
}

static void make(struct made *m, size_t size)
{
	char *bytes cleanup_free = xcalloc(size + 1, 1);

	m->dir = tempdir_make();
	log_append(&m->dir, "log", bytes, size);
	log_append(&m->dir, "log.idx", "", 0);
	m->log = openat(m->dir.fd, "log", O_RDONLY | O_CLOEXEC);
	m->idx = openat(m->dir.fd, "log.idx", O_RDONLY | O_CLOEXEC);
	log_index_init(&m->x, m->idx, m->log);
}

static void entry(struct made *m, uint64_t offset, uint64_t us)
{
	struct log_index_entry e = { htole64(offset), htole64(us << 1 | (us & 1)) };

	log_append(&m->dir, "log.idx", &e, sizeof(e));
}

#define ASSERT_SPAN(m, pos, want_us, want_end)                     \
	do {                                                       \
		struct log_span s_ = log_index_at(&(m)->x, (pos)); \
		ck_assert_uint_eq(s_.mark.us, (want_us));          \
		ck_assert_uint_eq(s_.end, (want_end));             \
	} while (0)

START_TEST(spans)
{
	struct made m cleanup_(made_clear);

	make(&m, 100);
	entry(&m, 10, 1000);
	entry(&m, 20, 1001);
	entry(&m, 20, 1003); /* nothing came between the two */
	entry(&m, 50, 1002); /* a clock that was set back */
	ASSERT_SPAN(&m, 0, 0, 10); /* an older log had no index */
	ASSERT_SPAN(&m, 10, 1000, 20);
	ASSERT_SPAN(&m, 19, 1000, 20);
	ck_assert_int_eq(log_index_at(&m.x, 19).mark.stream, LOG_OUT);
	ASSERT_SPAN(&m, 20, 1003, 50);
	ck_assert_int_eq(log_index_at(&m.x, 20).mark.stream, LOG_ERR);
	ASSERT_SPAN(&m, 99, 1002, UINT64_MAX);
	entry(&m, 100, 1004);
	ASSERT_SPAN(&m, 99, 1002, 100);
	ASSERT_SPAN(&m, 100, 1004, UINT64_MAX);
}
END_TEST

START_TEST(torn_and_damaged)
{
	struct made m cleanup_(made_clear);

	make(&m, 100);
	entry(&m, 0, 1000);
	log_append(&m.dir, "log.idx", "half", 4); /* of an entry that is being written */
	ASSERT_SPAN(&m, 5, 1000, UINT64_MAX);
	made_clear(&m);

	make(&m, 100);
	entry(&m, 0, 1000);
	entry(&m, 0, 0); /* zeros, as power loss leaves them */
	entry(&m, 30, 1001);
	entry(&m, 10, 1002); /* goes back */
	entry(&m, 40, 1003);
	entry(&m, 5000, 1004); /* beyond the end */
	ASSERT_SPAN(&m, 0, 0, 30); /* how far the first one reached is not known */
	ASSERT_SPAN(&m, 30, 0, 40);
	ASSERT_SPAN(&m, 40, 0, UINT64_MAX);
}
END_TEST

START_TEST(seek)
{
	struct made m cleanup_(made_clear);

	make(&m, 100000);
	log_index_seek(&m.x, 5);
	ASSERT_SPAN(&m, 5, 0, UINT64_MAX);
	for (uint64_t i = 0; i < 1000; i++)
		entry(&m, 50 + i * 100, 1000 + i);
	for (uint64_t pos = 0; pos < 100000; pos += 333) {
		uint64_t i = (pos - 50) / 100;

		log_index_seek(&m.x, pos);
		if (pos < 50)
			ASSERT_SPAN(&m, pos, 0, 50);
		else
			ASSERT_SPAN(&m, pos, 1000 + i, i == 999 ? UINT64_MAX : 150 + i * 100);
	}
}
END_TEST

START_TEST(none)
{
	struct log_index x;

	log_index_init(&x, -EBADF, -EBADF);
	log_index_seek(&x, 7);
	ck_assert_uint_eq(log_index_at(&x, 7).end, UINT64_MAX);
	ck_assert_uint_eq(log_index_at(&x, 7).mark.us, 0);
}
END_TEST

static Suite *test_log_index(void)
{
	Suite *s = suite_create("log_index");
	TCase *t = tcase_create("log_index");

	tcase_add_test(t, spans);
	tcase_add_test(t, torn_and_damaged);
	tcase_add_test(t, seek);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_log_index);
