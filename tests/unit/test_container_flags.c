/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "container_flags.h"
#include "copy.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "unit.h"

static const char *const images[][2] = {
	{ "", "" },
	{ "debian", "docker.io/library/debian:latest" },
	{ "debian:12", "docker.io/library/debian:12" },
	{ "me/app", "docker.io/me/app" },
	{ "me/app:1", "docker.io/me/app:1" },
	{ "ghcr.io/me/app", "ghcr.io/me/app" },
	{ "host:5000/app", "host:5000/app" },
	{ "localhost/x", "docker.io/localhost/x" },
	{ "oci://somewhere/x", "oci://somewhere/x" },
};

START_TEST(image_names)
{
	char *s cleanup_free = image_flag_normalise(images[_i][0]);

	ck_assert_str_eq(s, images[_i][1]);
}
END_TEST

static const struct {
	const char *text, *source, *target, *err;
	bool read_only;
} volumes[] = {
	{ "/a:/b", "/a", "/b", NULL, false },
	{ "/a:/b:ro", "/a", "/b", NULL, true },
	{ "/a:/b:rw", "/a", "/b", NULL, false },
	{ "/a:/b:", "/a", "/b", NULL, false },
	{ "/a", NULL, NULL, "invalid --volume \"/a\": expected SRC:DST[:ro|rw]", false },
	{ "/a:/b:ro:x", NULL, NULL, "invalid --volume \"/a:/b:ro:x\": expected SRC:DST[:ro|rw]",
	  false },
	{ ":/b", NULL, NULL, "invalid --volume \":/b\": source and target are both required",
	  false },
	{ "/a:", NULL, NULL, "invalid --volume \"/a:\": source and target are both required",
	  false },
	{ "/a:/b:x", NULL, NULL, "invalid --volume \"/a:/b:x\": mode must be ro or rw", false },
};

START_TEST(volume_flags)
{
	struct volume_mount v = { 0 };
	struct kerr err = { 0 };
	int r = volume_flag_parse(volumes[_i].text, &v, &err);

	if (volumes[_i].err) {
		ck_assert_int_lt(r, 0);
		ck_assert_str_eq(err.msg, volumes[_i].err);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(v.source, volumes[_i].source);
	ck_assert_str_eq(v.target, volumes[_i].target);
	ck_assert_int_eq(v.read_only, volumes[_i].read_only);
	free(v.source);
	free(v.target);
}
END_TEST

START_TEST(tmpfs_flags)
{
	struct container_tmpfs t = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(tmpfs_flag_parse("/t:mode=1777,size=64m,,nosuid", &t, &err), 0);
	ck_assert_str_eq(t.path, "/t");
	ck_assert_int_eq(t.size_bytes, 64 << 20);
	ck_assert_uint_eq(t.options.n, 2);
	ck_assert_str_eq(t.options.v[0], "mode=1777");
	ck_assert_str_eq(t.options.v[1], "nosuid");
	model_clear(&container_tmpfs_type, &t);
	ck_assert_int_lt(tmpfs_flag_parse(":size=1", &t, &err), 0);
	ck_assert_str_eq(err.msg, "invalid --tmpfs \":size=1\": path is required");
	ck_assert_int_lt(tmpfs_flag_parse("/t:size=1mb", &t, &err), 0);
	ck_assert_str_eq(err.msg, "invalid --tmpfs \"/t:size=1mb\": invalid size \"1mb\": "
				  "strconv.ParseInt: parsing \"1mb\": invalid syntax");
	model_clear(&container_tmpfs_type, &t);
}
END_TEST

START_TEST(label_flags)
{
	struct strmap m cleanup_strmap = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(label_flag_parse(" a =b=c", &m, &err), 0);
	ck_assert_str_eq(strmap_get(&m, "a"), "b=c");
	ck_assert_int_lt(label_flag_parse("a", &m, &err), 0);
	ck_assert_str_eq(err.msg, "invalid label \"a\": expected KEY=VALUE");
	ck_assert_int_lt(label_flag_parse(" =x", &m, &err), 0);
	ck_assert_str_eq(err.msg, "invalid label \" =x\": key must not be empty");
}
END_TEST

static Suite *test_container_flags(void)
{
	Suite *s = suite_create("container_flags");
	TCase *t = tcase_create("flags");

	tcase_add_loop_test(t, image_names, 0, (int) ARRAY_SIZE(images));
	tcase_add_loop_test(t, volume_flags, 0, (int) ARRAY_SIZE(volumes));
	tcase_add_test(t, tmpfs_flags);
	tcase_add_test(t, label_flags);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_container_flags);
