/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clock.h"
#include "mem.h"
#include "unit.h"

static const struct {
	const char *in;
	const char *out; /* NULL: -EINVAL */
} times[] = {
	{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
	{ "2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123456789Z" },
	{ "2024-02-29T23:59:59.1234567899Z", "2024-02-29T23:59:59.123456789Z" },
	{ "2000-02-29T00:00:00.500Z", "2000-02-29T00:00:00.5Z" },
	{ "1900-03-01T00:00:00+01:30", "1900-02-28T22:30:00Z" },
	{ "2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00Z" },
	{ "1969-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.000000001Z" },
	{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z" },
	{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
	{ "0001-01-01T01:00:00+01:00", "0001-01-01T00:00:00Z" },
	{ "0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z" },
	{ "9999-12-31T23:59:59-00:01", NULL },
	{ "0001-01-01T00:00:00+00:01", NULL },
	{ "0000-01-01T00:00:00Z", NULL },
	{ "1900-02-29T00:00:00Z", NULL },
	{ "2023-02-29T00:00:00Z", NULL },
	{ "2023-13-01T00:00:00Z", NULL },
	{ "2023-00-01T00:00:00Z", NULL },
	{ "2023-04-31T00:00:00Z", NULL },
	{ "2023-04-00T00:00:00Z", NULL },
	{ "2023-01-01T24:00:00Z", NULL },
	{ "2023-01-01T00:60:00Z", NULL },
	{ "2023-01-01T00:00:60Z", NULL },
	{ "2023-01-01T00:00:00", NULL },
	{ "2023-01-01T00:00:00z", NULL },
	{ "2023-01-01 00:00:00Z", NULL },
	{ "2023-01-01T0:00:00Z", NULL },
	{ "2023-01-01T00:00:00.Z", NULL },
	{ "2023-01-01T00:00:00,5Z", NULL },
	{ "2023-01-01T00:00:00+24:00", NULL },
	{ "2023-01-01T00:00:00+00:60", NULL },
	{ "2023-01-01T00:00:00+0000", NULL },
	{ "2023-01-01T00:00:00ZZ", NULL },
	{ "2023-01-01", NULL },
	{ "", NULL },
};

START_TEST(time_table)
{
	char text[KTIME_TEXT_MAX];
	struct ktime t;
	int r;

	r = ktime_parse(times[_i].in, &t);
	ck_assert_msg((r == 0) == (times[_i].out != NULL), "%s", times[_i].in);
	if (r < 0)
		ck_assert_int_eq(r, -EINVAL);
	else
		ck_assert_str_eq(ktime_text(&t, text), times[_i].out);
}
END_TEST

START_TEST(every_day_there_and_back)
{
	char text[KTIME_TEXT_MAX];
	struct timespec ts = { 0 };
	struct ktime t;
	struct ktime back;

	for (ts.tv_sec = -62135596800 + 86399; ts.tv_sec < 253402300800; ts.tv_sec += 86400 * 131) {
		ts.tv_nsec = (ts.tv_nsec + 333333333) % 1000000000;
		t = ktime_from_timespec(&ts);
		ck_assert_int_eq(ktime_parse(ktime_text(&t, text), &back), 0);
		if (ktime_cmp(&t, &back) != 0)
			ck_abort_msg("%s", text);
	}
}
END_TEST

START_TEST(zero_and_order)
{
	struct ktime zero = { 0 };
	struct ktime a = { .sec = 5, .nsec = 1, .set = true };
	struct ktime b = { .sec = 5, .nsec = 2, .set = true };
	struct ktime old = { .sec = -7000000000, .set = true };
	struct ktime now = ktime_now();
	char text[KTIME_TEXT_MAX];
	struct ktime t = a;

	ck_assert_str_eq(ktime_text(&zero, text), "0001-01-01T00:00:00Z");
	ck_assert_int_eq(ktime_parse("0001-01-01T00:00:00Z", &t), 0);
	ck_assert(!t.set && t.sec == 0 && t.nsec == 0);
	ck_assert_int_eq(ktime_cmp(&zero, &t), 0);
	ck_assert_int_eq(ktime_cmp(&zero, &old), -1);
	ck_assert_int_eq(ktime_cmp(&old, &zero), 1);
	ck_assert_int_eq(ktime_cmp(&a, &b), -1);
	ck_assert_int_eq(ktime_cmp(&b, &a), 1);
	ck_assert_int_eq(ktime_cmp(&a, &a), 0);
	ck_assert_int_eq(ktime_cmp(&now, &b), 1);
}
END_TEST

START_TEST(deadlines)
{
	int64_t now = clock_ms();
	int left;

	ck_assert_int_gt(now, 0);
	ck_assert_int_eq(clock_left(-1), -1);
	ck_assert_int_eq(clock_left(now - 5), 0);
	ck_assert_int_eq(clock_left(INT64_MAX), INT32_MAX);
	left = clock_left(now + 60000);
	ck_assert(left > 50000 && left <= 60000);
}
END_TEST

static const struct {
	const char *in;
	int64_t ns;
	const char *text; /* as Go prints it; NULL: -EINVAL */
} durations[] = {
	{ "0", 0, "0s" },
	{ "+0", 0, "0s" },
	{ "-0", 0, "0s" },
	{ "0s", 0, "0s" },
	{ "10s", 10000000000, "10s" },
	{ "1m30s", 90000000000, "1m30s" },
	{ "90s", 90000000000, "1m30s" },
	{ "500ms", 500000000, "500ms" },
	{ "1.5s", 1500000000, "1.5s" },
	{ "-1.5h", -5400000000000, "-1h30m0s" },
	{ "1h", 3600000000000, "1h0m0s" },
	{ "60s", 60000000000, "1m0s" },
	{ ".5m", 30000000000, "30s" },
	{ "1.s", 1000000000, "1s" },
	{ "1ns", 1, "1ns" },
	{ "1500ns", 1500, "1.5\xc2\xb5s" },
	{ "12us", 12000, "12\xc2\xb5s" },
	{ "12\xc2\xb5s", 12000, "12\xc2\xb5s" },
	{ "12\xce\xbcs", 12000, "12\xc2\xb5s" },
	{ "1.000001ms", 1000001, "1.000001ms" },
	{ "1s1ns", 1000000001, "1.000000001s" },
	{ "0.3333333333333333333h", 1200000000000, "20m0s" },
	{ "9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s" },
	{ "-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s" },
	{ "9223372036854775808ns", 0, NULL },
	{ "9223372036854ms775us808ns", 0, NULL },
	{ "3000000h", 0, NULL },
	{ "99999999999999999999s", 0, NULL },
	{ "9223372036854775807ns9223372036854775807ns9223372036854775807ns", 0, NULL },
	{ "-9223372036854775808ns9223372036854775808ns", 0, NULL },
	{ "", 0, NULL },
	{ "-", 0, NULL },
	{ "+-1s", 0, NULL },
	{ "1", 0, NULL },
	{ "s", 0, NULL },
	{ ".s", 0, NULL },
	{ "1d", 0, NULL },
	{ "1 s", 0, NULL },
	{ "1s ", 0, NULL },
	{ "1S", 0, NULL },
	{ "1.2.3s", 0, NULL },
	{ "00", 0, NULL },
};

START_TEST(duration_table)
{
	cleanup_buf struct buf b = BUF_INIT(100);
	int64_t ns = -77;
	int r;

	r = duration_parse(durations[_i].in, &ns);
	if (durations[_i].text == NULL) {
		ck_assert_msg(r == -EINVAL, "%s", durations[_i].in);
		ck_assert_int_eq(ns, -77);
		return;
	}
	ck_assert_msg(r == 0, "%s", durations[_i].in);
	ck_assert_int_eq(ns, durations[_i].ns);
	duration_text(&b, ns);
	ck_assert_str_eq(buf_str(&b), durations[_i].text);
	ck_assert_int_eq(duration_parse(buf_str(&b), &ns), 0);
	ck_assert_int_eq(ns, durations[_i].ns);
}
END_TEST

static Suite *test_clock(void)
{
	Suite *s = suite_create("clock");
	TCase *c = tcase_create("clock");

	tcase_add_loop_test(c, time_table, 0, ARRAY_SIZE(times));
	tcase_add_test(c, every_day_there_and_back);
	tcase_add_test(c, zero_and_order);
	tcase_add_test(c, deadlines);
	tcase_add_loop_test(c, duration_table, 0, ARRAY_SIZE(durations));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_clock);
