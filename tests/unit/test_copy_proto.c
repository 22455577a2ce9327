/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include "copy_proto.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

static const struct {
	const char *path, *name;
} names[] = {
	{ "a", "a" },	{ "/a", "a" },	{ "/a/b", "b" },    { "a/b/", "b" },  { "a//", "a" },
	{ "/", "" },	{ "//", "" },	{ ".", "" },	    { "..", "" },     { "a/.", "" },
	{ "a/./", "" }, { "a/..", "" }, { "a/...", "..." }, { "a/.b", ".b" }, { "..b", "..b" },
	{ "./a", "a" }, { "", "" },
};

START_TEST(the_name_of_a_copy)
{
	cleanup_free char *name = copy_name(names[_i].path);

	ck_assert_str_eq(name, names[_i].name);
	ck_assert_int_eq(copy_is_contents(names[_i].path), str_empty(names[_i].name));
}
END_TEST

START_TEST(a_request_is_what_its_head_says)
{
	static const char body[] = "/path\0name";
	const struct copy_head head = { .flags = COPY_UNPACK, .path = 6, .name = 5 };
	struct copy_head bad;
	struct copy_job job;

	ck_assert_int_eq(copy_body_parse(&head, body, &job), 0);
	ck_assert_str_eq(job.path, "/path");
	ck_assert_str_eq(job.name, "name");
	ck_assert_int_eq(job.flags, COPY_UNPACK);
	bad = head;
	bad.path = 5; /* its NUL is not where it should be */
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
	bad = head;
	bad.path = 1;
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
	bad = head;
	bad.name = 0;
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
	bad = head;
	bad.name = COPY_PATH_MAX + 1;
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
	bad = head;
	bad.n_procs = EXEC_CGROUPS_MAX + 1;
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
	bad = head;
	bad.flags = _COPY_FLAGS_ALL + 1;
	ck_assert_int_eq(copy_body_parse(&bad, body, &job), -EBADMSG);
}
END_TEST

static Suite *test_copy_proto(void)
{
	Suite *s = suite_create("copy_proto");
	TCase *t = tcase_create("copy_proto");

	tcase_add_loop_test(t, the_name_of_a_copy, 0, (int) ARRAY_SIZE(names));
	tcase_add_test(t, a_request_is_what_its_head_says);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_copy_proto);
