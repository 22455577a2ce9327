/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_PINS_H
#define HOST_PINS_H

#include <fcntl.h>
#include <sys/stat.h>

#include "host_sandbox.h"
#include "mount.h"

/* Make the directory SANDBOX/pins, on a private mount, and open it. */
static inline int sandbox_pins(void)
{
	struct kerr err = { 0 };
	int dir;

	ck_assert_int_eq(mkdir(SANDBOX "/pins", 0700), 0);
	ok(mount_private_dir(SANDBOX "/pins", &err), &err);
	dir = open(SANDBOX "/pins", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
	return dir;
}

#endif
