/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of its own for a test, removed with all in it. Needs lib/base only.
 */
#ifndef TEMPDIR_H
#define TEMPDIR_H

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fd.h"
#include "mem.h"
#include "path.h"

struct tempdir {
	char *path;
	int fd;
};

static inline struct tempdir tempdir_make(void)
{
	struct tempdir t = { .path = xstrdup("/tmp/kukeon-unit-XXXXXX") };

	ck_assert_ptr_nonnull(mkdtemp(t.path));
	t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(t.fd, 0);
	return t;
}

static inline void tempdir_clear(struct tempdir *t)
{
	fd_close_p(&t->fd);
	(void) remove_tree_at(AT_FDCWD, t->path, 0, NULL);
	free_p(&t->path);
}

#define cleanup_tempdir cleanup_(tempdir_clear)

#endif
