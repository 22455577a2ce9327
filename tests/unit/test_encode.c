/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "encode.h"
#include "mem.h"
#include "unit.h"

START_TEST(base64)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" },
		{ "\xfb\xef", "++8=" },
	};
	static const char *const bad[] = { "Z",	     "Zg",     "Zg=",	"Zg===",  "Zg==Zg==",
					   "=",	     "Z===",   "Zm9v=", "Zm 9v",  "Zm9-",
					   "Zm9v!",  "====",   "Zm8=a", "A===",	  "Zm9vA===",
					   "Zm\t9v", "Zm\v9v", "Zm9v ", "Zg==\n=" };
	/* Go takes what the padding leaves unused, so it may be anything */
	static const char *const loose[][2] = { { "Zh==", "f" }, { "Zm9=", "fo" } };
	cleanup_buf struct buf b = BUF_INIT(100);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		buf_reset(&b);
		base64_encode(&b, pairs[i][0], strlen(pairs[i][0]));
		ck_assert_str_eq(buf_str(&b), pairs[i][1]);
		buf_reset(&b);
		ck_assert_int_eq(base64_decode(&b, pairs[i][1], strlen(pairs[i][1])), 0);
		ck_assert_str_eq(buf_str(&b), pairs[i][0]);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(base64_decode(&b, bad[i], strlen(bad[i])) == -EINVAL, "%s", bad[i]);
	for (i = 0; i < ARRAY_SIZE(loose); i++) {
		buf_reset(&b);
		ck_assert_int_eq(base64_decode(&b, loose[i][0], strlen(loose[i][0])), 0);
		ck_assert_str_eq(buf_str(&b), loose[i][1]);
	}
	buf_reset(&b);
	ck_assert_int_eq(base64_decode(&b, "Zm\r\n9v\n", 7), 0);
	ck_assert_str_eq(buf_str(&b), "foo");
}
END_TEST

/* Lengths around the encoder's steps, there and back. */
START_TEST(long_ones)
{
	static char bytes[10000];
	size_t i, n;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char) (i * 7 + (i >> 8));
	for (n = 3060; n < sizeof(bytes); n += n < 3090 ? 1 : 997) {
		cleanup_buf struct buf text = BUF_INIT(2 * sizeof(bytes));
		cleanup_buf struct buf back = BUF_INIT(sizeof(bytes));

		base64_encode(&text, bytes, n);
		ck_assert_uint_eq(text.len, (n + 2) / 3 * 4);
		ck_assert_int_eq(base64_decode(&back, text.data, text.len), 0);
		ck_assert_uint_eq(back.len, n);
		ck_assert(memcmp(back.data, bytes, n) == 0);
	}
}
END_TEST

START_TEST(hex)
{
	char text[9];

	hex_encode(text, "\x00\xff\x1a\xb2", 4);
	ck_assert_str_eq(text, "00ff1ab2");
	hex_encode(text, "", 0);
	ck_assert_str_eq(text, "");
}
END_TEST

static Suite *test_encode(void)
{
	Suite *s = suite_create("encode");
	TCase *c = tcase_create("encode");

	tcase_add_test(c, base64);
	tcase_add_test(c, long_ones);
	tcase_add_test(c, hex);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(test_encode);
