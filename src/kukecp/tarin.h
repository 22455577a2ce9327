/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKECP_TARIN_H
#define KUKECP_TARIN_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Reads an uncompressed tar archive from a descriptor, as POSIX (ustar, pax) and GNU tar write it.
 * Own code, not libarchive's: kukecp works inside containers, where a library could load files
 * of theirs, and is static for that reason. What comes is not trusted.
 */
enum {
	TAR_BLOCK = 512,
	TAR_EXTRA_MAX = 1 << 20, /* bytes of one pax header or long name */
	TAR_XATTRS_MAX = 128,
};

/* Types of entries, as in ustar. */
enum tar_type {
	TAR_FILE = '0',
	TAR_HARDLINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCKDEV = '4',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	char *name;
	char *value;
	size_t n;
};

struct tar_item {
	char type; /* enum tar_type, or another one that the archive has */
	char *path; /* bytes as they are in the archive */
	char *link; /* of links; "" otherwise */
	uint32_t mode; /* 07777 */
	uint64_t uid, gid;
	uint64_t size; /* of a file's content */
	int64_t mtime, mtime_ns; /* since 1970 */
	struct tar_xattr *xattrs;
	size_t n_xattrs;
};

struct tarin {
	int fd;
	char block[TAR_BLOCK];
	struct tar_item item;
	uint64_t left; /* of the content that was not read yet */
	uint64_t pad; /* behind it */
	bool begun;
	bool ended_early; /* that was the reason of -EBADMSG */
};

void tarin_init(struct tarin *t, int fd);
void tarin_clear(struct tarin *t);

/*
 * The next entry, valid until the next call. 1; 0: the end of the archive; -EBADMSG: not an
 * archive, or one that ends early; -errno.
 */
int tarin_next(struct tarin *t, const struct tar_item **ret, struct kerr *err);

/* Up to n bytes of the entry's content. How many; 0: its end. */
ssize_t tarin_data(struct tarin *t, void *p, size_t n, struct kerr *err);

/* Read and drop what is behind the end of the archive, so that its sender can finish. */
void tarin_drain(struct tarin *t);

#endif
