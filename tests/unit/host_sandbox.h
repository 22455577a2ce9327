/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "err.h"

#define SANDBOX "/mnt"

/*
 * A checked fixture for tests that mount or make links: mount and network
 * namespaces of their own, and an empty tmpfs at SANDBOX. All of it goes with the
 * process, so a test that fails leaves nothing either.
 */
static inline void sandbox_enter(void)
{
	ck_assert_msg(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare: %s (root is needed)",
		      strerror(errno));
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", SANDBOX, "tmpfs", 0, "mode=755"), 0);
}

/* r >= 0, or the test fails with the words of err. */
#define ok(call, err)                                                        \
	({                                                                   \
		char ok_text_[KERR_TEXT_MAX];                                \
		int ok_r_ = (call);                                          \
		ck_assert_msg(ok_r_ >= 0, "%s: %d: %s", #call, ok_r_,        \
			      kerr_text((err), ok_text_, sizeof(ok_text_))); \
		ok_r_;                                                       \
	})

#endif
