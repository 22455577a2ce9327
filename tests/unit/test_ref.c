/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "ref.h"
#include "unit.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *in, *out;
} good[] = {
	{ "alpine", "docker.io/library/alpine:latest" },
	{ "alpine:3.20", "docker.io/library/alpine:3.20" },
	{ "user/img:t", "docker.io/user/img:t" },
	{ "docker.io/alpine", "docker.io/library/alpine:latest" },
	{ "index.docker.io/alpine", "docker.io/library/alpine:latest" },
	{ "localhost/x", "localhost/x:latest" },
	{ "localhost:5000/x/y", "localhost:5000/x/y:latest" },
	{ "host:5000/x:t", "host:5000/x:t" },
	{ "a.b/c", "a.b/c:latest" },
	{ "[::1]:5000/x", "[::1]:5000/x:latest" },
	{ "Host/x", "Host/x:latest" },
	{ "a__b/c-_", NULL },
	{ "a_b__c-d---e.f", "docker.io/library/a_b__c-d---e.f:latest" },
	{ "alpine@sha256:" HEX, "docker.io/library/alpine@sha256:" HEX },
	{ "alpine:3@sha256:" HEX, "docker.io/library/alpine:3@sha256:" HEX },
	{ "x:A_b.C-1", "docker.io/library/x:A_b.C-1" },
	{ "", NULL },
	{ ":t", NULL },
	{ "x:", NULL },
	{ "x:-t", NULL },
	{ "x:.t", NULL },
	{ "x@", NULL },
	{ "x@sha256:12", NULL },
	{ "x@sha512:" HEX HEX, NULL },
	{ "x@sha256:" HEX "0", NULL },
	{ "Alpine", NULL },
	{ "user/Img", NULL },
	{ "x//y", NULL },
	{ "/x", NULL },
	{ "x/", NULL },
	{ "../x", NULL },
	{ "x/../y", NULL },
	{ "x y", NULL },
	{ "x\n", NULL },
	{ "a___b", NULL },
	{ "a..b/c", NULL },
	{ "-a.b/c", NULL },
	{ "a.b-/c", NULL },
	{ "a.b:x/c", NULL },
	{ HEX, NULL },
};

START_TEST(table)
{
	cleanup_free char *out = NULL;
	struct kerr err = { 0 };
	int r;

	r = ref_normalise(good[_i].in, &out, &err);
	if (!good[_i].out) {
		ck_assert_msg(r == -EINVAL, "'%s' gives '%s'", good[_i].in, out ? out : "");
		ck_assert_int_ne(err.msg[0], '\0');
		return;
	}
	ck_assert_msg(r == 0, "'%s': %s", good[_i].in, err.msg);
	ck_assert_str_eq(out, good[_i].out);
}
END_TEST

START_TEST(lengths)
{
	char name[400];
	char *out = NULL;

	memset(name, 'a', sizeof(name));
	name[REF_MAX_NAME - sizeof("docker.io/library")] = '\0';
	ck_assert_int_eq(ref_normalise(name, &out, NULL), 0);
	free(out);
	name[strlen(name)] = 'a';
	name[REF_MAX_NAME - sizeof("docker.io/library") + 1] = '\0';
	ck_assert_int_eq(ref_normalise(name, &out, NULL), -EINVAL);
}
END_TEST

START_TEST(digests)
{
	struct digest d = { "untouched" }, chain;

	ck_assert_int_eq(digest_parse("sha256:" HEX, &d), 0);
	ck_assert_str_eq(digest_hex(&d), HEX);
	ck_assert_int_eq(digest_parse(NULL, &d), -EINVAL);
	ck_assert_int_eq(digest_parse("", &d), -EINVAL);
	ck_assert_int_eq(digest_parse("sha256:" HEX "0", &d), -EINVAL);
	ck_assert_int_eq(digest_parse("sha256:../../etc/passwd", &d), -EINVAL);
	ck_assert_int_eq(digest_parse("SHA256:" HEX, &d), -EINVAL);
	ck_assert_int_eq(digest_parse("sha256:ABCDEF" HEX, &d), -EINVAL);
	ck_assert_str_eq(digest_hex(&d), HEX);
	digest_chain(NULL, &d, &chain);
	ck_assert(digest_eq(&d, &chain));
	digest_chain(&d, &d, &chain);
	digest_of("sha256:" HEX " sha256:" HEX, 2 * 71 + 1, &d);
	ck_assert(digest_eq(&d, &chain));
}
END_TEST

static Suite *test_ref(void)
{
	Suite *s = suite_create("ref");
	TCase *t = tcase_create("ref");

	tcase_add_loop_test(t, table, 0, (int) ARRAY_SIZE(good));
	tcase_add_test(t, lengths);
	tcase_add_test(t, digests);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_ref);
