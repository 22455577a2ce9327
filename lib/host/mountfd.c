/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "mountfd.h"
#include "str.h"

/* Missing from glibc's header before 2.37. */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* Options of the mount rather than of the file system; set: bits outside MOUNT_ATTR__ATIME. */
static const struct attr_word {
	const char *word;
	unsigned set, clear;
} attr_words[] = {
	{ "ro", MOUNT_ATTR_RDONLY, 0 },
	{ "rw", 0, MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0 },
	{ "suid", 0, MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV, 0 },
	{ "dev", 0, MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0 },
	{ "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "relatime", 0, MOUNT_ATTR__ATIME },
	{ "norelatime", 0, MOUNT_ATTR__ATIME },
	{ "atime", 0, MOUNT_ATTR__ATIME },
	/* Propagation: without effect here, as nothing is mounted below a new file system. */
	{ "private", 0, 0 },
	{ "rprivate", 0, 0 },
	{ "slave", 0, 0 },
	{ "rslave", 0, 0 },
};

static bool attr_word(const char *word, unsigned *attr)
{
	for (size_t i = 0; i < ARRAY_SIZE(attr_words); i++) {
		if (!streq(word, attr_words[i].word))
			continue;
		*attr = (*attr & ~attr_words[i].clear) | attr_words[i].set;
		return true;
	}
	return false;
}

static int set_option(int fs, const char *option)
{
	const char *value = strchr(option, '=');
	cleanup_free char *key = NULL;

	if (value == NULL)
		return fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) < 0 ? -errno : 0;
	key = xstrndup(option, (size_t) (value - option));
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value + 1, 0) < 0 ? -errno : 0;
}

int mountfd_tmpfs(const struct strlist *options, struct kerr *err)
{
	cleanup_fd int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	unsigned attr = 0;
	int r;

	if (fs < 0)
		return kerr_set(err, -errno, "make a tmpfs");
	(void) fsconfig(fs, FSCONFIG_SET_STRING, "source", "tmpfs", 0); /* a label */
	for (size_t i = 0; i < options->n; i++) {
		if (attr_word(options->v[i], &attr))
			continue;
		r = set_option(fs, options->v[i]);
		if (r < 0)
			return kerr_set(err, r, "tmpfs option \"%s\" is not one of this kernel",
					options->v[i]);
	}
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return kerr_set(err, -errno, "make a tmpfs");
	r = fsmount(fs, FSMOUNT_CLOEXEC, attr);
	return r < 0 ? kerr_set(err, -errno, "mount a tmpfs") : r;
}

int mountfd_clone(const char *source, struct kerr *err)
{
	unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
	int fd = open_tree(AT_FDCWD, source, how);

	return fd < 0 ? kerr_set(err, -errno, "clone the mount '%s'", source) : fd;
}

/* Change mount flags by mount(2), for kernels before 5.12 that have no mount_setattr(2). */
static int remount(int mnt, unsigned long flags)
{
	char path[32];

	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", mnt);
	return mount(NULL, path, NULL, flags, NULL) < 0 ? -errno : 0;
}

int mountfd_attach(int mnt, int dirfd, const char *path, struct kerr *err)
{
	unsigned how = MOVE_MOUNT_F_EMPTY_PATH | (*path == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0);
	int r;

	if (move_mount(mnt, "", dirfd, path, how) < 0)
		return kerr_set(err, -errno, "mount at '%s'", path);
	r = remount(mnt, MS_SLAVE | MS_REC);
	return r < 0 ? kerr_set(err, r, "make the mount at '%s' a slave", path) : 0;
}

int mountfd_readonly(int mnt, enum mountfd_flags flags, struct kerr *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	unsigned at = AT_EMPTY_PATH | (flags & MOUNTFD_RECURSIVE ? AT_RECURSIVE : 0);
	int r;

	r = mount_setattr(mnt, "", at, &attr, sizeof(attr)) < 0 ? -errno : 0;
	if (r == -ENOSYS)
		r = remount(mnt, MS_REMOUNT | MS_BIND | MS_RDONLY);
	return r < 0 ? kerr_set(err, r, "make a mount read-only") : 0;
}
