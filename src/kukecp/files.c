/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "kukecp.h"
#include "mem.h"
#include "path.h"
#include "str.h"

int work_open(const struct work *w, const char *path, int flags)
{
	int fd;

	if (w->root >= 0)
		return open_in_root(w->root, path, flags, 0);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int work_open_parent(const struct work *w, const char *path, char **ret_name)
{
	cleanup_free char *name = copy_name(path);
	cleanup_free char *dir = NULL;
	size_t end = strlen(path);
	int fd;

	if (str_empty(name))
		return -EINVAL;
	while (path[end - 1] == '/')
		end--;
	end -= strlen(name);
	dir = end > 0 ? xstrndup(path, end) : xstrdup(w->root >= 0 ? "/" : ".");
	fd = work_open(w, dir, O_PATH | O_DIRECTORY);
	if (fd >= 0)
		*ret_name = take_ptr(name);
	return fd;
}

int work_reopen(const struct work *w, int fd, int flags)
{
	char path[32];
	int r;

	(void) snprintf(path, sizeof(path), "self/fd/%d", fd);
	r = openat(w->proc, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return r < 0 ? -errno : r;
}

/* Magic numbers of statfs(2), as linux/magic.h and the file systems' own files have them. */
static bool is_of_kernel(uint32_t type)
{
	static const uint32_t types[] = {
		0x9fa0, /* proc */
		0x62656572, /* sysfs */
		0x27e0eb, /* cgroup */
		0x63677270, /* cgroup2 */
		0x1cd1, /* devpts */
		0x19800202, /* mqueue */
		0x73636673, /* securityfs */
		0x64626720, /* debugfs */
		0x74726163, /* tracefs */
		0xcafe4a11, /* bpf */
		0x6165676c, /* pstore */
		0xde5e81e4, /* efivarfs */
		0x62656570, /* configfs */
		0x42494e4d, /* binfmt_misc */
		0x6e736673, /* nsfs */
		0xf97cff8c, /* selinuxfs */
		0x65735543, /* fusectl */
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i] == type)
			return true;
	return false;
}

int work_check_directory(const struct work *w, int fd, const char *path, struct kerr *err)
{
	struct statfs fs;

	if ((w->job.flags & COPY_CONTAINER) == 0)
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return kerr_set(err, -errno, "look at '%s'", path);
	if (!is_of_kernel((uint32_t) fs.f_type))
		return 0;
	return kerr_plain(err, -EXDEV, "'%s' is on a file system of the kernel (/proc, /sys)",
			  path);
}

bool work_takes_xattr(const char *name)
{
	return str_has_prefix(name, "user.") || streq(name, "security.capability");
}

static void say(const char *what, const struct kerr *err)
{
	cleanup_buf struct buf line = BUF_INIT(8 * KERR_TEXT_MAX);
	char text[KERR_TEXT_MAX];

	buf_adds(&line, what);
	(void) kerr_text(err, text, sizeof(text));
	str_vis(&line, text, strlen(text));
	buf_addc(&line, '\n');
	(void) fd_write_all(STDERR_FILENO, line.data, line.len); /* there is no other place */
}

void say_error(const struct kerr *err)
{
	say("Error: ", err);
}

void say_warning(const struct kerr *err)
{
	say("Warning: ", err);
}
