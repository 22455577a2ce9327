/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "buf.h"
#include "str.h"
#include "tty_proto.h"
#include "unit.h"

static struct tty_request parse(const char *text)
{
	struct tty_request r = { 0 };

	ck_assert_msg(tty_request_parse(text, strlen(text), &r) == 0, "%s", text);
	return r;
}

/* What upstream's clients send, and in other shapes that are allowed. */
static const struct {
	const char *text;
	enum tty_method method;
	const char *id, *client;
	bool full, clear;
} requests[] = {
	{ "{\"method\":\"TerminalController.Ping\",\"params\":[{\"Message\":\"PING\"}],\"id\":0}",
	  TTY_PING, "0", "", false, false },
	{ "{\"method\":\"TerminalController.State\",\"params\":[{}],\"id\":7}", TTY_STATE, "7", "",
	  false, false },
	{ "{\"id\":0,\"method\":\"TerminalController.Attach\",\"params\":[\"bafbd118\"]}",
	  TTY_ATTACH, "0", "bafbd118", false, false },
	{ "{\"id\":0,\"method\":\"TerminalController.Attach\",\"params\":[{\"ClientID\":\"x\","
	  "\"FullCapture\":true,\"ClearOnAttach\":true}]}",
	  TTY_ATTACH, "0", "x", true, true },
	{ "{\"id\":0,\"method\":\"TerminalController.Attach\",\"params\":[{\"clientid\":\"x\","
	  "\"fullCAPTURE\":false}]}",
	  TTY_ATTACH, "0", "x", false, false },
	{ "{\"id\":0,\"method\":\"TerminalController.Attach\",\"params\":[\"\"]}", TTY_ATTACH, "0",
	  "", false, false },
	{ "{\"id\":0,\"method\":\"TerminalController.Subscribe\",\"params\":[{}]}", TTY_SUBSCRIBE,
	  "0", "", false, false },
	{ "{\"id\":\"a b\",\"method\":\"TerminalController.Detach\",\"params\":[\"\\u0061\"]}",
	  TTY_DETACH, "\"a b\"", "a", false, false },
	{ "{\"METHOD\":\"TerminalController.Metadata\",\"jsonrpc\":\"2.0\"}", TTY_METADATA, "null",
	  "", false, false },
	{ "{\"method\":\"TerminalController.Stop\",\"params\":null,\"id\":1.5}", TTY_STOP, "1.5",
	  "", false, false },
	{ "{\"method\":\"TerminalController.Stop\",\"params\":[null],\"id\":null}", TTY_STOP,
	  "null", "", false, false },
	{ "{\"method\":\"TerminalController.Write\",\"params\":[],\"id\":2}", TTY_WRITE, "2", "",
	  false, false },
};

START_TEST(request)
{
	struct tty_request r = parse(requests[_i].text);

	ck_assert_str_eq(r.error, "");
	ck_assert_int_eq(r.method, requests[_i].method);
	ck_assert_uint_eq(r.n_id, strlen(requests[_i].id));
	ck_assert_int_eq(memcmp(r.id, requests[_i].id, r.n_id), 0);
	ck_assert_str_eq(r.client, requests[_i].client);
	ck_assert(r.full_capture == requests[_i].full && r.clear == requests[_i].clear);
}
END_TEST

static const struct {
	const char *text, *error;
} errors[] = {
	{ "{\"method\":\"TerminalController.Nope\"}",
	  "rpc: can't find method TerminalController.Nope" },
	{ "{\"method\":\"Foo.Bar\"}", "rpc: can't find service Foo.Bar" },
	{ "{\"method\":\"TerminalControlle.Ping\"}",
	  "rpc: can't find service TerminalControlle.Ping" },
	{ "{\"method\":\"Bar\"}", "rpc: service/method request ill-formed: Bar" },
	{ "{}", "rpc: service/method request ill-formed: " },
	{ "{\"method\":\"TerminalController.Resize\",\"params\":[{\"Cols\":\"9\"}]}",
	  "json: cannot unmarshal params of TerminalController.Resize" },
	{ "{\"method\":\"TerminalController.Attach\",\"params\":[5]}",
	  "json: cannot unmarshal params of TerminalController.Attach" },
	{ "{\"method\":\"TerminalController.Attach\",\"params\":{\"a\":1}}",
	  "json: cannot unmarshal params of TerminalController.Attach" },
	{ "{\"method\":\"TerminalController.Attach\",\"params\":[\"\\u0000\"]}",
	  "json: cannot unmarshal params of TerminalController.Attach" },
	{ "{\"method\":\"TerminalController.Detach\",\"params\":[{\"ClientID\":\"x\"}]}",
	  "json: cannot unmarshal params of TerminalController.Detach" },
	{ "{\"method\":\"TerminalController.Write\",\"params\":[{\"Data\":7}]}",
	  "json: cannot unmarshal params of TerminalController.Write" },
};

START_TEST(error)
{
	ck_assert_str_eq(parse(errors[_i].text).error, errors[_i].error);
}
END_TEST

START_TEST(no_request)
{
	static const char *const texts[] = { "", "[]", "7", "{\"method\":7}", "{\"method\":[]}" };
	struct tty_request r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_int_eq(tty_request_parse(texts[i], strlen(texts[i]), &r), -EINVAL);
}
END_TEST

START_TEST(sizes)
{
	struct tty_request r =
		parse("{\"method\":\"TerminalController.Resize\",\"params\":[{\"Cols\""
		      ":90,\"Rows\":30}],\"id\":0}");

	ck_assert(r.cols == 90 && r.rows == 30);
	r = parse(
		"{\"method\":\"TerminalController.Resize\",\"params\":[{\"Cols\":-1,\"Rows\":70000}]}");
	ck_assert_str_eq(r.client, "");
	ck_assert(r.cols == 65535 && r.rows == 4464); /* cut to 16 bits, as upstream's servers do */
	r = parse("{\"method\":\"TerminalController.Resize\",\"params\":[{\"Cols\":1,\"Rows\":2,"
		  "\"ClientID\":\"x\"}]}");
	ck_assert_str_eq(r.client, "x");
	r = parse("{\"method\":\"TerminalController.Attach\",\"params\":[{\"ClientID\":\"x\","
		  "\"ReadOnly\":true,\"Cols\":100,\"Rows\":30}]}");
	ck_assert(r.read_only && !r.full_capture && r.cols == 100 && r.rows == 30);
}
END_TEST

START_TEST(a_long_id)
{
	struct buf text = BUF_INIT(4096);
	struct tty_request r;

	buf_adds(&text, "{\"method\":\"TerminalController.Attach\",\"params\":[\"");
	for (int i = 0; i < TTY_CLIENT_MAX; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\"]}");
	r = parse(buf_str(&text));
	ck_assert_str_ne(r.error, "");
	buf_clear(&text);
}
END_TEST

START_TEST(base64)
{
	static const struct {
		const char *text, *data;
	} rows[] = {
		{ "", "" },	      { "ZWNobyBoaQo=", "echo hi\n" },
		{ "YQ==", "a" },      { "YWI=", "ab" },
		{ "YWJj", "abc" },    { "+/+/", "\xfb\xff\xbf" },
		{ "a", NULL },	      { "YQ=", NULL },
		{ "=QQQ", NULL },     { "Y===", NULL },
		{ "YQ==YQ==", NULL }, { "YW\nJ", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[32];
		ssize_t n = tty_base64(out, rows[i].text, strlen(rows[i].text));

		if (rows[i].data == NULL)
			ck_assert_msg(n == -EINVAL, "%s", rows[i].text);
		else
			ck_assert_msg(n == (ssize_t) strlen(rows[i].data) &&
					      memcmp(out, rows[i].data, (size_t) n) == 0,
				      "%s", rows[i].text);
	}
}
END_TEST

START_TEST(texts)
{
	struct tty_request r = parse("{\"method\":\"TerminalController.Ping\",\"id\":0}");
	struct buf out = BUF_INIT(4096);
	const char *result = NULL;
	char why[TTY_ERROR_MAX];
	size_t n = 0;

	tty_add_result(&out, &r, "{\"ok\":true}");
	ck_assert_str_eq(buf_str(&out), "{\"id\":0,\"result\":{\"ok\":true},\"error\":null}\n");
	ck_assert_int_eq(tty_reply_parse(buf_str(&out), out.len, &result, &n, why), 0);
	ck_assert_int_eq(strncmp(result, "{\"ok\":true}", n), 0);
	buf_reset(&out);
	tty_add_error(&out, &r, "a \"<&>\\\n\x01\xff\xe2\x80\xa8\xc3\xa4");
	ck_assert_str_eq(
		buf_str(&out),
		"{\"id\":0,\"result\":null,\"error\":\"a \\\"\\u003c\\u0026\\u003e\\\\\\n\\u0001"
		"\\ufffd\\u2028\xc3\xa4\"}\n");
	ck_assert_int_eq(tty_reply_parse(buf_str(&out), out.len, &result, &n, why), -EREMOTEIO);
	buf_reset(&out);
	tty_add_request(&out, TTY_RESIZE, "{\"Cols\":90,\"Rows\":30}");
	ck_assert_str_eq(buf_str(&out),
			 "{\"method\":\"TerminalController.Resize\",\"params\":[{\"Cols\":"
			 "90,\"Rows\":30}],\"id\":0}\n");
	ck_assert_int_eq(tty_reply_parse("{\"id\":1,\"result\":{}}", 20, &result, &n, why),
			 -EINVAL);
	buf_clear(&out);
}
END_TEST

static Suite *test_tty_proto(void)
{
	Suite *s = suite_create("tty_proto");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, request, 0, ARRAY_SIZE(requests));
	tcase_add_loop_test(t, error, 0, ARRAY_SIZE(errors));
	tcase_add_test(t, no_request);
	tcase_add_test(t, sizes);
	tcase_add_test(t, a_long_id);
	tcase_add_test(t, base64);
	tcase_add_test(t, texts);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_tty_proto);
