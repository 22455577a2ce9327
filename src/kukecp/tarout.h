/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKECP_TAROUT_H
#define KUKECP_TAROUT_H

#include "tarin.h"

/* Writes a tar archive (ustar, with pax headers where something does not fit). */
struct tarout {
	int fd;
};

/* The header of an entry; of a file, size bytes of content must follow. 0 or -errno. */
int tarout_entry(struct tarout *t, const struct tar_item *i);
int tarout_data(struct tarout *t, const void *p, size_t n);
/* What is missing to a whole block behind a file's content. */
int tarout_pad(struct tarout *t, uint64_t size);
/* The end of the archive. */
int tarout_end(struct tarout *t);

#endif
