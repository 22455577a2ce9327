/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a function writes to stdout and stderr, as strings.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <check.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "fd.h"

struct capture {
	int saved[2];
	int file[2];
	struct buf out, err;
};

static inline void capture_begin(struct capture *c)
{
	*c = (struct capture){ .out = BUF_INIT(1 << 20), .err = BUF_INIT(1 << 20) };
	(void) fflush(NULL);
	for (int i = 0; i < 2; i++) {
		c->saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
		c->file[i] = memfd_create("capture", MFD_CLOEXEC);
		ck_assert_int_ge(c->file[i], 0);
		ck_assert_int_ge(dup2(c->file[i], i + 1), 0);
	}
}

static inline void capture_end(struct capture *c)
{
	(void) fflush(NULL);
	for (int i = 0; i < 2; i++) {
		(void) dup2(c->saved[i], i + 1);
		fd_close_p(&c->saved[i]);
		(void) lseek(c->file[i], 0, SEEK_SET);
		ck_assert_int_eq(buf_read_fd(i ? &c->err : &c->out, c->file[i], NULL), 0);
		fd_close_p(&c->file[i]);
	}
}

static inline void capture_clear(struct capture *c)
{
	buf_clear(&c->out);
	buf_clear(&c->err);
}

#endif
