/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "str.h"
#include "ttyconfig.h"
#include "unit.h"

#define DOC(spec) "{\"apiVersion\":\"sbsh/v1beta1\",\"kind\":\"Terminal\",\"spec\":{" spec "}}"
#define FILES "\"command\":\"sh\",\"socketIO\":\"/t/socket\",\"captureFile\":\"/t/capture\""

static int parse(const char *text, struct ttyconfig *ret, struct kerr *err)
{
	buf_init(&ret->text, TTYCONFIG_MAX);
	buf_adds(&ret->text, text);
	return ttyconfig_parse(ret, err);
}

START_TEST(whole)
{
	cleanup_ttyconfig struct ttyconfig c = { 0 };
	struct kerr err = { 0 };

	ck_assert_msg(
		parse(DOC(FILES
			  ",\"id\":\"i\",\"name\":\"n\",\"commandArgs\":[\"-c\",\"a\\nb\"],"
			  "\"prompt\":\"'$ '\",\"socketMode\":432,\"socketGid\":0,"
			  "\"captureMode\":416,\"logFile\":\"/l\",\"shutdownGrace\":1500000000,"
			  "\"captureMaxBytes\":5,\"captureFiles\":2,\"sizePolicy\":\"last\",\"stages\":{\"onInit\":"
			  "[{\"script\":\"one\"},{\"script\":\"\"},{\"script\":\"two\"}]}"),
		      &c, &err) == 0,
		"%s", err.msg);
	ck_assert_str_eq(c.id, "i");
	ck_assert_str_eq(c.name, "n");
	ck_assert_str_eq(c.argv[0], "sh");
	ck_assert_str_eq(c.argv[1], "-c");
	ck_assert_str_eq(c.argv[2], "a\nb");
	ck_assert_ptr_null(c.argv[3]);
	ck_assert_str_eq(c.typed[0], "\x15"
				     "export PS1='$ '\n");
	ck_assert_str_eq(c.typed[1], "one\n");
	ck_assert_str_eq(c.typed[2], "two\n");
	ck_assert_ptr_null(c.typed[3]);
	ck_assert(c.socket.mode == 0660 && c.socket.gid == 0);
	ck_assert(c.capture.mode == 0640 && c.capture.gid == -1);
	ck_assert(c.grace_ms == 1500 && c.capture_bytes == 5 && c.capture_files == 2);
	ck_assert_str_eq(c.log.path, "/l");
	ck_assert_int_eq(c.size_policy, TTYCONFIG_LAST);
}
END_TEST

START_TEST(defaults)
{
	cleanup_ttyconfig struct ttyconfig c = { 0 };
	struct kerr err = { 0 };

	ck_assert_msg(parse(DOC(FILES ",\"stages\":{},\"prompt\":\"\",\"env\":null"), &c, &err) ==
			      0,
		      "%s", err.msg);
	ck_assert_str_eq(c.typed[0], ""); /* nothing is typed, no ^U either */
	ck_assert_ptr_null(c.typed[1]);
	ck_assert_int_eq(c.size_policy, TTYCONFIG_SMALLEST);
	ck_assert(c.socket.mode == 0600 && c.socket.gid == -1 && c.grace_ms == TTYCONFIG_GRACE_MS);
	ck_assert(c.capture_bytes == TTYCONFIG_CAPTURE_BYTES &&
		  c.capture_files == TTYCONFIG_CAPTURE_FILES);
	ck_assert_str_eq(c.log.path, "");
}
END_TEST

START_TEST(only_scripts)
{
	cleanup_ttyconfig struct ttyconfig c = { 0 };

	ck_assert_int_eq(
		parse(DOC(FILES ",\"stages\":{\"onInit\":[{\"script\":\"x\"}]}"), &c, NULL), 0);
	ck_assert_str_eq(c.typed[0], "\x15");
	ck_assert_str_eq(c.typed[1], "x\n");
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "no JSON" },
	{ "{", "no JSON" },
	{ "[]", "a   and not a sbsh/v1beta1 Terminal" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"Terminal\"}", "a v1 Terminal and not" },
	{ "{\"apiVersion\":\"sbsh/v1beta1\",\"kind\":\"Terminal\"}", "spec must be an object" },
	{ DOC("\"command\":\"sh\",\"captureFile\":\"/c\""), "socketIO must be an absolute path" },
	{ DOC("\"command\":\"sh\",\"socketIO\":\"/c\""), "captureFile must be an absolute path" },
	{ DOC("\"socketIO\":\"/c\",\"captureFile\":\"/c\""), "command must be a program" },
	{ DOC(FILES ",\"commandArgs\":{}"), "commandArgs must be a list" },
	{ DOC(FILES ",\"commandArgs\":[1]"), "commandArgs must be a string" },
	{ DOC(FILES ",\"commandArgs\":[\"\\u0000\"]"), "without NUL" },
	{ DOC(FILES ",\"socketMode\":\"x\""), "socketMode must be a number" },
	{ DOC(FILES ",\"socketGid\":-1"), "socketGid must be a number" },
	{ DOC(FILES ",\"captureFiles\":17"), "captureFiles must be a number" },
	{ DOC(FILES ",\"captureFiles\":0"), "more than 0" },
	{ DOC(FILES ",\"sizePolicy\":\"x\""), "sizePolicy must be smallest or last" },
	{ DOC(FILES ",\"stages\":{\"onInit\":{}}"), "stages.onInit must be a list" },
};

START_TEST(refused)
{
	cleanup_ttyconfig struct ttyconfig c = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_lt(parse(bad[_i].text, &c, &err), 0);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
}
END_TEST

static Suite *test_ttyconfig(void)
{
	Suite *s = suite_create("ttyconfig");
	TCase *t = tcase_create("all");

	tcase_add_test(t, whole);
	tcase_add_test(t, defaults);
	tcase_add_test(t, only_scripts);
	tcase_add_loop_test(t, refused, 0, ARRAY_SIZE(bad));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_ttyconfig);
