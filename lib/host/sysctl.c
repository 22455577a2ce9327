/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "buf.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "sysctl.h"

#define VALUE_MAX 4096

int sysctl_proc(void)
{
	cleanup_fd int fs = fsopen("proc", FSOPEN_CLOEXEC);
	int mnt;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return SYSCTL_OWN;
	mnt = fsmount(fs, FSMOUNT_CLOEXEC,
		      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return mnt < 0 ? SYSCTL_OWN : mnt;
}

int sysctl_set(int proc, const char *name, const char *value, struct kerr *err)
{
	cleanup_free char *path = path_join(proc < 0 ? "/proc/sys" : "sys", name, NULL);
	cleanup_buf struct buf now = BUF_INIT(VALUE_MAX);
	cleanup_free char *have = NULL;
	int r;

	r = sys_read(proc, path, &now);
	if (r == -ENOENT)
		return 0;
	have = str_trim(buf_str(&now));
	if (r == 0 && streq(have, value))
		return 0;
	r = sys_write(proc, path, value);
	if (r < 0)
		return kerr_set(err, r, "write %s to '/proc/sys/%s'", value, name);
	return 1;
}
