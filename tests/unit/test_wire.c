/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"
#include "unit.h"
#include "wire.h"

static const struct wire_limits limits = {
	.max_frame = 1 << 20,
	.max_stream = 1 << 20,
	.stream_key = "Tarball",
	.spool_dir = "/tmp",
};

static int ours, theirs;
static struct wire_frame frame;

static void set_up(void)
{
	int s[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	ours = s[0];
	theirs = s[1];
	wire_frame_init(&frame);
}

static void tear_down(void)
{
	wire_frame_clear(&frame);
	fd_close_p(&ours);
	fd_close_p(&theirs);
}

static void say(const char *s)
{
	ck_assert_int_eq(write(theirs, s, strlen(s)), (ssize_t) strlen(s));
}

static int next(void)
{
	struct kerr err = { 0 };

	return wire_read(ours, &limits, &frame, &err);
}

START_TEST(frames_follow_each_other)
{
	say(" \n{\"a\":1}{\"b\":\"}\"}\r\n\t{\"c\":[{}]}\n");
	(void) shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"a\":1}");
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"b\":\"}\"}");
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"c\":[{}]}");
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 0);
}
END_TEST

START_TEST(byte_by_byte)
{
	static const char text[] =
		"{\"method\":\"KukeonV1.Ping\",\"params\":[{\"x\":\"\\u00e9\\\"\"}],\"id\":-1.5e3}";
	size_t i;
	pid_t pid = fork();

	if (pid == 0) {
		for (i = 0; i < sizeof(text) - 1; i++)
			if (write(theirs, text + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), text);
}
END_TEST

/* What is no object, what is cut off, and what is too much. */
static const struct {
	const char *text;
	int result;
} bad_streams[] = {
	{ "[1]", -EPROTO },
	{ "1", -EPROTO },
	{ "null", -EPROTO },
	{ "}", -EPROTO },
	{ "{\"a\" 1}", -EPROTO },
	{ "{a:1}", -EPROTO },
	{ "{\"a\":1,}", -EPROTO },
	{ "{\"a\":01}", -EPROTO },
	{ "{\"a\":\"\t\"}", -EPROTO },
	{ "{\"a\":\"\\x\"}", -EPROTO },
	{ "{\"a\":tru}", -EPROTO },
	{ "{\"a\":1", -EPIPE },
	{ "{", -EPIPE },
	{ "{\"a\":\"", -EPIPE },
	{ "\xff", -EPROTO },
	{ "", 0 },
	{ " \n ", 0 },
};

START_TEST(bad_stream)
{
	say(bad_streams[_i].text);
	(void) shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(next(), bad_streams[_i].result);
}
END_TEST

START_TEST(nul_is_no_json)
{
	ck_assert_int_eq(write(theirs, "{\"a\":\0}", 7), 7);
	ck_assert_int_eq(next(), -EPROTO);
}
END_TEST

START_TEST(nested_too_deep)
{
	char text[6 + 100 + 1] = "{\"a\":";

	memset(text + 5, '[', 100);
	text[105] = '\0';
	say(text);
	ck_assert_int_eq(next(), -EPROTO);
}
END_TEST

static void write_much(size_t n)
{
	char *p = malloc(n);
	size_t at = 0;

	memset(p, 'x', n);
	memcpy(p, "{\"a\":\"", 6);
	while (at < n) {
		ssize_t k = send(theirs, p + at, n - at, MSG_NOSIGNAL);

		if (k <= 0)
			break;
		at += (size_t) k;
	}
	free(p);
}

START_TEST(oversized)
{
	if (fork() == 0) {
		fd_close_p(&ours);
		write_much(3 << 20);
		_exit(0);
	}
	ck_assert_int_eq(next(), -EMSGSIZE);
	ck_assert_uint_le(frame.text.cap, (1 << 20) + 65536);
}
END_TEST

START_TEST(too_many_values)
{
	const struct wire_limits wide = { .max_frame = 64 << 20 };
	struct kerr err = { 0 };

	if (fork() == 0) {
		static char zeros[1 << 16];
		size_t i;

		for (i = 0; i < sizeof(zeros); i++)
			zeros[i] = i % 2 ? '0' : ',';
		fd_close_p(&ours);
		(void) wire_write(theirs, "{\"a\":[0", 7, NULL, 0);
		for (i = 0; i < 64; i++)
			if (wire_write(theirs, zeros, sizeof(zeros), NULL, 0) < 0)
				break;
		_exit(0);
	}
	ck_assert_int_eq(wire_read(ours, &wide, &frame, &err), -EMSGSIZE);
}
END_TEST

static void send_with_fd(const char *text, int fd)
{
	ck_assert_int_eq(wire_write(theirs, text, strlen(text), &fd, 1), 0);
}

START_TEST(descriptors_belong_to_their_frame)
{
	int p[2];
	char byte = 'z';

	ck_assert_int_eq(pipe(p), 0);
	say("{\"n\":1}\n");
	send_with_fd("{\"n\":2}\n", p[0]);
	say("{\"n\":3}\n");
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(frame.n_fds, 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"n\":2}");
	ck_assert_uint_eq(frame.n_fds, 1);
	ck_assert_int_ne(fcntl(frame.fds[0], F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(p[1], "q", 1), 1);
	ck_assert_int_eq(read(frame.fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'q');
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(frame.n_fds, 0);
	ck_assert_str_eq(buf_str(&frame.text), "{\"n\":3}");
	(void) close(p[0]);
	(void) close(p[1]);
}
END_TEST

static size_t open_fds(void)
{
	size_t n = 0;
	int i;

	for (i = 0; i < 256; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

/* Descriptors in the middle of a frame, or on the white space before one, are nobody's. */
START_TEST(stray_descriptors_are_closed)
{
	size_t before = open_fds();

	say("{\"n\":");
	send_with_fd("1}", theirs);
	send_with_fd(" ", theirs);
	say("{\"n\":2}");
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(frame.n_fds, 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(frame.n_fds, 0);
	ck_assert_uint_eq(open_fds(), before);
	send_with_fd("[", theirs);
	ck_assert_int_eq(next(), -EPROTO);
	ck_assert_uint_eq(open_fds(), before);
}
END_TEST

START_TEST(waiting_ends)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	say("{\"n\":1}\n \n");
	ck_assert_int_eq(wire_wait(ours, p[0]), 1);
	ck_assert_int_eq(next(), 1);
	(void) close(p[1]);
	ck_assert_int_eq(wire_wait(ours, p[0]), 0); /* the white space is no frame */
	say("{\"n\":2}");
	ck_assert_int_eq(wire_wait(ours, p[0]), 1);
	ck_assert_int_eq(next(), 1);
	(void) shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(wire_wait(ours, -1), 1);
	ck_assert_int_eq(next(), 0);
	(void) close(p[0]);
}
END_TEST

/* ---- the streamed field ---- */

static void read_stream(char *ret, size_t size)
{
	ssize_t n;

	ck_assert_int_ge(frame.stream_fd, 0);
	n = read(frame.stream_fd, ret, size - 1);
	ck_assert_int_ge(n, 0);
	ret[n] = '\0';
	ck_assert_uint_eq(frame.stream_size, (uint64_t) n);
}

static const struct {
	const char *frame;
	const char *text; /* what is left of the frame; NULL: the frame itself */
	const char *bytes; /* NULL: not streamed */
	const char *refused;
} streams[] = {
	{ "{\"params\":[{\"Tarball\":\"aGVsbG8=\",\"Realm\":\"r\"}]}",
	  "{\"params\":[{\"Tarball\":\"\",\"Realm\":\"r\"}]}", "hello" },
	{ "{\"PARAMS\":[{\"tarBALL\":\"aGVs\\nbG8h\"}]}", "{\"PARAMS\":[{\"tarBALL\":\"\"}]}",
	  "hello!" },
	{ "{\"params\":[{\"Tarball\":\"Pz8\\/\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", "???" },
	{ "{\"params\":[{\"Tarball\":\"\\u0061GVs\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}",
	  "hel" },
	/* the last one counts */
	{ "{\"params\":[{\"Tarball\":\"AAAA\",\"Tarball\":\"aGVs\"}]}",
	  "{\"params\":[{\"Tarball\":\"\",\"Tarball\":\"\"}]}", "hel" },
	{ "{\"params\":[{\"Tarball\":\"AAAA\",\"Tarball\":null}]}",
	  "{\"params\":[{\"Tarball\":\"\",\"Tarball\":null}]}", NULL },
	{ "{\"params\":[{\"Tarball\":\"AAAA\"}],\"params\":[{}]}",
	  "{\"params\":[{\"Tarball\":\"\"}],\"params\":[{}]}", NULL },
	/* nothing to stream, or not in its place */
	{ "{\"params\":[{\"Tarball\":\"\"}]}", NULL, NULL },
	{ "{\"params\":[{\"Tarball\":5}]}", NULL, NULL },
	{ "{\"params\":[{},{\"Tarball\":\"aGVs\"}]}", NULL, NULL },
	{ "{\"params\":{\"a\":{\"Tarball\":\"aGVs\"}}}", NULL, NULL },
	{ "{\"params\":[{\"a\":{\"Tarball\":\"aGVs\"}}]}", NULL, NULL },
	{ "{\"Tarball\":\"aGVs\"}", NULL, NULL },
	/* bad base64 */
	{ "{\"params\":[{\"Tarball\":\"aG!s\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", NULL,
	  "illegal base64 data at input byte 2" },
	{ "{\"params\":[{\"Tarball\":\"aGV\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", NULL,
	  "illegal base64 data at input byte 3" },
	{ "{\"params\":[{\"Tarball\":\"aG==aGVs\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", NULL,
	  "illegal base64 data at input byte 4" },
};

START_TEST(streamed)
{
	char bytes[64];

	say(streams[_i].frame);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text),
			 streams[_i].text ? streams[_i].text : streams[_i].frame);
	if (streams[_i].bytes) {
		read_stream(bytes, sizeof(bytes));
		ck_assert_str_eq(bytes, streams[_i].bytes);
	} else if (!streams[_i].refused) {
		ck_assert_int_lt(frame.stream_fd, 0);
	}
	ck_assert_str_eq(frame.refused.msg, streams[_i].refused ? streams[_i].refused : "");
}
END_TEST

START_TEST(stream_larger_than_allowed)
{
	const struct wire_limits small = {
		.max_frame = 1 << 10, .max_stream = 4, .stream_key = "Tarball", .spool_dir = "/tmp"
	};
	struct kerr err = { 0 };

	say("{\"params\":[{\"Tarball\":\"aGVsbG8h\"}]}{\"n\":1}");
	ck_assert_int_eq(wire_read(ours, &small, &frame, &err), 1);
	ck_assert_str_eq(frame.refused.msg, "request is larger than 4 bytes");
	ck_assert_int_eq(wire_read(ours, &small, &frame, &err), 1);
	ck_assert_str_eq(frame.refused.msg, "");
}
END_TEST

START_TEST(nowhere_to_spool)
{
	const struct wire_limits nowhere = { .max_frame = 1 << 10,
					     .max_stream = 99,
					     .stream_key = "Tarball",
					     .spool_dir = "/nonexistent" };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	say("{\"params\":[{\"Tarball\":\"aGVsbG8h\"}]}");
	ck_assert_int_eq(wire_read(ours, &nowhere, &frame, &err), 1);
	ck_assert_str_eq(kerr_text(&frame.refused, text, sizeof(text)),
			 "make a file in '/nonexistent': no such file or directory");
}
END_TEST

/* A megabyte of base64 in pieces: the text stays small, the bytes are right. */
START_TEST(stream_is_not_kept_in_memory)
{
	static char bytes[700000];
	struct buf text = BUF_INIT(2 << 20);
	size_t i;
	pid_t pid;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char) (i * 7 + (i >> 8));
	buf_adds(&text, "{\"method\":\"x\",\"params\":[{\"Realm\":\"r\",\"Tarball\":\"");
	base64_encode(&text, bytes, sizeof(bytes));
	buf_adds(&text, "\"}],\"id\":7}");
	pid = fork();
	if (pid == 0)
		_exit(fd_write_all(theirs, text.data, text.len) < 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_lt(frame.text.cap, 4096);
	ck_assert_uint_eq(frame.stream_size, sizeof(bytes));
	for (i = 0; i < sizeof(bytes);) {
		char piece[4096];
		ssize_t n = read(frame.stream_fd, piece, sizeof(piece));

		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(memcmp(piece, bytes + i, (size_t) n), 0);
		i += (size_t) n;
	}
	buf_clear(&text);
}
END_TEST

/* ---- pieces ---- */

static const struct {
	const char *text, *key, *value;
} members[] = {
	{ "{\"id\":1}", "id", "1" },
	{ "{ \"id\" : \"a\\\"b\" , \"x\":2}", "id", "\"a\\\"b\"" },
	{ "{\"ID\":null,\"iD\":[1,{\"id\":2}]}", "id", "[1,{\"id\":2}]" },
	{ "{\"a\":{\"id\":3},\"b\":\"id\"}", "id", NULL },
	{ "{\"a\":\"}\",\"id\":-1.5e+3 }", "id", "-1.5e+3" },
	{ "{}", "id", NULL },
	{ "{\"id\":\"\"}", "id", "\"\"" },
	{ "{\"id\":{}}", "id", "{}" },
};

static char *span_text(struct wire_span s)
{
	return s.p ? strndup(s.p, s.n) : NULL;
}

START_TEST(member)
{
	char *v =
		span_text(wire_member(members[_i].text, strlen(members[_i].text), members[_i].key));

	ck_assert_pstr_eq(v, members[_i].value);
	free(v);
}
END_TEST

START_TEST(element)
{
	static const char text[] = "[ {\"a\":[1]} , \"],\",3]";
	const struct wire_span array = { text, sizeof(text) - 1 };
	static const char *const want[] = { "{\"a\":[1]}", "\"],\"", "3", NULL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		char *v = span_text(wire_element(array, i));

		ck_assert_pstr_eq(v, want[i]);
		free(v);
	}
	ck_assert_ptr_null(wire_element((struct wire_span){ "[]", 2 }, 0).p);
	ck_assert_ptr_null(wire_element((struct wire_span){ 0 }, 0).p);
}
END_TEST

START_TEST(response)
{
	struct buf out = BUF_INIT(1 << 10);
	struct buf result = BUF_INIT(1 << 10);

	buf_adds(&result, "{\"x\":1}");
	wire_response(&out, (struct wire_span){ "\"a\"", 3 }, &result, NULL);
	ck_assert_str_eq(buf_str(&out), "{\"id\":\"a\",\"result\":{\"x\":1},\"error\":null}\n");
	buf_reset(&out);
	wire_response(&out, (struct wire_span){ 0 }, NULL, "a \"b\"");
	ck_assert_str_eq(buf_str(&out),
			 "{\"id\":null,\"result\":null,\"error\":\"a \\\"b\\\"\"}\n");
	buf_clear(&out);
	buf_clear(&result);
}
END_TEST

START_TEST(write_to_nobody)
{
	fd_close_p(&ours);
	ck_assert_int_eq(wire_write(theirs, "x", 1, NULL, 0), -EPIPE);
}
END_TEST

Suite *test_wire(void);
Suite *test_wire(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, frames_follow_each_other);
	tcase_add_test(t, byte_by_byte);
	tcase_add_loop_test(t, bad_stream, 0, (int) ARRAY_SIZE(bad_streams));
	tcase_add_test(t, nul_is_no_json);
	tcase_add_test(t, nested_too_deep);
	tcase_add_test(t, oversized);
	tcase_add_test(t, too_many_values);
	tcase_add_test(t, descriptors_belong_to_their_frame);
	tcase_add_test(t, waiting_ends);
	tcase_add_test(t, stray_descriptors_are_closed);
	tcase_add_loop_test(t, streamed, 0, (int) ARRAY_SIZE(streams));
	tcase_add_test(t, stream_larger_than_allowed);
	tcase_add_test(t, nowhere_to_spool);
	tcase_add_test(t, stream_is_not_kept_in_memory);
	tcase_add_loop_test(t, member, 0, (int) ARRAY_SIZE(members));
	tcase_add_test(t, element);
	tcase_add_test(t, response);
	tcase_add_test(t, write_to_nobody);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_wire);
