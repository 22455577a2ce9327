/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup_host.h"
#include "cgroup_v1.h"
#include "fd.h"
#include "mem.h"
#include "path.h"

#define CPUSET_TEXT_MAX ((size_t) 64 << 10)

static bool is_blank(const char *s)
{
	return s[strspn(s, " \n")] == '\0';
}

/*
 * If a cpuset file is empty, copy the value from the parent group. 1 copied, 0 it was
 * not empty, -ENODATA if the parent's is empty too.
 */
static int cpuset_inherit(const char *dir, const char *file)
{
	cleanup_buf struct buf own = BUF_INIT(CPUSET_TEXT_MAX);
	cleanup_buf struct buf above = BUF_INIT(CPUSET_TEXT_MAX);
	cleanup_free char *path = NULL, *above_path = NULL;
	int r;

	path = path_join(dir, file, NULL);
	r = sys_read(AT_FDCWD, path, &own);
	if (r < 0)
		return r;
	if (!is_blank(buf_str(&own)))
		return 0;
	above_path = path_join(dir, "..", file, NULL);
	r = sys_read(AT_FDCWD, above_path, &above);
	if (r < 0)
		return r;
	if (is_blank(buf_str(&above)))
		return -ENODATA;
	r = sys_write(AT_FDCWD, path, buf_str(&above));
	return r < 0 ? r : 1;
}

/*
 * What a group is given here, those below it then have from the beginning. Each write to a
 * cpuset makes the kernel look at all cpusets of the host, and runc would write as well.
 */
static void cpuset_pass_on(const char *dir)
{
	cleanup_free char *path = path_join(dir, "cgroup.clone_children", NULL);

	(void) sys_write(AT_FDCWD, path, "1"); /* without it, they are filled one by one */
}

static int cpuset_fill(const char *dir, struct kerr *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	int any = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		r = cpuset_inherit(dir, files[i]);
		if (r < 0)
			return kerr_set(err, r, "fill '%s/%s'", dir, files[i]);
		any |= r;
	}
	if (any)
		cpuset_pass_on(dir);
	return any;
}

/*
 * A process can only enter a cpuset if it and all its parents have cpus and mems. If
 * the parent has them, only the last group must be filled.
 */
static int cpuset_make(const struct cgroup_hierarchy *hi, const char *path, struct kerr *err)
{
	cleanup_free char *part = xstrdup(path);
	cleanup_free char *whole = path_join(hi->mount, path + 1, NULL);
	char *p = part;
	int made = mkdir(whole, 0755) < 0 ? -errno : 1;
	int r;

	if ((made > 0 || made == -EEXIST) && cpuset_fill(whole, NULL) >= 0)
		return made > 0;
	for (;;) {
		cleanup_free char *dir = NULL;

		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		dir = path_join(hi->mount, part + 1, NULL);
		r = mkdir(dir, 0755) < 0 ? -errno : 1;
		if (r < 0 && r != -EEXIST)
			return kerr_set(err, r, "create the cgroup '%s'", dir);
		if (cpuset_fill(dir, err) < 0)
			return -EIO;
		if (!p)
			return r > 0 || made > 0;
		*p = '/';
	}
}

int cgroup_v1_make(const struct cgroup_hierarchy *hi, const char *path, struct kerr *err)
{
	if (hi->controllers & CGROUP_V1_CPUSET)
		return cpuset_make(hi, path, err);
	return cgroup_mkdirs(hi->mount, path, err);
}
