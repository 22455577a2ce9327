/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAXCHECK_H
#define KUKEON_PAXCHECK_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Refuses names with a NUL byte in pax headers. libarchive returns names as C strings,
 * which end at the NUL, but other readers may use the rest, so they would unpack
 * something else. This parser sees the same bytes before libarchive does. Anything that
 * is not a tar is left to libarchive to refuse.
 */
enum {
	PAXCHECK_BLOCK = 512,
	PAXCHECK_KEY = 16, /* bytes of a key that are kept; longer keys do not matter here */
	PAXCHECK_SHOWN = 80, /* bytes of a name in a message */
};

enum paxcheck_state {
	PAXCHECK_HEADER = 0, /* collecting a header */
	/* the same, after a hard link with a size: the block may be its body */
	PAXCHECK_MAY_BE_BODY,
	PAXCHECK_SPARSE, /* collecting a block of an old GNU sparse map */
	PAXCHECK_SKIP, /* skipping the content of an entry */
	PAXCHECK_LENGTH, /* reading the length of a pax record */
	PAXCHECK_IN_KEY,
	PAXCHECK_IN_VALUE,
	PAXCHECK_OVER, /* end of the archive, or not a valid tar */
};

struct paxcheck {
	enum paxcheck_state state;
	unsigned char block[PAXCHECK_BLOCK];
	size_t have; /* bytes in block */
	uint64_t left; /* rest of the content, including padding */
	uint64_t pax_left; /* rest of a pax header */
	uint64_t record_left; /* rest of a record, including its newline */
	uint64_t record_used; /* number of digits of its length so far */
	char key[PAXCHECK_KEY + 1];
	size_t key_len;
	char shown[PAXCHECK_SHOWN];
	size_t shown_len;
	bool nul;
	bool pax; /* a pax header was seen, so hard links may have bodies */
	bool has_size; /* a pax header has set the size of the next entry */
	uint64_t size;
};

/* Check the next bytes of the tar. -EBADMSG for a name with a NUL. */
int paxcheck_feed(struct paxcheck *c, const void *p, size_t n, struct kerr *err);

#endif
