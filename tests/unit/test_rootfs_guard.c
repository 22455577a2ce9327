/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "mount_plan.h"
#include "path.h"
#include "rootfs_guard.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* A root with links that lead out, in circles, and to places that others use. */
static void fill(const struct tempdir *t)
{
	static const struct {
		const char *name;
		const char *to;
	} links[] = {
		{ "root/out", "../../../../../../../../../../tmp" },
		{ "root/abs", "/deep" },
		{ "root/chain", "abs/x" },
		{ "root/loop", "loop2" },
		{ "root/loop2", "/loop" },
		{ "root/kernel", "/proc/self" },
		{ "root/up", ".." },
		{ "root/device", "dev" },
		{ "root/var/run", "/run" },
		{ "root/etc/hosts", "../../../etc/passwd" },
	};
	size_t i;

	ck_assert_int_eq(mkdirat(t->fd, "root", 0755), 0);
	ck_assert_int_eq(mkdirat(t->fd, "root/var", 0755), 0);
	ck_assert_int_eq(mkdirat(t->fd, "root/etc", 0755), 0);
	ck_assert_int_eq(mkdirat(t->fd, "root/deep", 0700), 0);
	ck_assert_int_eq(mknodat(t->fd, "root/file", S_IFREG | 0644, 0), 0);
	for (i = 0; i < ARRAY_SIZE(links); i++)
		ck_assert_int_eq(symlinkat(links[i].to, t->fd, links[i].name), 0);
}

static int open_root(const struct tempdir *t)
{
	int fd = openat(t->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static const struct {
	const char *path;
	enum guard_flags flags;
	int want;
	const char *to; /* or what the refusal says */
} places[] = {
	{ "/deep", 0, 0, "/deep" },
	{ "/new/a/b", 0, 0, "/new/a/b" },
	{ "/new/file", GUARD_FILE, 0, "/new/file" },
	{ "/out", 0, 0, "/tmp" },
	{ "/out/a", 0, 0, "/tmp/a" },
	{ "/abs/x", 0, 0, "/deep/x" },
	{ "/chain/y", 0, 0, "/deep/x/y" },
	{ "/up/up/deep", 0, 0, "/deep" },
	{ "/var/run/socket", GUARD_FILE, 0, "/run/socket" },
	{ "/covered/a/b", 0, 0, "/covered/a/b" },
	{ "/loop", 0, -ELOOP, "is a link that leads through too many links" },
	{ "/loop/x", 0, -ELOOP, "'/loop/x' leads to '/loop" },
	{ "/kernel", 0, -EINVAL,
	  "'/kernel' leads to '/proc' in the container's root, which is in" },
	{ "/device", 0, -EINVAL, "'/device' leads to '/dev'" },
	{ "/up", 0, -EINVAL, "'/up' leads to '/'" },
	{ "/file", 0, -ENOTDIR, "'/file' in the container's root is a file, and a directory is" },
	{ "/file/x", 0, -ENOTDIR,
	  "'/file/x' leads to '/file' in the container's root, which is a" },
	{ "/deep", GUARD_FILE, -EISDIR, "'/deep' in the container's root is a directory, and a" },
	{ "/file/x", GUARD_REPLACE, 0, "/file/x" },
	{ "/file", GUARD_FILE, 0, "/file" },
	{ "/etc/hosts", GUARD_FILE | GUARD_NO_LINK, 0, "/etc/hosts" },
	{ "/etc/hosts", GUARD_FILE, 0, "/etc/passwd" },
};

START_TEST(resolve)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_strlist struct strlist covered = { 0 };
	cleanup_free char *got = NULL;
	cleanup_fd int root = -EBADF;
	struct kerr err = { 0 };
	struct stat st;
	int r;

	fill(&t);
	strlist_add(&covered, "/covered");
	root = open_root(&t);
	r = guard_resolve(root, places[_i].path, &covered, places[_i].flags, &got, &err);
	ck_assert_msg(r == places[_i].want, "%d: %s", r, err.msg);
	if (r < 0) {
		ck_assert_msg(strstr(err.msg, places[_i].to) != NULL, "%s", err.msg);
		return;
	}
	ck_assert_str_eq(got, places[_i].to);
	if (str_has_prefix(got, "/covered")) {
		ck_assert_int_lt(fstatat(root, "covered", &st, 0), 0);
		return;
	}
	ck_assert_int_eq(fstatat(root, got + 1, &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(places[_i].flags & GUARD_FILE ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode));
}
END_TEST

START_TEST(top_dir)
{
	static const char *const names[] = { "out", "loop", "file", "deep", "absent" };
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_fd int root = -EBADF;
	struct stat st;
	size_t i;

	fill(&t);
	root = open_root(&t);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(guard_top_dir(root, names[i], 0751, NULL), 0);
		ck_assert_int_eq(fstatat(root, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		ck_assert_int_eq(st.st_mode, S_IFDIR | 0751);
	}
}
END_TEST

START_TEST(follow)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	static const struct strlist none = { 0 };
	cleanup_free char *got = NULL;
	cleanup_fd int root = -EBADF;
	struct stat st;

	fill(&t);
	root = open_root(&t);
	ck_assert_int_eq(guard_follow(root, "/kernel/fd/7", &none, &got, NULL), 0);
	ck_assert_str_eq(got, "/proc/self/fd/7");
	ck_assert_int_lt(fstatat(root, "proc", &st, 0), 0); /* nothing was made */
	free_p(&got);
	ck_assert_int_eq(guard_follow(root, "/file/x", &none, &got, NULL), 0);
	ck_assert_int_eq(guard_follow(root, "/loop", &none, NULL, NULL), -ELOOP);
}
END_TEST

START_TEST(below)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_fd int root = -EBADF, at = -EBADF;
	struct kerr err = { 0 };

	fill(&t);
	root = open_root(&t);
	at = guard_below(root, "/deep/a/b", 0, "volume \"/v\"", &err);
	ck_assert_int_ge(at, 0);
	ck_assert_int_eq(faccessat(root, "deep/a/b", F_OK, 0), 0);
	ck_assert_int_eq(guard_below(root, "/out/a", 0, "volume \"/v\"", &err), -ELOOP);
	ck_assert_str_eq(err.msg, "'out' in volume \"/v\" is a symbolic link: nothing can be "
				  "mounted there");
	ck_assert_int_eq(guard_below(root, "/abs", 0, "v", &err), -ELOOP);
	ck_assert_int_eq(guard_below(root, "/file/x", 0, "v", &err), -ENOTDIR);
	ck_assert_int_eq(guard_below(root, "/deep", GUARD_FILE, "v", &err), -EISDIR);
}
END_TEST

/* ---- the plan ---- */

#define S(text) ((char *) (uintptr_t) (text))

/* What is mounted where and in what, as one line. */
static char *told(const struct mount_plan *p)
{
	struct buf b = BUF_INIT(1 << 16);
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct mount_entry *e = &p->v[i];

		if (e->skip)
			continue;
		buf_addf(&b, "%s%s%s", b.len > 0 ? " " : "", e->target, e->composed ? "*" : "");
		if (e->parent != MOUNT_PLAN_NONE)
			buf_addf(&b, "<%s", p->v[e->parent].target);
	}
	return buf_take(&b);
}

static int plan_of(const struct container_spec *c, const struct tempdir *t, struct mount_plan *ret,
		   struct kerr *err)
{
	struct spec_input in = { .c = c, .hosts = "/src/hosts" };
	cleanup_fd int root = open_root(t);
	int r = mount_plan_make(&in, "/m", ret, err);

	return r < 0 ? r : mount_plan_prepare(ret, root, err);
}

START_TEST(parents_first)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_mount_plan struct mount_plan p = { 0 };
	cleanup_free char *got = NULL;
	struct volume_mount volumes[] = {
		{ .source = S("/tmp"), .target = S("/vol/a/b") },
		{ .source = S("/tmp"), .target = S("/vol") },
		{ .source = S("/tmp"), .target = S("/alone/") },
		{ .source = S("/etc/passwd"), .target = S("/var/run/socket") },
		{ .kind = S("tmpfs"), .target = S("/vol/a") },
		{ .kind = S("tmpfs"), .target = S("/dev/shm") },
		{ .source = S("/etc/passwd"), .target = S("/dev/shm/x") },
		{ .source = S("/dev/null"), .target = S("/dev/kvm") },
	};
	struct container_tmpfs tmpfs[] = { { .path = S("/etc") } };
	struct container_spec c = { .id = S("c"),
				    .volumes = { volumes, ARRAY_SIZE(volumes) },
				    .tmpfs = { tmpfs, 1 } };
	struct kerr err = { 0 };

	fill(&t);
	ck_assert_msg(plan_of(&c, &t, &p, &err) == 0, "%s", err.msg);
	got = told(&p);
	ck_assert_str_eq(got, "/alone* /dev/kvm* /dev/shm* /dev/shm/x</dev/shm /etc* "
			      "/etc/hosts</etc /run* /run/socket</run /vol* /vol/a</vol "
			      "/vol/a/b</vol/a");
}
END_TEST

/* The terminal's places are no volume's, and a volume around them has them inside. */
START_TEST(terminal)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_mount_plan struct mount_plan p = { 0 };
	cleanup_free char *got = NULL;
	struct spec_tty tty = { S("/bin/true"), S("/tmp"), S("/etc/passwd") };
	struct volume_mount run[] = { { .source = S("/tmp"), .target = S("/run") } };
	struct volume_mount same[] = { { .source = S("/tmp"), .target = S("/run/kukeon/tty") } };
	struct container_spec c = { .id = S("c"), .volumes = { run, 1 }, .attachable = true };
	struct spec_input in = { .c = &c, .tty = &tty };
	cleanup_fd int root = -EBADF;
	struct kerr err = { 0 };

	fill(&t);
	root = open_root(&t);
	ck_assert_int_eq(mount_plan_make(&in, "/m", &p, &err), 0);
	ck_assert_msg(mount_plan_prepare(&p, root, &err) == 0, "%s", err.msg);
	got = told(&p);
	ck_assert_str_eq(got, "/.kukeon/bin/kuketty* /.kukeon/kuketty/metadata.json* /run* "
			      "/run/kukeon/tty</run");
	mount_plan_clear(&p);
	c.volumes.v = same;
	ck_assert_int_eq(mount_plan_make(&in, "/m", &p, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "the terminal's \"/run/kukeon/tty\""));
}
END_TEST

START_TEST(led_elsewhere)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_mount_plan struct mount_plan p = { 0 };
	struct volume_mount two[] = { { .source = S("/tmp"), .target = S("/abs/v") },
				      { .source = S("/tmp"), .target = S("/deep/v") } };
	struct volume_mount run[] = { { .source = S("/tmp"), .target = S("/var/run") } };
	struct volume_mount file[] = { { .source = S("/etc/passwd"), .target = S("/p") },
				       { .source = S("/tmp"), .target = S("/p/x") } };
	struct container_spec c = { .id = S("c"), .volumes = { two, 2 } };
	struct kerr err = { 0 };

	fill(&t);
	ck_assert_int_eq(plan_of(&c, &t, &p, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "volume \"/abs/v\" and volume \"/deep/v\" resolve to the same "
				  "target '/deep/v'");
	mount_plan_clear(&p);
	c.volumes.v = file;
	ck_assert_int_eq(plan_of(&c, &t, &p, &err), -ENOTDIR);
	mount_plan_clear(&p);
	/* Ours gives way. */
	c.volumes.v = run;
	c.volumes.n = 1;
	ck_assert_msg(plan_of(&c, &t, &p, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(mount_plan_at(&p, "/run")->what, "volume \"/var/run\"");
}
END_TEST

static Suite *test_rootfs_guard(void)
{
	Suite *s = suite_create("rootfs_guard");
	TCase *c = tcase_create("rootfs_guard");

	tcase_add_loop_test(c, resolve, 0, ARRAY_SIZE(places));
	tcase_add_test(c, top_dir);
	tcase_add_test(c, follow);
	tcase_add_test(c, below);
	tcase_add_test(c, parents_first);
	tcase_add_test(c, terminal);
	tcase_add_test(c, led_elsewhere);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_rootfs_guard);
