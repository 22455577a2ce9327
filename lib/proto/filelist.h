/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FILELIST_H
#define KUKEON_FILELIST_H

#include "buf.h"
#include "err.h"

/*
 * The file list of an unpacked layer: one record per operation, in order; a later
 * record for the same path replaces an earlier one. kukeunpack writes it beside the
 * layer's files, so that they can be verified later. A record is text and ends with a
 * NUL:
 *
 *   f MODE UID GID SIZE CRC PATH     a file; CRC-32C of its content in hex
 *   l 0777 UID GID SIZE CRC PATH     a symlink; of its target
 *   d MODE UID GID 0 0 PATH          a directory that the layer carries
 *   c MODE UID GID DEVICE 0 PATH     also b, p
 *   i 0 0 0 0 0 PATH                 a parent directory that the layer does not list
 *   w 0 0 0 0 0 PATH                 a whiteout
 *   - 0 0 0 0 0 PATH                 removed, with everything below
 *   h 0 0 0 0 0 PATH NUL TARGET      a hard link to TARGET
 */
struct filelist_entry {
	char type;
	unsigned mode;
	uint32_t uid, gid;
	uint64_t size; /* or the device number */
	uint32_t crc;
	const char *path; /* below the layer's root */
	const char *target;
};

/* Writes to a descriptor. The first error is kept and reported by filelist_close. */
struct filelist_writer {
	int fd; /* borrowed; < 0: nothing is written */
	struct buf buf;
	int error;
};

void filelist_writer_init(struct filelist_writer *w, int fd);
void filelist_writer_clear(struct filelist_writer *w);
void filelist_add(struct filelist_writer *w, const struct filelist_entry *e);
int filelist_finish(struct filelist_writer *w, struct kerr *err);

/*
 * Read the record at *at and advance. 1, 0 at the end, -EBADMSG. The strings point into
 * the list.
 */
int filelist_next(const char **at, const char *end, struct filelist_entry *ret);

#endif
