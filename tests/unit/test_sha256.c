/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "sha256.h"
#include "unit.h"

static const struct {
	const char *text;
	const char *hex;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(known_vectors)
{
	struct sha256 *s = sha256_new();
	char hex[SHA256_HEX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		sha256_hex_of(vectors[i].text, strlen(vectors[i].text), hex);
		ck_assert_str_eq(hex, vectors[i].hex);
		sha256_add(s, vectors[i].text, strlen(vectors[i].text));
		sha256_hex(s, hex); /* and begins anew each time */
		ck_assert_str_eq(hex, vectors[i].hex);
	}
	ck_assert_ptr_null(sha256_free(s));
	ck_assert_ptr_null(sha256_free(NULL));
}
END_TEST

START_TEST(million_in_pieces)
{
	struct sha256 *s = sha256_new();
	cleanup_free char *a = xmalloc(1000);
	char hex[SHA256_HEX];
	size_t done = 0;
	size_t n = 1;

	memset(a, 'a', 1000);
	for (; done < 1000000; done += n, n = n % 997 + 1) {
		if (n > 1000000 - done)
			n = 1000000 - done;
		sha256_add(s, a, n);
	}
	sha256_hex(s, hex);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	sha256_freep(&s);
	ck_assert_ptr_null(s);
}
END_TEST

static Suite *test_sha256(void)
{
	Suite *s = suite_create("sha256");
	TCase *c = tcase_create("sha256");

	tcase_add_test(c, known_vectors);
	tcase_add_test(c, million_in_pieces);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_sha256);
