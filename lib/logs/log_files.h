/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_FILES_H
#define KUKEON_LOG_FILES_H

#include "defs.h"
#include "err.h"

/*
 * The files of one log: NAME, NAME.1 and so on, the higher the older, each with its index
 * (NAME.idx, NAME.1.idx), as they were at one moment, though kukeshim may rotate them meanwhile.
 */
struct log_file {
	int fd;
	int index; /* < 0: it has none */
	uint64_t ino, born; /* which file it is; born in ns, 0 where the filesystem does not say */
	int number; /* it was NAME.number */
};

struct log_files {
	struct log_file *v; /* the oldest first */
	size_t n;
};

void log_files_clear(struct log_files *f);
#define cleanup_log_files cleanup_(log_files_clear)

/*
 * Open all. -ENOENT without touching err: there is none. -EACCES and all else have a message;
 * path is the log's, for messages.
 */
int log_files_open(int dir, const char *name, const char *path, struct log_files *ret,
		   struct kerr *err);

bool log_file_is(const struct log_file *a, const struct log_file *b);
/* Whether NAME is another file than this one, or is missing: -ENOENT. */
int log_file_replaced(const struct log_file *f, int dir, const char *name);

#endif
