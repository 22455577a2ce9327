/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <netinet/in.h>

#include "denied.h"
#include "unit.h"

static const struct denied_what query = {
	.space = 1,
	.cell = { .family = 4, .b = { 10, 0, 0, 2 } },
	.name = "evil.test",
};

static struct denied_what packet(unsigned n)
{
	return (struct denied_what){
		.space = 1,
		.cell = query.cell,
		.to = { .family = 4, .b = { 192, 0, (uint8_t) (n >> 8), (uint8_t) n } },
		.proto = IPPROTO_TCP,
		.port = 443,
		.name = "",
	};
}

/* The count of the next one to be told of at that time; 0: none. */
static uint64_t tell(struct denied *d, int64_t now)
{
	struct denied_report r;
	uint64_t n;

	if (!denied_next(d, now, &r))
		return 0;
	n = r.count;
	denied_told(d, &r, now);
	return n;
}

static void end(struct denied *d)
{
	for (int64_t i = 0; i < 8; i++)
		denied_forget(d, i);
	ck_assert_uint_eq(d->table.n, 0);
	ck_assert_uint_eq(d->n_ready, 0);
	ck_assert_uint_eq(d->n_counted, 0);
	table_clear(&d->table);
}

START_TEST(once_a_minute)
{
	struct denied d = { .spent = 0 };

	ck_assert_int_eq(denied_wakes(&d), -1);
	denied_add(&d, &query, 1000);
	ck_assert_int_eq(denied_wakes(&d), 0);
	ck_assert_uint_eq(tell(&d, 1000), 1);
	ck_assert_int_eq(denied_wakes(&d), -1); /* nothing to tell of: nothing to wake for */
	for (int i = 0; i < 5; i++)
		denied_add(&d, &query, 2000);
	ck_assert_uint_eq(tell(&d, 2000), 0);
	ck_assert_int_eq(denied_wakes(&d), 61000);
	ck_assert_uint_eq(tell(&d, 60999), 0);
	ck_assert_uint_eq(tell(&d, 61000), 5);
	denied_add(&d, &query, 500000); /* a minute without any: at once again */
	ck_assert_uint_eq(tell(&d, 500000), 1);
	ck_assert_uint_eq(tell(&d, 700000), 0);
	ck_assert_uint_eq(d.table.n, 0);
	end(&d);
}
END_TEST

START_TEST(distinct)
{
	struct denied_what w[] = {
		query, query, query, packet(1), packet(1), packet(1), packet(1)
	};
	struct denied d = { .spent = 0 };

	w[1].name = "other.test";
	w[2].cell.b[3]++;
	w[4].port++;
	w[5].proto = IPPROTO_UDP;
	w[6].space = 2;
	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < ARRAY_SIZE(w); i++)
			denied_add(&d, &w[i], 1000);
	for (size_t i = 0; i < ARRAY_SIZE(w); i++)
		ck_assert_uint_eq(tell(&d, 1000), 3);
	ck_assert_uint_eq(tell(&d, 1000), 0);
	w[3].name = "the same with a name";
	denied_add(&d, &w[3], 1001);
	ck_assert_uint_eq(tell(&d, 1001), 0);
	end(&d);
}
END_TEST

START_TEST(rate)
{
	struct denied d = { .spent = 0 };
	struct denied_what w;
	int n = 0;

	for (unsigned i = 0; i < 200; i++) {
		w = packet(i);
		denied_add(&d, &w, 1000);
	}
	while (tell(&d, 1000))
		n++;
	ck_assert_int_eq(n, DENIED_PER_SECOND);
	ck_assert_int_eq(denied_wakes(&d), 2000);
	while (tell(&d, 2000))
		n++;
	ck_assert_int_eq(n, 2 * DENIED_PER_SECOND);
	end(&d);
}
END_TEST

START_TEST(flood)
{
	struct denied_report r;
	struct denied d = { .spent = 0 };
	struct denied_what w;

	for (unsigned i = 0; i < 5000; i++) {
		w = packet(i);
		denied_add(&d, &w, 1000);
		ck_assert_uint_le(d.table.n, 2 * DENIED_SPACE_MAX);
	}
	w = packet(1);
	w.space = 2; /* another space does not wait for all that */
	denied_add(&d, &w, 1000);
	ck_assert_uint_eq(tell(&d, 1000), 1);
	ck_assert(denied_next(&d, 1000, &r));
	ck_assert_int_eq(r.what.space, d.last_space == 1 ? 2 : 1);
	for (int64_t s = 3; s < 8; s++) {
		for (unsigned i = 0; i < 5000; i++) {
			w = packet(i);
			w.space = s;
			denied_add(&d, &w, 1000);
		}
	}
	ck_assert_uint_le(d.table.n, 2 * DENIED_MAX);
	end(&d);
}
END_TEST

START_TEST(rest)
{
	struct denied d = { .spent = 0 };
	struct denied_what w = packet(0);
	int64_t now = 1000;
	uint64_t most = 0, n;

	denied_add(&d, &w, now);
	ck_assert_uint_eq(tell(&d, now), 1);
	for (unsigned i = 0; i < 7; i++)
		denied_add(&d, &w, now);
	for (unsigned i = 1; i < 2 * DENIED_SPACE_MAX; i++) { /* it is the oldest, and goes */
		w = packet(i);
		denied_add(&d, &w, now);
		now += 1000 / DENIED_PER_SECOND;
		while ((n = tell(&d, now)) > 0)
			most = n > most ? n : most;
	}
	ck_assert_int_lt(now, 1000 + DENIED_PERIOD_MS);
	ck_assert_uint_eq(most, 7);
	ck_assert_uint_le(d.table.n, DENIED_SPACE_MAX + 1);
	end(&d);
}
END_TEST

static Suite *test_dns_denied(void)
{
	Suite *s = suite_create("dns_denied");
	TCase *t = tcase_create("denied");

	tcase_add_test(t, once_a_minute);
	tcase_add_test(t, distinct);
	tcase_add_test(t, rate);
	tcase_add_test(t, flood);
	tcase_add_test(t, rest);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_denied);
