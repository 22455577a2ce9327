/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "kukecp.h"

/* Enough for all files of a container, and for nothing that is not one: no device is made. */
static const uint64_t kept_caps_ = UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_DAC_OVERRIDE |
				   UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_FOWNER |
				   UINT64_C(1) << CAP_FSETID | UINT64_C(1) << CAP_SETFCAP;

static int drop_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	for (unsigned i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t) (kept_caps_ >> (32 * i));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &head, data) < 0)
		return -errno;
	return 0;
}

/* A running container's by its first process, a stopped one's as the engine has mounted it. */
static int enter_root(const struct copy_head *h)
{
	if (h->init >= 0)
		return syscall(SYS_setns, h->init, CLONE_NEWNS) < 0 ? -errno : 0;
	if (syscall(SYS_setns, h->stage, CLONE_NEWNS) < 0 || fchdir(h->root) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

int enter_container(const struct copy_head *h, struct work *ret, struct kerr *err)
{
	int r;

	ret->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->proc < 0)
		return kerr_set(err, -errno, "open '/proc'");
	/* memory that the copy takes is the container's: this process is the first to go */
	(void) sys_write(AT_FDCWD, "/proc/self/oom_score_adj", "1000");
	r = enter_root(h);
	if (r == -ESRCH)
		return kerr_plain(err, r, "the container has ended");
	if (r == 0)
		r = drop_rights();
	if (r < 0)
		return kerr_set(err, r, "enter the container's root");
	ret->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret->root < 0 ? kerr_set(err, -errno, "open the container's root") : 0;
}
