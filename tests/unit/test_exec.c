/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec.h"
#include "exec_groups.h"
#include "exec_proto.h"
#include "exec_spec.h"
#include "fd.h"
#include "mem.h"
#include "str.h"
#include "unit.h"
#include "user.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* ---- the runtime spec ---- */

static int read_text(const char *text, struct exec_spec *ret, struct kerr *err)
{
	return exec_spec_read(text, strlen(text), ret, err);
}

START_TEST(spec_of_a_container)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	cleanup_exec_spec struct exec_spec s = { 0 };
	struct kerr err = { 0 };
	int r = file_read_at(AT_FDCWD, TEST_SRCDIR "/data/spec/everything.json", 1 << 20, &text,
			     &err);

	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(exec_spec_read(buf_str(&text), text.len, &s, &err), 0);
	ck_assert_uint_gt(s.env.n, 0);
	ck_assert_uint_gt(s.user.n_groups, 0);
	ck_assert_uint_eq(s.user.groups[0], s.user.gid);
	ck_assert_int_eq(s.cwd[0], '/');
	ck_assert_uint_eq(s.n_limits, 1);
	ck_assert_int_eq(s.limits[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(s.caps[EXEC_CAPS_BOUNDING], s.caps[EXEC_CAPS_PERMITTED]);
	ck_assert_uint_ne(s.caps[EXEC_CAPS_BOUNDING], 0);
}
END_TEST

START_TEST(spec_parts)
{
	cleanup_exec_spec struct exec_spec s = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(
		read_text("{\"process\":{\"user\":{\"uid\":5,\"gid\":4294967295,"
			  "\"additionalGids\":[7,8]},\"env\":[\"A=b\"],\"cwd\":\"/x\","
			  "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
			  "\"ambient\":[\"CAP_KILL\"]},\"noNewPrivileges\":true,"
			  "\"apparmorProfile\":\"p\",\"oomScoreAdj\":-17,"
			  "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,"
			  "\"hard\":18446744073709551615}]},"
			  "\"linux\":{\"seccomp\":{\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}}}",
			  &s, &err),
		0);
	ck_assert_uint_eq(s.user.uid, 5);
	ck_assert_uint_eq(s.user.gid, UINT32_MAX);
	ck_assert_uint_eq(s.user.n_groups, 2);
	ck_assert_uint_eq(s.user.groups[1], 8);
	ck_assert_str_eq(s.env.v[0], "A=b");
	ck_assert_str_eq(s.cwd, "/x");
	ck_assert_str_eq(s.apparmor, "p");
	ck_assert_uint_eq(s.caps[EXEC_CAPS_BOUNDING], BIT(CAP_CHOWN) | BIT(CAP_KILL));
	ck_assert_uint_eq(s.caps[EXEC_CAPS_AMBIENT], BIT(CAP_KILL));
	ck_assert_uint_eq(s.caps[EXEC_CAPS_EFFECTIVE], 0);
	ck_assert(s.no_new_privs);
	ck_assert_int_eq(s.oom_score_adj, -17);
	ck_assert_int_eq(s.limits[0].resource, RLIMIT_CORE);
	ck_assert_uint_eq(s.limits[0].hard, UINT64_MAX);
	ck_assert_uint_eq(s.filter_flags, SECCOMP_FILTER_FLAG_LOG);
	/* as it stands there: the kept filter is found by its digest */
	ck_assert_str_eq(s.seccomp, "{\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}");
}
END_TEST

static const char *const bad_specs[] = {
	"",
	"[]",
	"{}",
	"{\"process\":[],\"linux\":{}}",
	"{\"process\":{},\"linux\":{}}",
	"{\"process\":{\"user\":{\"uid\":-1}},\"linux\":{}}",
	"{\"process\":{\"user\":{\"uid\":4294967296}},\"linux\":{}}",
	"{\"process\":{\"user\":{\"additionalGids\":[\"x\"]}},\"linux\":{}}",
	"{\"process\":{\"user\":{},\"env\":[1]},\"linux\":{}}",
	"{\"process\":{\"user\":{},\"oomScoreAdj\":1001},\"linux\":{}}",
	"{\"process\":{\"user\":{},\"noNewPrivileges\":1},\"linux\":{}}",
	"{\"process\":{\"user\":{},\"capabilities\":{\"bounding\":[\"CAP_NONE\"]}},\"linux\":{}}",
	"{\"process\":{\"user\":{},\"rlimits\":[{\"type\":\"RLIMIT_X\"}]},\"linux\":{}}",
	("{\"process\":{\"user\":{},\"rlimits\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]},"
	 "\"linux\":{}}"),
	"{\"process\":{\"user\":{}}}",
};

START_TEST(bad_spec)
{
	cleanup_exec_spec struct exec_spec s = { 0 };
	struct kerr err = { 0 };

	ck_assert_msg(read_text(bad_specs[_i], &s, &err) < 0, "accepted: %s", bad_specs[_i]);
	ck_assert_msg(err.msg[0] != '\0', "no message for %s", bad_specs[_i]);
}
END_TEST

START_TEST(environment)
{
	cleanup_strlist struct strlist env = { 0 };

	exec_env_set(&env, "A=1");
	exec_env_set(&env, "AB=2");
	exec_env_set(&env, "A=3=4");
	exec_env_set(&env, "B=");
	ck_assert_uint_eq(env.n, 3);
	ck_assert_str_eq(env.v[0], "A=3=4");
	ck_assert_str_eq(env.v[1], "AB=2");
	ck_assert(exec_env_has(&env, "B"));
	ck_assert(!exec_env_has(&env, "C"));
	ck_assert(!exec_env_has(&env, ""));
}
END_TEST

/* ---- where init is ---- */

static const struct cgroup_row {
	const char *text, *want;
} cgroup_rows[] = {
	{ "0::/k/c\n", "/k/c" },       { "0::/k/c/_payload\n", "/k/c/_payload" },
	{ "0::/k/c/a/b", "/k/c/a/b" }, { "5:pids:/x\n0::/k/c/a\n", "/k/c/a" },
	{ "0::/k/cc\n", "/k/c" }, /* not below the group */
	{ "0::/\n", "/k/c" },	       { "0::/k/c/../d\n", "/k/c" },
	{ "5:pids:/k/c/a\n", "/k/c" }, { "", "/k/c" },
};

START_TEST(current_cgroup)
{
	const struct cgroup_row *row = &cgroup_rows[_i];
	cleanup_free char *got = exec_current_cgroup(row->text, "/k/c");

	ck_assert_str_eq(got, row->want);
}
END_TEST

START_TEST(home)
{
	static const char text[] = "a:x:1:1::/home/a:/bin/sh\n"
				   "short:x:2:2\n"
				   "b:x:1:9::/home/b:\n"
				   ":x:3:3::/none:\n"
				   "c:x:3:3::/c";
	const struct buf passwd = { .data = (char *) (uintptr_t) text, .len = sizeof(text) - 1 };
	cleanup_free char *one = user_home_text(&passwd, 1);
	cleanup_free char *two = user_home_text(&passwd, 2);
	cleanup_free char *three = user_home_text(&passwd, 3);

	ck_assert_str_eq(one, "/home/a");
	ck_assert_str_eq(two, "/");
	ck_assert_str_eq(three, "/c");
}
END_TEST

/* ---- the request to kukeexec ---- */

static const char body_text[] = "\1\0\0\0" /* a group */
				"12345678" /* a filter */
				"sh\0-c\0A=b\0/cwd\0profile";

static struct exec_head body_head(void)
{
	return (struct exec_head){
		.n_groups = 1, .filter_bytes = 8, .n_args = 2, .n_env = 1, .body = sizeof(body_text)
	};
}

START_TEST(body)
{
	struct exec_head h = body_head();
	char *text = xmemdup(body_text, sizeof(body_text));
	struct exec_body b = { 0 };

	ck_assert_int_eq(exec_body_parse(&h, text, &b), 0);
	ck_assert_str_eq(b.args[0], "sh");
	ck_assert_str_eq(b.args[1], "-c");
	ck_assert_ptr_null(b.args[2]);
	ck_assert_str_eq(b.env[0], "A=b");
	ck_assert_str_eq(b.cwd, "/cwd");
	ck_assert_str_eq(b.apparmor, "profile");
	ck_assert_mem_eq(b.filter, "12345678", 8);
	exec_body_clear(&b);
	free(text);
}
END_TEST

/* Every shorter body, and every count that does not fit, is refused. */
START_TEST(bad_body)
{
	for (uint32_t n = 0; n < sizeof(body_text); n++) {
		struct exec_head h = body_head();
		char *text = xmemdup(body_text, n + 1); /* not a byte more than it may read */
		struct exec_body b = { 0 };

		h.body = n;
		ck_assert_int_eq(exec_body_parse(&h, text, &b), -EBADMSG);
		free(text);
	}
	for (int i = 0; i < 7; i++) {
		struct exec_head h = body_head();
		char *text = xmemdup(body_text, sizeof(body_text));
		struct exec_body b = { 0 };

		h.n_groups = i == 0 ? UINT32_MAX : h.n_groups;
		h.filter_bytes = i == 1 ? UINT32_MAX - 7 : i == 2 ? 9 : h.filter_bytes;
		h.n_args = i == 3 ? UINT32_MAX : i == 4 ? 0 : h.n_args;
		h.n_env = i == 5 ? 2 : h.n_env;
		h.n_limits = i == 6 ? EXEC_LIMITS_MAX + 1 : 0;
		ck_assert_int_eq(exec_body_parse(&h, text, &b), -EBADMSG);
		free(text);
	}
}
END_TEST

/* ---- frames ---- */

struct stream {
	int ours, theirs;
	struct exec_reader *reader;
};

static struct stream stream_make(void)
{
	struct stream s = { .reader = xcalloc(1, sizeof(struct exec_reader)) };
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	s.ours = fds[0];
	s.theirs = fds[1];
	return s;
}

static void stream_clear(struct stream *s)
{
	fd_close_p(&s->ours);
	fd_close_p(&s->theirs);
	free(s->reader);
}

static int next(struct stream *s, struct exec_frame *f)
{
	return exec_read_frame(s->ours, s->reader, f);
}

/* A byte at a time: a frame is there when its last byte is, and no byte of the next is taken. */
START_TEST(frames)
{
	static const char bytes[] = "\n\1\0\0\0\2hi\1\0\0\0\0\7\0\0\0\2\x89\x09";
	static const size_t ends[] = { 8, 13, 20 };
	struct stream s = stream_make();
	struct exec_frame f = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		ck_assert_int_eq(write(s.theirs, bytes + i, 1), 1);
		ck_assert_int_eq(next(&s, &f), n < ARRAY_SIZE(ends) && i + 1 == ends[n]);
		if (i + 1 == ends[n])
			n++;
		if (n == 1 && i + 1 == ends[0]) {
			ck_assert_int_eq(f.type, EXEC_FRAME_STDIN);
			ck_assert_uint_eq(f.n, 2);
			ck_assert_mem_eq(f.data, "hi", 2);
		}
	}
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(f.type, EXEC_FRAME_EXIT);
	ck_assert_mem_eq(f.data, "\x89\x09", 2);
	fd_close_p(&s.theirs);
	ck_assert_int_eq(next(&s, &f), -EPIPE);
	stream_clear(&s);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
} bad_frames[] = {
	{ "\0\0\0\0\0", 5 },	     { "\x08\0\0\0\0", 5 },
	{ "\xff\0\0\0\0", 5 },	     { "\1\0\0\x80\1", 5 }, /* a byte more than a frame may have */
	{ "\1\xff\xff\xff\xff", 5 }, { "\n\n\1\0\1\0\0", 7 },
};

START_TEST(bad_frame)
{
	struct stream s = stream_make();
	struct exec_frame f = { 0 };

	ck_assert_int_eq(write(s.theirs, bad_frames[_i].bytes, bad_frames[_i].n),
			 (ssize_t) bad_frames[_i].n);
	ck_assert_int_eq(next(&s, &f), -EPROTO);
	stream_clear(&s);
}
END_TEST

START_TEST(numbers)
{
	char text[4];

	exec_put_u32(text, 0x80fe01ff);
	ck_assert_mem_eq(text, "\x80\xfe\x01\xff", 4);
	ck_assert_uint_eq(exec_get_u32(text), 0x80fe01ff);
	exec_put_u16(text, 0xfffe);
	ck_assert_uint_eq(exec_get_u16(text), 0xfffe);
}
END_TEST

static Suite *test_exec(void)
{
	Suite *s = suite_create("exec");
	TCase *t = tcase_create("exec");

	tcase_add_test(t, spec_of_a_container);
	tcase_add_test(t, spec_parts);
	tcase_add_loop_test(t, bad_spec, 0, ARRAY_SIZE(bad_specs));
	tcase_add_test(t, environment);
	tcase_add_loop_test(t, current_cgroup, 0, ARRAY_SIZE(cgroup_rows));
	tcase_add_test(t, home);
	tcase_add_test(t, body);
	tcase_add_test(t, bad_body);
	tcase_add_test(t, frames);
	tcase_add_loop_test(t, bad_frame, 0, ARRAY_SIZE(bad_frames));
	tcase_add_test(t, numbers);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_exec);
