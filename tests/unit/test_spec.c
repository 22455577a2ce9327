/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "mount_plan.h"
#include "spec.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

#define S(text) ((char *) (uintptr_t) (text))
#define LIST(...)                                                                 \
	{                                                                         \
		(char **) (void *) (const char *[]){ __VA_ARGS__, NULL },         \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
	}

static char *joined(const struct strlist *l)
{
	struct buf b = BUF_INIT(1 << 20);
	size_t i;

	buf_adds(&b, "");
	for (i = 0; i < l->n; i++)
		buf_addf(&b, i == 0 ? "%s" : "|%s", l->v[i]);
	return buf_take(&b);
}

/* ---- argv ---- */

static const struct args_row {
	const char *command;
	struct strlist args, entrypoint, cmd;
	enum spec_flags flags;
	const char *want; /* NULL: nothing to run */
} args_rows[] = {
	{ NULL, { 0 }, LIST("e"), LIST("c"), 0, "e|c" },
	{ "x", { 0 }, LIST("e"), LIST("c"), 0, "x" },
	{ "x", LIST("1", "2"), LIST("e"), LIST("c"), 0, "x|1|2" },
	{ "", LIST("1"), LIST("e", "f"), LIST("c"), 0, "e|f|1" },
	{ NULL, LIST("1"), { 0 }, LIST("c"), 0, "1" },
	{ NULL, { 0 }, { 0 }, LIST("c", "d"), 0, "c|d" },
	{ NULL, { 0 }, LIST("e"), { 0 }, SPEC_ROOT, "e" },
	{ NULL, { 0 }, { 0 }, { 0 }, SPEC_ROOT, "sleep|infinity" },
	{ "x", { 0 }, { 0 }, { 0 }, SPEC_ROOT, "x" },
	{ NULL, { 0 }, { 0 }, { 0 }, 0, NULL },
	{ NULL, LIST(""), { 0 }, { 0 }, 0, NULL },
	{ "a b", LIST("$x", ""), { 0 }, { 0 }, 0, "a b|$x|" },
};

START_TEST(args)
{
	const struct args_row *row = &args_rows[_i];
	struct image_config image = { .entrypoint = row->entrypoint, .cmd = row->cmd };
	struct container_spec c = { .id = S("c"), .command = S(row->command), .args = row->args };
	struct spec_input in = { .c = &c, .image = &image, .flags = row->flags };
	cleanup_strlist struct strlist got = { 0 };
	cleanup_free char *text = NULL;
	struct kerr err = { 0 };
	int r;

	r = spec_args(&in, &got, &err);
	if (row->want == NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, "has nothing to run"));
		return;
	}
	ck_assert_msg(r == 0, "%s", err.msg);
	text = joined(&got);
	ck_assert_str_eq(text, row->want);
}
END_TEST

START_TEST(args_too_long)
{
	cleanup_free char *big = xmalloc(SPEC_ARGS_MAX + 1);
	struct container_spec c = { .id = S("c"), .command = big };
	struct spec_input in = { .c = &c };
	cleanup_strlist struct strlist got = { 0 };

	memset(big, 'x', SPEC_ARGS_MAX);
	big[SPEC_ARGS_MAX] = '\0';
	ck_assert_int_eq(spec_args(&in, &got, NULL), -E2BIG);
}
END_TEST

/* ---- environment ---- */

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const struct env_row {
	struct strlist image, user;
	const char *want;
} env_rows[] = {
	{ { 0 }, { 0 }, DEFAULT_PATH },
	{ LIST("A=1"), { 0 }, DEFAULT_PATH "|A=1" },
	{ LIST("A=1", "PATH=/go/bin"), { 0 }, "PATH=/go/bin|A=1" },
	{ LIST("PATH=/go/bin"), LIST("PATH=/mine"), "PATH=/mine" },
	{ LIST("PATH=/go/bin"), LIST("PATH"), "" },
	{ LIST("A=1", "B=2"), LIST("C=3", "A=4"), DEFAULT_PATH "|A=4|B=2|C=3" },
	{ LIST("A=1", "A=2"), { 0 }, DEFAULT_PATH "|A=2" },
	{ { 0 }, LIST("A=1", "B=1", "A=2"), DEFAULT_PATH "|A=2|B=1" },
	{ LIST("A=1"), LIST("A"), DEFAULT_PATH },
	{ { 0 }, LIST("A=1", "A", "A=3"), DEFAULT_PATH "|A=3" },
	{ { 0 }, LIST("A", "AB=1", "A=x=y"), DEFAULT_PATH "|AB=1|A=x=y" },
	{ { 0 }, LIST("E="), DEFAULT_PATH "|E=" },
	{ LIST("=x", "", "A=1"), LIST("=y"), DEFAULT_PATH "|A=1" },
};

START_TEST(env)
{
	const struct env_row *row = &env_rows[_i];
	struct image_config image = { .env = row->image };
	struct container_spec c = { .env = row->user };
	struct spec_input in = { .c = &c, .image = &image };
	cleanup_strlist struct strlist got = { 0 };
	cleanup_free char *text = NULL;

	ck_assert_int_eq(spec_env(&in, &got, NULL), 0);
	text = joined(&got);
	ck_assert_str_eq(text, row->want);
}
END_TEST

START_TEST(env_identity_and_secrets)
{
	const struct spec_secret secrets[] = {
		{ .name = "TOKEN", .value = "t\n" },
		{ .name = "FILE", .file = "/x", .mount_path = "/y" },
	};
	struct cell_doc cell = { .head.metadata.name = S("web") };
	struct container_spec c = {
		.id = S("c1"),
		.realm_id = S("r"),
		.space_id = S("s"),
		.stack_id = S("t"),
		.env = LIST("A=1", "KUKEON_REALM=mine", "KUKEON_STACK"),
	};
	struct spec_input in = {
		.cell = &cell,
		.c = &c,
		.profile = "p",
		.cell_cgroup = "/kukeon/r/s/t/web",
		.secrets = secrets,
		.n_secrets = 2,
	};
	cleanup_strlist struct strlist got = { 0 };
	cleanup_free char *text = NULL;

	ck_assert_int_eq(spec_env(&in, &got, NULL), 0);
	text = joined(&got);
	ck_assert_str_eq(text, DEFAULT_PATH
			 "|KUKEON_CELL_PROFILE_NAME=p|KUKEON_CELL_NAME=web|KUKEON_CONTAINER_ID=c1"
			 "|KUKEON_SPACE=s|KUKEON_CGROUP_PATH=/kukeon/r/s/t/web"
			 "|A=1|KUKEON_REALM=mine|TOKEN=t\n");
}
END_TEST

/* ---- the whole ---- */

static void put(const struct tempdir *t, const char *path, const char *text)
{
	cleanup_fd int fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static char *replaced(const char *text, const char *what, const char *by)
{
	struct buf b = BUF_INIT(1 << 20);
	const char *p;

	for (; (p = strstr(text, what)) != NULL; text = p + strlen(what)) {
		buf_add(&b, text, (size_t) (p - text));
		buf_adds(&b, by);
	}
	buf_adds(&b, text);
	return buf_take(&b);
}

/* The spec with the container's own mounts, none of which is looked up anywhere. */
static int build_all(const struct spec_input *in, struct buf *json, struct kerr *err)
{
	cleanup_mount_plan struct mount_plan plan = { 0 };
	struct spec_input all = *in;
	int r = mount_plan_make(in, "/start/mounts", &plan, err);

	all.mounts = &plan;
	return r < 0 ? r : spec_build(&all, json, NULL, err);
}

static void expect_golden(const struct spec_input *in, const char *name)
{
	cleanup_free char *path = path_join(TEST_SRCDIR, "data/spec", name, NULL);
	cleanup_buf struct buf golden = BUF_INIT(1 << 20);
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	cleanup_free char *got = NULL;
	struct kerr err = { 0 };

	ck_assert_msg(build_all(in, &json, &err) == 0, "%s", err.msg);
	got = replaced(buf_str(&json), in->rootfs, "@ROOT@");
	(void) file_read_at(AT_FDCWD, path, 1 << 20, &golden, NULL);
	while (golden.len > 0 && golden.data[golden.len - 1] == '\n')
		golden.data[--golden.len] = '\0';
	ck_assert_msg(streq(buf_str(&golden), got), "%s is not:\n%s", path, got);
}

START_TEST(plain)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct container_spec c = { .id = S("c"), .command = S("/bin/true") };
	struct spec_input in = {
		.c = &c,
		.rootfs = t.path,
		.cell_cgroup = "/k/cell",
		.cgroups_path = "/k/cell/c",
	};

	expect_golden(&in, "plain.json");
}
END_TEST

START_TEST(everything)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct image_config image = {
		.env = LIST("PATH=/go/bin", "I=1"),
		.entrypoint = LIST("/entry"),
		.user = S("bob"),
		.working_dir = S("work/../dir"),
	};
	struct volume_mount volumes[] = {
		{ .source = S("/etc/passwd"), .target = S("/etc/resolv.conf"), .read_only = true },
		{ .kind = S("tmpfs"), .target = S("/scratch/"), .size_bytes = 4096, .mode = 01777 },
		{ .kind = S("bind"), .source = S("/tmp"), .target = S("//host//tmp") },
	};
	struct container_tmpfs tmpfs[] = {
		{ .path = S("/t"), .size_bytes = 10, .options = LIST("noexec") }
	};
	struct container_capabilities caps = { .drop = LIST("ALL"),
					       .add = LIST("chown", "CAP_KILL") };
	struct container_resources resources = {
		.memory_limit_bytes = { true, 1048576 },
		.cpu_shares = { true, 512 },
		.pids_limit = { true, 0 },
	};
	struct cell_doc cell = { .head.metadata.name = S("web") };
	struct container_spec c = {
		.id = S("c"),
		.args = LIST("a\"b"),
		.host_pid = true,
		.host_cgroup = true,
		.read_only_root_filesystem = true,
		.capabilities = &caps,
		.resources = &resources,
	};
	struct spec_input in = {
		.cell = &cell,
		.c = &c,
		.image = &image,
		.rootfs = t.path,
		.netns = "/pin/net",
		.ipcns = "/pin/ipc",
		.utsns = "/pin/uts",
		.hosts = "/src/hosts",
		.hostname = "/src/hostname",
		.resolv = "/src/resolv",
		.cell_cgroup = "/k/cell",
		.cgroups_path = "/k/cell/c",
	};

	c.volumes.v = volumes;
	c.volumes.n = ARRAY_SIZE(volumes);
	c.tmpfs.v = tmpfs;
	c.tmpfs.n = 1;
	ck_assert_int_eq(mkdirat(t.fd, "etc", 0755), 0);
	put(&t, "etc/passwd", "bob:x:1000:100::/:\n");
	put(&t, "etc/group", "grp:x:200:bob\n");
	expect_golden(&in, "everything.json");
}
END_TEST

/* Where a change of one field must show, and how. */
static struct buf build(const struct container_spec *c, enum spec_flags flags, int want,
			struct kerr *err)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct spec_input in = { .c = c, .rootfs = t.path, .cgroups_path = "/x", .flags = flags };
	struct buf json = BUF_INIT(SPEC_MAX);

	ck_assert_int_eq(build_all(&in, &json, err), want);
	return json;
}

START_TEST(host_network)
{
	struct container_spec c = { .id = S("c"), .command = S("x") };
	struct buf with = build(&c, 0, 0, NULL);
	struct buf without = build(&c, SPEC_HOST_NETWORK, 0, NULL);

	ck_assert_ptr_nonnull(strstr(buf_str(&with), "{\"type\":\"network\"}"));
	ck_assert_ptr_null(strstr(buf_str(&without), "network"));
	buf_clear(&with);
	buf_clear(&without);
}
END_TEST

static bool says(const struct buf *json, const char *text)
{
	return strstr(buf_str(json), text) != NULL;
}

/* What is added, for a user that would lose it by its exec. */
START_TEST(ambient)
{
	struct container_capabilities caps = { .add = LIST("net_bind_service", "sys_time"),
					       .drop = LIST("chown") };
	struct container_spec c = { .id = S("c"), .command = S("x"), .capabilities = &caps };
	struct buf json = build(&c, 0, 0, NULL);

	ck_assert(!says(&json, "ambient") && !says(&json, "inheritable"));
	buf_clear(&json);
	c.user = S("1000:1000");
	json = build(&c, 0, 0, NULL);
	ck_assert(says(&json, "\"inheritable\":[\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_TIME\"]"));
	ck_assert(says(&json, "\"ambient\":[\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_TIME\"]"));
	buf_clear(&json);
	caps.add.n = 0;
	json = build(&c, 0, 0, NULL);
	ck_assert(!says(&json, "ambient") && !says(&json, "inheritable"));
	buf_clear(&json);
	c.capabilities = NULL;
	c.privileged = true;
	json = build(&c, 0, 0, NULL);
	ck_assert(!says(&json, "ambient") && !says(&json, "inheritable"));
	buf_clear(&json);
}
END_TEST

/* kuketty runs the workload, and has nothing else of it. */
START_TEST(with_a_terminal)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct spec_tty tty = { S("/usr/kuketty"), S("/data/tty"), S("/data/config") };
	struct container_spec c = { .id = S("c"), .attachable = true };
	struct spec_input in = { .c = &c, .rootfs = t.path, .cgroups_path = "/x", .tty = &tty };
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	cleanup_strlist struct strlist got = { 0 };
	struct kerr err = { 0 };

	ck_assert_msg(build_all(&in, &json, &err) == 0, "%s", err.msg);
	ck_assert(says(&json, "\"args\":[\"/.kukeon/bin/kuketty\"],"));
	ck_assert(says(&json, "\"terminal\":false"));
	ck_assert(says(&json, "{\"destination\":\"/run/kukeon/tty\",\"type\":\"bind\","));
	ck_assert(says(&json, "{\"destination\":\"/.kukeon/bin/kuketty\",\"type\":\"bind\","));
	ck_assert(says(&json, "{\"destination\":\"/.kukeon/kuketty/metadata.json\","));
	ck_assert_int_eq(spec_args(&in, &got, NULL), 0);
	ck_assert(got.n == 2 && streq(got.v[0], "/bin/bash") && streq(got.v[1], "-i"));
	c.command = S("top");
	ck_assert_int_eq(spec_args(&in, &got, NULL), 0);
	ck_assert(got.n == 1 && streq(got.v[0], "top"));
}
END_TEST

static void expect_files(int64_t max, const char *limits)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct container_spec c = { .id = S("c"), .command = S("x") };
	struct spec_input in = {
		.c = &c, .rootfs = t.path, .cgroups_path = "/x", .files_max = max
	};
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);

	ck_assert_int_eq(build_all(&in, &json, NULL), 0);
	ck_assert(says(&json, limits));
}

/* The convention, or as much of it as the host allows. */
START_TEST(open_files)
{
	expect_files(0, "\"hard\":524288,\"soft\":1024");
	expect_files(1 << 30, "\"hard\":524288,\"soft\":1024");
	expect_files(20000, "\"hard\":20000,\"soft\":1024");
	expect_files(64, "\"hard\":64,\"soft\":64");
}
END_TEST

/* All the host has, and nothing of it hidden. */
START_TEST(privileged)
{
	struct container_capabilities caps = { .drop = LIST("sys_module") };
	struct container_spec c = {
		.id = S("c"), .command = S("x"), .privileged = true, .capabilities = &caps
	};
	struct buf json = build(&c, 0, 0, NULL);

	ck_assert(says(&json, "\"allow\":true,\"access\":\"rwm\""));
	ck_assert(says(&json, "{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,"
			      "\"fileMode\":438,\"uid\":0,\"gid\":0}"));
	ck_assert(!says(&json, "\"/dev/ptmx\""));
	ck_assert(!says(&json, "maskedPaths"));
	ck_assert(!says(&json, "readonlyPaths"));
	ck_assert(says(&json, "\"source\":\"sysfs\",\"options\":[\"nosuid\",\"noexec\","
			      "\"nodev\",\"rw\"]"));
	ck_assert(says(&json, "CAP_SYS_ADMIN"));
	ck_assert(!says(&json, "CAP_SYS_MODULE"));
	ck_assert(says(&json, "\"noNewPrivileges\":true"));
	buf_clear(&json);
	c.capabilities = NULL;
	json = build(&c, 0, 0, NULL);
	ck_assert(says(&json, "CAP_SYS_ADMIN"));
	buf_clear(&json);
}
END_TEST

START_TEST(security_opts)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = xasprintf("SecComp:%s/p.json", t.path);
	struct container_spec c = { .id = S("c"), .command = S("x") };
	struct strlist opts =
		LIST("no-new-privileges=1", file, "no-new-privileges:F", "apparmor=unconfined");
	struct buf json;

	put(&t, "p.json",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":["
	    "{\"names\":[\"a\",\"b\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0,\"includes\":{},"
	    "\"args\":[{\"index\":1,\"value\":18446744073709551615,\"valueTwo\":2,"
	    "\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");
	c.security_opts = opts;
	json = build(&c, 0, 0, NULL);
	ck_assert(says(&json, "\"noNewPrivileges\":false"));
	ck_assert(!says(&json, "apparmorProfile") || access("/sys/module/apparmor", F_OK) == 0);
	ck_assert(says(&json,
		       "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":["
		       "\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"a\",\"b\"],\"action\":"
		       "\"SCMP_ACT_ERRNO\",\"errnoRet\":0,\"args\":[{\"index\":1,\"value\":"
		       "18446744073709551615,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}"));
	buf_clear(&json);
}
END_TEST

START_TEST(payload_hook)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	struct cell_doc cell = { .head.metadata.name = S("x"), .spec.nested_cgroup_runtime = true };
	struct container_spec c = { .id = S("c"), .command = S("x") };
	struct spec_input in = { .cell = &cell,
				 .c = &c,
				 .rootfs = t.path,
				 .cgroups_path = "/x",
				 .payload = "/sys/fs/cgroup/x",
				 .payload_program = "/lib/kukeshim" };

	ck_assert_int_eq(spec_build(&in, &json, NULL, NULL), 0);
	ck_assert(says(&json, "\"hooks\":{\"createRuntime\":[{\"path\":\"/lib/kukeshim\",\"args\":["
			      "\"kukeshim\",\"--protocol=2\",\"--payload=/sys/fs/cgroup/x\"]}]}"));
	ck_assert(says(&json, "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":"
			      "\"cgroup\",\"options\":[\"rw\","));
}
END_TEST

/* The built-in profile: where the server says so and nobody is given more. */
static const struct seccomp_row {
	const char *opt;
	bool server, privileged, nested, want;
} seccomp_rows[] = {
	{ NULL, false, false, false, false },
	{ NULL, true, false, false, true },
	{ NULL, true, true, false, false },
	{ NULL, true, false, true, false },
	{ "seccomp=unconfined", true, false, false, false },
	{ "seccomp=default", false, false, false, true },
	{ "seccomp=default", true, true, false, true },
	{ "no-new-privileges", true, false, false, true },
};

START_TEST(seccomp)
{
	const struct seccomp_row *row = &seccomp_rows[_i];
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	cleanup_spec_result struct spec_result result = { 0 };
	struct cell_doc cell = { .head.metadata.name = S("x"),
				 .spec.nested_cgroup_runtime = row->nested };
	struct container_spec c = { .id = S("c"),
				    .command = S("x"),
				    .privileged = row->privileged };
	struct spec_input in = { .cell = &cell,
				 .c = &c,
				 .rootfs = t.path,
				 .cgroups_path = "/x",
				 .flags = row->server ? SPEC_SECCOMP : 0 };

	c.security_opts.v = (char *[]){ S(row->opt), NULL };
	c.security_opts.n = row->opt != NULL;
	ck_assert_int_eq(spec_build(&in, &json, &result, NULL), 0);
	ck_assert_int_eq(says(&json, "\"defaultErrnoRet\":38"), row->want);
	ck_assert_int_eq(result.seccomp != NULL, row->want);
}
END_TEST

static const struct refusal {
	struct container_spec c;
	int want;
	const char *says;
} refusals[] = {
	{ { .security_opts = LIST("x") }, -EINVAL, "unsupported securityOpt \"x\"" },
	{ { .security_opts = LIST("seccomp=/no/such/file") },
	  -EINVAL,
	  "seccomp profile does not exist on the host ('/no/such/file')" },
	{ { .security_opts = LIST("seccomp=/etc") }, -EBADF, "seccomp profile '/etc'" },
	{ { .user = S("nobody") }, -EINVAL, "no such user" },
	{ { .user = S("4294967296") }, -EINVAL, "out of range" },
	{ { .working_dir = S("/proc/self/fd/7") }, -EINVAL, "bad working directory" },
	{ { .working_dir = S("/x/../proc/1/fd") }, -EINVAL, "bad working directory" },
	{ { .capabilities = &(struct container_capabilities){ .add = LIST("CAP_NONE") } },
	  -EINVAL,
	  "unknown capability \"CAP_NONE\"" },
	{ { .volumes = { (struct volume_mount[]){ { .source = S("/tmp"), .target = S("/proc/x") } },
			 1 } },
	  -EINVAL,
	  "volume target is not allowed (volume[0] target \"/proc/x\")" },
	{ { .volumes = { (struct volume_mount[]){ { .source = S("/tmp"), .target = S("/a/..//") } },
			 1 } },
	  -EINVAL,
	  "volume target is not allowed" },
	{ { .volumes = { (struct volume_mount[]){
				 { .source = S("/no/such/thing"), .target = S("/a") } },
			 1 } },
	  -EINVAL,
	  "volume source does not exist on the host (volume[0] source \"/no/such/thing\")" },
};

START_TEST(refused)
{
	struct container_spec c = refusals[_i].c;
	struct kerr err = { 0 };
	struct buf json;

	c.id = S("c");
	c.command = S("x");
	json = build(&c, 0, refusals[_i].want, &err);
	ck_assert_msg(strstr(err.msg, refusals[_i].says) != NULL, "%s", err.msg);
	buf_clear(&json);
}
END_TEST

static Suite *test_spec(void)
{
	Suite *s = suite_create("spec");
	TCase *c = tcase_create("spec");

	tcase_add_loop_test(c, args, 0, ARRAY_SIZE(args_rows));
	tcase_add_test(c, args_too_long);
	tcase_add_test(c, with_a_terminal);
	tcase_add_loop_test(c, env, 0, ARRAY_SIZE(env_rows));
	tcase_add_test(c, env_identity_and_secrets);
	tcase_add_test(c, plain);
	tcase_add_test(c, everything);
	tcase_add_test(c, host_network);
	tcase_add_test(c, ambient);
	tcase_add_test(c, open_files);
	tcase_add_test(c, privileged);
	tcase_add_test(c, security_opts);
	tcase_add_test(c, payload_hook);
	tcase_add_loop_test(c, seccomp, 0, ARRAY_SIZE(seccomp_rows));
	tcase_add_loop_test(c, refused, 0, ARRAY_SIZE(refusals));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_spec);
