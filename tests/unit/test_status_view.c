/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A status: what is judged of it, and how it stands on the screen and in JSON. */
#include "config.h"

#include <sys/statvfs.h>

#include "cli.h"
#include "copy.h"
#include "emit.h"
#include "emit_json.h"
#include "mem.h"
#include "model.h"
#include "status_view.h"
#include "statuscheck.h"
#include "str.h"
#include "unit.h"

static const struct {
	uint64_t blocks, bfree, bavail, files, ffree;
	int64_t percent;
	const char *status, *what;
} disks[] = {
	{ 1000, 1000, 1000, 100, 100, 0, RPC_STATUS_OK, "space is" },
	{ 1000, 160, 160, 100, 100, 84, RPC_STATUS_OK, "space is" },
	{ 1000, 151, 151, 100, 100, 85, RPC_STATUS_WARN, "space is" }, /* rounded up */
	{ 1000, 60, 60, 100, 100, 94, RPC_STATUS_WARN, "space is" },
	{ 1000, 50, 50, 100, 100, 95, RPC_STATUS_FAIL, "space is" },
	{ 1000, 100, 0, 100, 100, 100, RPC_STATUS_FAIL, "space is" }, /* the rest is root's */
	{ 1000, 900, 900, 100, 4, 96, RPC_STATUS_FAIL, "inodes are" },
	{ 1000, 900, 900, 0, 0, 10, RPC_STATUS_OK, "space is" }, /* without a table of inodes */
	{ 0, 0, 0, 0, 0, 0, RPC_STATUS_OK, "space is" },
};

START_TEST(disk)
{
	const struct statvfs fs = {
		.f_frsize = 4096,
		.f_blocks = disks[_i].blocks,
		.f_bfree = disks[_i].bfree,
		.f_bavail = disks[_i].bavail,
		.f_files = disks[_i].files,
		.f_ffree = disks[_i].ffree,
		.f_favail = disks[_i].ffree,
	};
	struct rpc_status_result s = { 0 };
	cleanup_free char *detail = NULL;

	status_disk_add(&s, "/d", &fs);
	ck_assert_int_eq((int) s.disks.n, 1);
	ck_assert_str_eq(s.disks.v[0].path, "/d");
	ck_assert_int_eq(s.disks.v[0].used_percent, disks[_i].percent);
	ck_assert_int_eq(s.disks.v[0].size_bytes, (int64_t) disks[_i].blocks * 4096);
	ck_assert_int_eq(s.disks.v[0].free_bytes, (int64_t) disks[_i].bavail * 4096);
	ck_assert_str_eq(s.checks.v[0].status, disks[_i].status);
	detail = xasprintf("%d %% of the file system's %s used", (int) disks[_i].percent,
			   disks[_i].what);
	ck_assert_str_eq(s.checks.v[0].detail, detail);
	status_settle(&s);
	ck_assert_int_eq(s.ok, disks[_i].percent < STATUS_DISK_WARN);
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

START_TEST(no_disk)
{
	struct rpc_status_result s = { 0 };

	ck_assert_int_lt(status_disk(&s, "/nowhere/at/all"), 0);
	ck_assert_int_eq((int) s.disks.n, 0);
	ck_assert_str_eq(s.checks.v[0].status, RPC_STATUS_FAIL);
	ck_assert_str_eq(s.checks.v[0].detail,
			 "ask for the space on the file system: no such file or directory");
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

START_TEST(versions)
{
	struct rpc_status_result s = { .client_version = xstrdup("1.2.0") };

	status_versions(&s);
	ck_assert_int_eq((int) s.checks.n, 0);
	s.daemon.version = xstrdup("1.2.0");
	status_versions(&s);
	ck_assert_str_eq(s.checks.v[0].status, RPC_STATUS_OK);
	s.daemon.version[0] = '2';
	status_versions(&s);
	ck_assert_str_eq(s.checks.v[1].status, RPC_STATUS_WARN);
	ck_assert_str_eq(s.checks.v[1].detail, "kuke is 1.2.0, the kukeond that runs 2.2.0");
	status_settle(&s);
	ck_assert(!s.ok);
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

static const struct {
	int64_t seconds;
	const char *text;
} durations[] = {
	{ 0, "0s" },	  { 59, "59s" },     { 60, "1m0s" },	    { 3599, "59m59s" },
	{ 3600, "1h0m" }, { 90061, "1d1h" }, { 8640000, "100d0h" },
};

START_TEST(duration)
{
	cleanup_buf struct buf out = BUF_INIT(64);

	status_duration(&out, durations[_i].seconds);
	ck_assert_str_eq(buf_str(&out), durations[_i].text);
}
END_TEST

/* What a daemon that runs has said. */
static void fill(struct rpc_status_result *s)
{
	struct rpc_status_kind *k;
	struct rpc_status_state *st;

	*s = (struct rpc_status_result){
		.client_version = xstrdup("0.1.0"),
		.daemon = { .state = xstrdup(RPC_STATUS_RUNNING),
			    .version = xstrdup("0.1.0"),
			    .pid = 812,
			    .started_at = { .sec = 1000, .set = true },
			    .uptime_seconds = 75,
			    .socket = xstrdup("unix:///run/k.sock") },
		.instance = { .run_path = xstrdup("/opt/kukeon"),
			      .namespace_suffix = xstrdup("kukeon.io"),
			      .cgroup_root = xstrdup("/kukeon"),
			      .cgroups = xstrdup("v2"),
			      .packet_filter = xstrdup("nftables") },
		.images = { .count = 1, .layers = 1, .bytes = 2048 },
	};
	k = vec_grow(&s->kinds.v, &s->kinds.n, sizeof(*k));
	k->kind = xstrdup("Cell");
	k->count = 3;
	st = vec_grow(&k->states.v, &k->states.n, sizeof(*st));
	*st = (struct rpc_status_state){ .state = xstrdup("Ready"), .count = 2 };
	st = vec_grow(&k->states.v, &k->states.n, sizeof(*st));
	*st = (struct rpc_status_state){ .state = xstrdup("Failed"), .count = 1 };
	k = vec_grow(&s->kinds.v, &s->kinds.n, sizeof(*k));
	k->kind = xstrdup("Container");
}

START_TEST(screen)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 16);
	struct rpc_status_result s;

	fill(&s);
	status_text(&out, &s);
	ck_assert_str_eq(buf_str(&out),
			 "kukeond    runs for 1m15s, pid 812, version 0.1.0, unix:///run/k.sock\n"
			 "kuke       version 0.1.0\n"
			 "instance   /opt/kukeon, suffix kukeon.io, cgroup root /kukeon (v2), "
			 "packet filter nftables\n"
			 "\n"
			 "KIND        COUNT  STATES           \n"
			 "----------  -----  -----------------\n"
			 "Cells       3      2 Ready, 1 Failed\n"
			 "Containers  0      -                \n"
			 "Images      1      1 layer, 2.0 KiB \n"
			 "\nAll is well.\n");
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

START_TEST(screen_without_daemon)
{
	struct rpc_status_result s = { .client_version = xstrdup("0.1.0"),
				       .daemon = { .state = xstrdup(RPC_STATUS_STOPPED),
						   .socket = xstrdup("unix:///s") } };
	cleanup_buf struct buf out = BUF_INIT(1 << 16);

	status_check(&s, "daemon", RPC_STATUS_FAIL, "kukeond", xstrdup("no\nway \033[2J"),
		     "start it");
	status_text(&out, &s);
	ck_assert_str_eq(buf_str(&out), "kukeond    does not run, unix:///s\n"
					"kuke       version 0.1.0\n"
					"\nFAIL  kukeond: no way \\x1b[2J\n"
					"      start it\n");
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

static size_t lines_with(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
		n++;
	return n;
}

START_TEST(screen_is_one)
{
	struct rpc_status_result s = { .client_version = xstrdup("0.1.0") };
	cleanup_buf struct buf out = BUF_INIT(1 << 16);

	for (int i = 0; i < STATUS_TROUBLES_MAX; i++)
		status_check(&s, "state", RPC_STATUS_WARN, "x", xstrdup("trouble"), NULL);
	status_check(&s, "state", RPC_STATUS_OK, "x", xstrdup("no trouble"), NULL);
	status_text(&out, &s);
	ck_assert_int_eq((int) lines_with(buf_str(&out), "trouble\n"), STATUS_TROUBLES_MAX);
	ck_assert_ptr_null(strstr(buf_str(&out), "more"));
	buf_cut(&out, 0);
	for (int i = 0; i < 3; i++)
		status_check(&s, "state", RPC_STATUS_FAIL, "x", xstrdup("trouble"), NULL);
	status_text(&out, &s);
	ck_assert_int_eq((int) lines_with(buf_str(&out), "trouble\n"), STATUS_TROUBLES_MAX);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "\n      and 3 more: kuke status -o json\n"));
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

START_TEST(json)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 16);
	struct rpc_status_result s;

	fill(&s);
	status_check(&s, "host", RPC_STATUS_OK, "names", xstrdup("fine"), NULL);
	status_settle(&s);
	model_emit_json(&out, &rpc_status_result_type, &s, 0);
	ck_assert_str_eq(
		buf_str(&out),
		"{\"ok\":true,\"clientVersion\":\"0.1.0\",\"daemon\":{\"state\":\"running\","
		"\"version\":\"0.1.0\",\"pid\":812,\"startedAt\":\"1970-01-01T00:16:40Z\","
		"\"uptimeSeconds\":75,\"socket\":\"unix:///run/k.sock\"},\"instance\":{"
		"\"runPath\":\"/opt/kukeon\",\"runtimeDir\":\"\",\"namespaceSuffix\":\"kukeon.io\","
		"\"cgroupRoot\":\"/kukeon\",\"cgroups\":\"v2\",\"packetFilter\":\"nftables\"},"
		"\"kinds\":[{\"kind\":\"Cell\",\"count\":3,\"states\":[{\"state\":\"Ready\","
		"\"count\":2},{\"state\":\"Failed\",\"count\":1}]},{\"kind\":\"Container\","
		"\"count\":0,\"states\":[]}],\"images\":{\"count\":1,\"layers\":1,\"bytes\":2048},"
		"\"names\":{\"needed\":false,\"spaces\":0,\"restarts\":0},\"disks\":[],"
		"\"checks\":[{\"section\":\"host\",\"name\":\"names\",\"status\":\"OK\","
		"\"detail\":\"fine\",\"remediation\":\"\"}]}");
	model_clear(&rpc_status_result_type, &s);
}
END_TEST

static Suite *test_status_view(void)
{
	Suite *suite = suite_create("status_view");
	TCase *t = tcase_create("status_view");

	tcase_add_loop_test(t, disk, 0, (int) ARRAY_SIZE(disks));
	tcase_add_test(t, no_disk);
	tcase_add_test(t, versions);
	tcase_add_loop_test(t, duration, 0, (int) ARRAY_SIZE(durations));
	tcase_add_test(t, screen);
	tcase_add_test(t, screen_without_daemon);
	tcase_add_test(t, screen_is_one);
	tcase_add_test(t, json);
	suite_add_tcase(suite, t);
	return suite;
}

UNIT_MAIN(test_status_view);
