/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATEFILE_H
#define KUKEON_STATEFILE_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * State files are replaced whole (atomic_write_at) and never empty. Their CRC-32C is
 * kept in an extended attribute, so the text itself stays plain JSON; the attribute is
 * set before the file gets its name. A file without it (written by hand or by an older
 * version, copied, or on a file system without attributes) is read unchecked.
 */
#define STATE_SUM_NAME "trusted.kukeon.crc32c"

/*
 * Set the checksum attribute of a file with these n bytes. Failure is ignored: the file
 * then has none.
 */
void state_sum_set(int fd, const void *data, size_t n);

/*
 * A file that is appended to keeps its length in another attribute, set after each
 * write. A shorter file has been truncated, even if it ends with a whole line.
 */
#define STATE_SIZE_NAME "trusted.kukeon.size"
void state_size_set(int fd);
/* Whether a file with n readable bytes has been truncated. */
bool state_is_cut(int fd, size_t n);

/*
 * Read a state file as file_read_at does. -ENOENT without touching err. -EBADMSG, with
 * a message that names the file, if it is empty or its checksum differs.
 */
int state_read_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err);

#endif
