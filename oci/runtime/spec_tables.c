/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "spec_tables.h"

#define OPTIONS(...)              \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

const struct spec_mount spec_base_mounts[] = {
	{ "/proc", "proc", "proc", OPTIONS("nosuid", "noexec", "nodev") },
	{ "/dev", "tmpfs", "tmpfs", OPTIONS("nosuid", "strictatime", "mode=755", "size=65536k") },
	{ "/dev/pts", "devpts", "devpts",
	  OPTIONS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5") },
	{ "/dev/shm", "tmpfs", "shm",
	  OPTIONS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k") },
	{ "/dev/mqueue", "mqueue", "mqueue", OPTIONS("nosuid", "noexec", "nodev") },
	{ "/sys", "sysfs", "sysfs", OPTIONS("nosuid", "noexec", "nodev", "ro") },
};
/* /run is not listed: it is composed by mount_plan, as it starts with the image's files. */
const char *const spec_run_options[] = { "nosuid", "strictatime", "mode=755", "size=65536k", NULL };
const size_t spec_base_mounts_n = ARRAY_SIZE(spec_base_mounts);

const char *const spec_capabilities[] = {
	"CAP_CHOWN",	   "CAP_DAC_OVERRIDE", "CAP_FOWNER",
	"CAP_FSETID",	   "CAP_KILL",	       "CAP_SETGID",
	"CAP_SETUID",	   "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE",
	"CAP_NET_RAW",	   "CAP_SYS_CHROOT",   "CAP_MKNOD",
	"CAP_AUDIT_WRITE", "CAP_SETFCAP",      NULL,
};

const char *const spec_masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

const char *const spec_readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
