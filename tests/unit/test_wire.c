/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "encode.h"
#include "fd.h"
#include "mem.h"
#include "str.h"
#include "unit.h"
#include "wire.h"

static const struct wire_limits limits = {
	.what = "request",
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

/* The writer of a test, in a child: what does not fit into the socket's buffer. */
static void write_all(const char *p, size_t n)
{
	if (n > 0 && wire_write(theirs, p, n, NULL, 0, NULL) < 0)
		_exit(1);
}

/* text, then n bytes of fill, then end. */
static void write_much(const char *text, char fill, size_t n, const char *end)
{
	static char chunk[1 << 16];
	size_t k;

	memset(chunk, fill, sizeof(chunk));
	write_all(text, strlen(text));
	for (; n > 0; n -= k) {
		k = n < sizeof(chunk) ? n : sizeof(chunk);
		write_all(chunk, k);
	}
	write_all(end, strlen(end));
	_exit(0);
}

/* What is too large is read to its end; its id comes back, and the next frame too. */
static const struct {
	const char *begin, *end, *text;
} oversizes[] = {
	{ "{\"a\":\"", "\",\"id\":7}", "{\"id\":7}" },
	{ "{\"id\":\"a\\\"b\",\"a\":\"", "\"}", "{\"id\":\"a\\\"b\"}" },
	{ "{\"a\":\"", "\",\"ID\":\"\",\"b\":[{\"id\":3}]}", "{\"id\":\"\"}" },
	{ "{\"a\":\"", "\",\"id\":[1]}", "{\"id\":null}" },
	{ "{\"id\":1,\"a\":\"", "\",\"id\":-2.5}", "{\"id\":-2.5}" },
	{ "{\"id\":\"", "\"}", "{\"id\":null}" },
};

START_TEST(oversized)
{
	if (fork() == 0) {
		cleanup_free char *end = xasprintf("%s{\"n\":2}", oversizes[_i].end);

		write_much(oversizes[_i].begin, 'x', 3 << 20, end);
	}
	ck_assert_int_eq(next(), 1);
	ck_assert(frame.too_large);
	ck_assert_str_eq(buf_str(&frame.text), oversizes[_i].text);
	ck_assert_str_eq(frame.refused.msg, "request is larger than 1048576 bytes");
	ck_assert_int_eq(next(), 1);
	ck_assert(!frame.too_large);
	ck_assert_str_eq(buf_str(&frame.text), "{\"n\":2}");
}
END_TEST

START_TEST(too_many_values)
{
	const struct wire_limits wide = { .what = "request", .max_frame = 64 << 20 };
	struct kerr err = { 0 };

	if (fork() == 0) {
		static char zeros[1 << 16];
		size_t i;

		for (i = 0; i < sizeof(zeros); i++)
			zeros[i] = i % 2 ? '0' : ',';
		write_all("{\"id\":1,\"a\":[0", 14);
		for (i = 0; i < 64; i++)
			write_all(zeros, sizeof(zeros));
		write_all("]}", 2);
		_exit(0);
	}
	ck_assert_int_eq(wire_read(ours, &wide, &frame, &err), 1);
	ck_assert_str_eq(frame.refused.msg, "request has more than 1048576 values");
	ck_assert_str_eq(buf_str(&frame.text), "{\"id\":1}");
}
END_TEST

START_TEST(blanks_before_a_frame)
{
	if (fork() == 0)
		write_much("", ' ', 4 << 20, "{\"n\":1}\n \t\r\n{\"n\":2}");
	ck_assert_int_eq(wire_wait(ours, -1, 0), 1);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"n\":1}");
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(buf_str(&frame.text), "{\"n\":2}");
}
END_TEST

/* ---- pace ---- */

/* Enough for what comes at once, however slow the machine: it is only waited out here. */
static struct wire_pace pace = { .frame_ms = 300, .write_ms = 300, .stop_fd = -1 };
static struct wire_limits paced;

static int next_paced(struct kerr *err)
{
	paced = limits;
	paced.pace = &pace;
	return wire_read(ours, &paced, &frame, err);
}

START_TEST(half_a_frame_is_not_waited_for)
{
	struct kerr err = { 0 };

	say("{\"n\":");
	ck_assert_int_eq(next_paced(&err), -ETIMEDOUT);
	ck_assert_str_eq(err.msg, "request was not complete within 0 s");
}
END_TEST

/* A byte now and then does not start the time again. */
START_TEST(a_trickle_is_half_a_frame)
{
	struct kerr err = { 0 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fd_close_p(&ours); /* so that the signal of a closed socket ends it */
		write_all("{\"n\":\"", 6);
		for (;;) {
			(void) usleep(20000);
			if (write(theirs, "x", 1) < 0)
				_exit(1);
		}
	}
	ck_assert_int_eq(next_paced(&err), -ETIMEDOUT);
	fd_close_p(&theirs);
	fd_close_p(&ours);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}
END_TEST

/*
 * A streamed field may take longer than a frame, as long as it moves on: each step
 * is held back until the one before has been read and some time is over.
 */
START_TEST(a_body_that_moves_on)
{
	struct kerr err = { 0 };
	int64_t begin = clock_ms();

	pace.frame_ms = 5000;
	if (fork() == 0) {
		static char step[WIRE_BODY_STEP];
		int i;

		memset(step, 'A', sizeof(step));
		write_all("{\"params\":[{\"Tarball\":\"", 23);
		for (i = 0; i < 11; i++) {
			write_all(step, sizeof(step));
			(void) usleep(500000);
		}
		write_all("\"}]}", 4);
		_exit(0);
	}
	ck_assert_int_eq(next_paced(&err), 1);
	ck_assert_int_gt(clock_ms() - begin, 5000);
	ck_assert_uint_eq(frame.stream_size, 11 * WIRE_BODY_STEP / 4 * 3);
}
END_TEST

/* ... and not when it stops, or trickles. */
START_TEST(a_body_that_stops)
{
	struct kerr err = { 0 };

	say("{\"params\":[{\"Tarball\":\"AAAA");
	ck_assert_int_eq(next_paced(&err), -ETIMEDOUT);
}
END_TEST

START_TEST(stopping_ends_a_half_frame)
{
	struct kerr err = { 0 };
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	pace.frame_ms = 0;
	pace.stop_fd = p[0];
	say("{\"n\":1}{\"n\":");
	(void) close(p[1]);
	ck_assert_int_eq(next_paced(&err), 1); /* this one is there */
	ck_assert_int_eq(next_paced(&err), -ECANCELED);
	(void) close(p[0]);
}
END_TEST

START_TEST(a_reply_that_is_not_read)
{
	static const char much[1 << 20];
	int p[2];

	ck_assert_int_eq(wire_write(theirs, much, sizeof(much), NULL, 0, &pace), -ETIMEDOUT);
	/* When the daemon stops it is not waited for either. */
	ck_assert_int_eq(pipe(p), 0);
	(void) close(p[1]);
	pace.write_ms = 0;
	pace.stop_fd = p[0];
	ck_assert_int_eq(wire_write(theirs, much, sizeof(much), NULL, 0, &pace), -ETIMEDOUT);
	(void) close(p[0]);
}
END_TEST

START_TEST(silence_is_idle)
{
	say(" \n");
	ck_assert_int_eq(wire_wait(ours, -1, 100), -ETIMEDOUT);
	say(" {");
	ck_assert_int_eq(wire_wait(ours, -1, 100), 1);
}
END_TEST

static void send_with_fd(const char *text, int fd)
{
	ck_assert_int_eq(wire_write(theirs, text, strlen(text), &fd, 1, NULL), 0);
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
	ck_assert_int_eq(wire_wait(ours, p[0], 0), 1);
	ck_assert_int_eq(next(), 1);
	(void) close(p[1]);
	ck_assert_int_eq(wire_wait(ours, p[0], 0), 0); /* the white space is no frame */
	say("{\"n\":2}");
	ck_assert_int_eq(wire_wait(ours, p[0], 0), 1);
	ck_assert_int_eq(next(), 1);
	(void) shutdown(theirs, SHUT_WR);
	ck_assert_int_eq(wire_wait(ours, -1, 0), 1);
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
	{ "{\"params\":[{\"Tarball\":\"A===\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", NULL,
	  "illegal base64 data at input byte 1" },
	{ "{\"params\":[{\"Tarball\":\"aG\\u00e4s\"}]}", "{\"params\":[{\"Tarball\":\"\"}]}", NULL,
	  "illegal base64 data at input byte 2" },
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

START_TEST(several_members)
{
	static const char text[] =
		"{\"ID\":1,\"s\":\"\\\\\",\"t\":\"\\\\\\\"}\",\"id\":2,\"e\":{}}";
	struct wire_named v[] = {
		{ .key = "id" }, { .key = "t" }, { .key = "none" }, { .key = "e" }
	};

	wire_members(text, sizeof(text) - 1, v, ARRAY_SIZE(v));
	ck_assert_uint_eq(v[0].value.n, 1);
	ck_assert_int_eq(*v[0].value.p, '2');
	ck_assert_uint_eq(v[1].value.n, sizeof("\"\\\\\\\"}\"") - 1);
	ck_assert_ptr_null(v[2].value.p);
	ck_assert_mem_eq(v[3].value.p, "{}", 2);
}
END_TEST

START_TEST(response)
{
	struct buf out = BUF_INIT(1 << 10);

	wire_response_begin(&out, (struct wire_span){ "\"a\"", 3 });
	buf_adds(&out, "{\"x\":1}");
	wire_response_end(&out, NULL);
	ck_assert_str_eq(buf_str(&out), "{\"id\":\"a\",\"result\":{\"x\":1},\"error\":null}\n");
	buf_reset(&out);
	wire_response_error(&out, (struct wire_span){ 0 }, "a \"b\"");
	ck_assert_str_eq(buf_str(&out),
			 "{\"id\":null,\"result\":null,\"error\":\"a \\\"b\\\"\"}\n");
	buf_clear(&out);
}
END_TEST

START_TEST(write_to_nobody)
{
	fd_close_p(&ours);
	ck_assert_int_eq(wire_write(theirs, "x", 1, NULL, 0, NULL), -EPIPE);
}
END_TEST

Suite *test_wire(void);
Suite *test_wire(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, frames_follow_each_other);
	tcase_add_test(t, byte_by_byte);
	tcase_add_loop_test(t, bad_stream, 0, (int) ARRAY_SIZE(bad_streams));
	tcase_add_test(t, nul_is_no_json);
	tcase_add_test(t, nested_too_deep);
	tcase_add_loop_test(t, oversized, 0, (int) ARRAY_SIZE(oversizes));
	tcase_add_test(t, blanks_before_a_frame);
	tcase_add_test(t, half_a_frame_is_not_waited_for);
	tcase_add_test(t, a_trickle_is_half_a_frame);
	tcase_add_test(t, a_body_that_moves_on);
	tcase_add_test(t, a_body_that_stops);
	tcase_add_test(t, stopping_ends_a_half_frame);
	tcase_add_test(t, a_reply_that_is_not_read);
	tcase_add_test(t, silence_is_idle);
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
	tcase_add_test(t, several_members);
	tcase_add_test(t, write_to_nobody);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_wire);
