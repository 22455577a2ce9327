/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "fetch.h"
#include "proto_msg.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

static int pair[2];

static void begin(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void end(void)
{
	fd_close_p(&pair[0]);
	fd_close_p(&pair[1]);
}

START_TEST(there_and_back)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT, got = PROTO_MSG_INIT;
	int fds[2], fd = -EBADF;
	char c;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	proto_msg_start(&m, "get");
	proto_msg_add_i64(&m, "id", 7);
	proto_msg_add(&m, "ref", "a=b c\n");
	proto_msg_add(&m, "nothing", NULL);
	ck_assert_int_eq(proto_msg_send(&m, pair[0], fds[1], 0), 0);
	(void) close(fds[1]);
	ck_assert_int_eq(proto_msg_recv(&got, pair[1], &fd), 1);
	ck_assert(proto_msg_is(&got, "get"));
	ck_assert_int_eq(proto_msg_get_i64(&got, "id", 0), 7);
	ck_assert_str_eq(proto_msg_get(&got, "ref"), "a=b c\n");
	ck_assert_str_eq(proto_msg_get(&got, "nothing"), "");
	ck_assert_str_eq(proto_msg_get(&got, "re"), "");
	ck_assert_int_eq(proto_msg_get_i64(&got, "ref", -3), -3);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	(void) close(fd);
	(void) close(fds[0]);
	fd_close_p(&pair[0]);
	ck_assert_int_eq(proto_msg_recv(&got, pair[1], &fd), 0);
}
END_TEST

START_TEST(no_messages)
{
	static const char *const bad[] = { "", "x", "op", "op=x", "po=x" };
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int fd = -EBADF;
	size_t i;

	for (i = 1; i < ARRAY_SIZE(bad); i++) {
		ck_assert_int_gt(send(pair[0], bad[i], strlen(bad[i]), 0), 0);
		ck_assert_int_eq(proto_msg_recv(&m, pair[1], &fd), -EBADMSG);
	}
	ck_assert_int_eq(send(pair[0], "op=x", 5, 0), 5);
	ck_assert_int_eq(proto_msg_recv(&m, pair[1], &fd), 1);
	proto_msg_start(&m, "x");
	for (i = 0; i < 10000; i++)
		proto_msg_add(&m, "key", "a value");
	ck_assert_int_eq(proto_msg_send(&m, pair[0], -1, 0), -E2BIG);
}
END_TEST

START_TEST(descriptors)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int first, fd, i;

	/* more than were agreed upon: closed, but for the one; then none left over */
	proto_msg_start(&m, "get");
	first = dup(0);
	(void) close(first);
	for (i = 0; i < 20; i++) {
		fd = -EBADF;
		ck_assert_int_eq(proto_msg_send(&m, pair[0], 0, 0), 0);
		ck_assert_int_eq(proto_msg_recv(&m, pair[1], &fd), 1);
		ck_assert_int_eq(fd, first);
		(void) close(fd);
	}
}
END_TEST

START_TEST(events)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct fetch_event e;
	char type[300];

	proto_msg_start(&m, "done");
	ck_assert(fetch_event_parse(&m, &e) && e.kind == FETCH_DONE && e.id == -1);
	memset(type, 't', sizeof(type) - 1);
	type[sizeof(type) - 1] = '\0';
	proto_msg_add(&m, "type", type);
	proto_msg_add(&m, "digest", "sha256:../../x");
	proto_msg_add(&m, "bytes", "99999999999999999999");
	ck_assert(fetch_event_parse(&m, &e));
	ck_assert(!*e.type && !digest_is_set(&e.digest) && e.bytes == 0);
	proto_msg_start(&m, "failed");
	proto_msg_add(&m, "id", "3");
	proto_msg_add(&m, "text", "a \033[31mred\nerror");
	proto_msg_add(&m, "again", "1");
	ck_assert(fetch_event_parse(&m, &e));
	ck_assert(e.kind == FETCH_FAILED && e.id == 3 && e.flags == FETCH_AGAIN);
	ck_assert_str_eq(e.err.msg, "a \\x1b[31mred\\nerror");
	proto_msg_start(&m, "nonsense");
	ck_assert(!fetch_event_parse(&m, &e));
}
END_TEST

static Suite *test_fetch(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("fetch");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, no_messages);
	tcase_add_test(t, descriptors);
	tcase_add_test(t, events);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_fetch);
