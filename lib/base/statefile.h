/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATEFILE_H
#define KUKEON_STATEFILE_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * State files are replaced whole (atomic_write_at) and never empty. Their text is
 * as plain as its format wants it: the CRC-32C of it is an extended attribute of the
 * file, which has its name together with it. A file without the attribute (written
 * by hand or by an older version, copied, or on a file system that has none) is read
 * as it is.
 */
#define STATE_SUM_NAME "trusted.kukeon.crc32c"

/* Set the attribute of a file that holds these n bytes. Where that cannot be, it has none. */
void state_sum_set(int fd, const void *data, size_t n);

/*
 * A file that is appended to has its length as another attribute, set after each write:
 * one that is shorter has been cut, be it at the end of a line.
 */
#define STATE_SIZE_NAME "trusted.kukeon.size"
void state_size_set(int fd);
/* Whether a file of which n bytes could be read was longer. */
bool state_is_cut(int fd, size_t n);

/*
 * Read a state file as file_read_at does. -ENOENT without touching err. -EBADMSG and a
 * message that names the file: it is empty, or its text is not what was written.
 */
int state_read_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err);

#endif
