/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "newroot.h"

/* From sys/mount.h, which conflicts with linux/mount.h. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);

#define NEWROOT_MS_REC_PRIVATE (16384UL | (1UL << 18))
#define NEWROOT_MNT_DETACH 2

int newroot_enter(int mount_fd, struct kerr *err)
{
	int r;

	r = unshare(CLONE_NEWNS);
	if (r < 0)
		return kerr_set(err, -errno, "make a mount namespace");
	r = mount(NULL, "/", NULL, NEWROOT_MS_REC_PRIVATE, NULL);
	if (r < 0)
		return kerr_set(err, -errno, "make mounts private");
	r = (int) syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return kerr_set(err, -errno, "mount the new root");
	r = fchdir(mount_fd);
	if (r < 0)
		return kerr_set(err, -errno, "enter the new root");
	r = (int) syscall(SYS_pivot_root, ".", ".");
	if (r == 0)
		r = umount2(".", NEWROOT_MNT_DETACH);
	else if (errno == EINVAL) /* an initramfs cannot be pivoted: mount over it */
		r = chroot(".");
	if (r < 0)
		return kerr_set(err, -errno, "change the root");
	r = chdir("/");
	return r < 0 ? kerr_set(err, -errno, "enter the new root") : 0;
}
