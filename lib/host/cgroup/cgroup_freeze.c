/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "buf.h"
#include "cgroup_freeze.h"
#include "cgroup_host.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"

#define STATE_TEXT_MAX 64

/* The file that freezes a group of this hierarchy; NULL: it has no freezer. */
static const char *freezer_file(const struct cgroup_host *h, const struct cgroup_hierarchy *hi)
{
	if (h->mode == CGROUP_MODE_V2)
		return hi->v2 ? "cgroup.freeze" : NULL;
	return hi->controllers & CGROUP_V1_FREEZER ? "freezer.state" : NULL;
}

void cgroup_v1_freeze(const struct cgroup_host *h, const char *path)
{
	for (size_t i = 0; i < h->n; i++) {
		cleanup_free char *file = NULL;

		if (!(h->v[i].controllers & CGROUP_V1_FREEZER))
			continue;
		file = path_join(h->v[i].mount, path + 1, "freezer.state", NULL);
		(void) sys_write(AT_FDCWD, file, "FROZEN");
	}
}

/* Read before writing: the kernel walks all processes on a write, which is rarely needed. */
static void thaw_dir(int dirfd, const char *name)
{
	cleanup_buf struct buf text = BUF_INIT(STATE_TEXT_MAX);

	if (sys_read(dirfd, name, &text) < 0)
		return;
	if (streq(name, "cgroup.freeze") && buf_str(&text)[0] != '0')
		(void) sys_write(dirfd, name, "0");
	else if (streq(name, "freezer.state") && !str_has_prefix(buf_str(&text), "THAWED"))
		(void) sys_write(dirfd, name, "THAWED");
}

/* Thawing a parent does not thaw a group that was frozen itself, so thaw every level. */
static void thaw_hierarchy(const struct cgroup_hierarchy *hi, const char *file, const char *path)
{
	cleanup_free char *dir = path_join(hi->mount, path + 1, NULL);
	cleanup_strlist struct strlist subdirs = { 0 };
	cleanup_fd int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return;
	thaw_dir(top, file);
	(void) cgroup_list_subdirs(top, &subdirs);
	for (size_t i = 0; i < subdirs.n; i++) {
		cleanup_fd int fd = openat(top, subdirs.v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			thaw_dir(fd, file);
	}
}

void cgroup_thaw(const struct cgroup_host *h, const char *path)
{
	for (size_t i = 0; i < h->n; i++) {
		const char *file = freezer_file(h, &h->v[i]);

		if (file)
			thaw_hierarchy(&h->v[i], file, path);
	}
}

void cgroup_thaw_one(const struct cgroup_host *h, const char *path)
{
	for (size_t i = 0; i < h->n; i++) {
		const char *file = freezer_file(h, &h->v[i]);
		cleanup_free char *dir = path_join(h->v[i].mount, path + 1, NULL);
		cleanup_fd int fd = file ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

		if (fd >= 0)
			thaw_dir(fd, file);
	}
}

static enum cgroup_frozen frozen_v2(const char *dir)
{
	cleanup_free char *file = path_join(dir, "cgroup.freeze", NULL);
	char text[STATE_TEXT_MAX];
	uint64_t frozen = 0;

	if (cgroup_read_key(dir, "cgroup.events", "frozen", &frozen) == 0 && frozen)
		return CGROUP_FROZEN;
	if (sys_read_line(AT_FDCWD, file, text, sizeof(text)) == 0 && text[0] == '1')
		return CGROUP_FREEZING;
	return CGROUP_THAWED;
}

static enum cgroup_frozen frozen_v1(const char *dir)
{
	cleanup_free char *file = path_join(dir, "freezer.state", NULL);
	char text[STATE_TEXT_MAX];

	if (sys_read_line(AT_FDCWD, file, text, sizeof(text)) < 0)
		return CGROUP_THAWED;
	if (str_has_prefix(text, "FROZEN"))
		return CGROUP_FROZEN;
	return str_has_prefix(text, "FREEZING") ? CGROUP_FREEZING : CGROUP_THAWED;
}

enum cgroup_frozen cgroup_frozen(const struct cgroup_host *h, const char *path)
{
	for (size_t i = 0; i < h->n; i++) {
		cleanup_free char *dir = NULL;

		if (!freezer_file(h, &h->v[i]))
			continue;
		dir = path_join(h->v[i].mount, path + 1, NULL);
		return h->v[i].v2 ? frozen_v2(dir) : frozen_v1(dir);
	}
	return CGROUP_THAWED;
}
