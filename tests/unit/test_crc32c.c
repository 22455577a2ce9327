/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "crc32c.h"
#include "mem.h"
#include "unit.h"

/* RFC 3720, appendix B.4 */
START_TEST(known)
{
	uint8_t b[32];
	size_t i;

	ck_assert_uint_eq(crc32c_add(0, "", 0), 0);
	ck_assert_uint_eq(crc32c_add(0, "123456789", 9), 0xe3069283);
	memset(b, 0, sizeof(b));
	ck_assert_uint_eq(crc32c_add(0, b, sizeof(b)), 0x8a9136aa);
	memset(b, 0xff, sizeof(b));
	ck_assert_uint_eq(crc32c_add(0, b, sizeof(b)), 0x62a8ab43);
	for (i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t) i;
	ck_assert_uint_eq(crc32c_add(0, b, sizeof(b)), 0x46dd794e);
}
END_TEST

START_TEST(in_parts)
{
	static const char text[] =
		"what is added in parts, of any size and at any place, is the same";
	uint32_t whole = crc32c_add(0, text, sizeof(text));
	size_t i, k;

	ck_assert_uint_eq(crc32c_add_portable(0, text, sizeof(text)), whole);
	for (i = 0; i <= sizeof(text); i++)
		for (k = i; k <= sizeof(text); k++)
			ck_assert_uint_eq(
				crc32c_add(crc32c_add(crc32c_add(0, text, i), text + i, k - i),
					   text + k, sizeof(text) - k),
				whole);
}
END_TEST

START_TEST(zeros)
{
	static const uint64_t sizes[] = { 0, 1, 2, 7, 8, 63, 4096, 65537, 1000000 };
	uint8_t *z = xcalloc(1, 1000000);
	uint32_t crc = crc32c_add(0, "abc", 3);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ck_assert_uint_eq(crc32c_add_zeros(crc, sizes[i]), crc32c_add(crc, z, sizes[i]));
		ck_assert_uint_eq(crc32c_add_zeros(0, sizes[i]), crc32c_add(0, z, sizes[i]));
	}
	ck_assert_uint_eq(crc32c_add_zeros(crc32c_add_zeros(crc, 1ULL << 40), 1ULL << 40),
			  crc32c_add_zeros(crc, 1ULL << 41));
	free(z);
}
END_TEST

static Suite *test_crc32c(void)
{
	Suite *s = suite_create("crc32c");
	TCase *c = tcase_create("crc32c");

	tcase_add_test(c, known);
	tcase_add_test(c, in_parts);
	tcase_add_test(c, zeros);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_crc32c);
