/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "caps.h"
#include "str.h"

const char *const caps_names[CAPS_MAX] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

int caps_from_name(const char *s)
{
	const size_t skip = strlen("CAP_");
	int i;

	for (i = 0; i < CAPS_MAX; i++)
		if (str_case_eq(s, caps_names[i]) || str_case_eq(s, caps_names[i] + skip))
			return i;
	return -EINVAL;
}

int caps_bounding(struct strlist *ret, struct kerr *err)
{
	int i;
	int r;

	strlist_clear(ret);
	strlist_make_empty(ret);
	for (i = 0; i < CAPS_MAX; i++) {
		r = prctl(PR_CAPBSET_READ, (unsigned long) i, 0, 0, 0);
		if (r < 0 && errno == EINVAL) /* newer than this kernel */
			break;
		if (r < 0)
			return kerr_set(err, -errno, "read the bounding set");
		if (r > 0)
			strlist_add(ret, caps_names[i]);
	}
	return 0;
}
