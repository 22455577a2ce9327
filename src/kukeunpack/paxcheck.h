/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAXCHECK_H
#define KUKEON_PAXCHECK_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * Names with a NUL in pax headers. libarchive hands out names as C strings and so cuts
 * them there, while other readers take the rest too: what they unpack is not what we
 * do. This one looks at the same bytes on their way to it. What is not a tar is left to
 * libarchive to refuse.
 */
enum {
	PAXCHECK_BLOCK = 512,
	PAXCHECK_KEY = 16, /* bytes of a key that are kept: longer ones mean nothing here */
	PAXCHECK_SHOWN = 80, /* bytes of a name in a message */
};

enum paxcheck_state {
	PAXCHECK_HEADER = 0, /* collecting one */
	PAXCHECK_MAY_BE_BODY, /* the same after a hard link with a size: some have a body */
	PAXCHECK_SPARSE, /* collecting a block of an old sparse map */
	PAXCHECK_SKIP, /* what belongs to a header */
	PAXCHECK_LENGTH, /* of a pax record */
	PAXCHECK_IN_KEY,
	PAXCHECK_IN_VALUE,
	PAXCHECK_OVER, /* the archive has ended, or makes no sense */
};

struct paxcheck {
	enum paxcheck_state state;
	unsigned char block[PAXCHECK_BLOCK];
	size_t have; /* bytes of block */
	uint64_t left; /* of the body, padding included */
	uint64_t pax_left; /* of a pax header's records */
	uint64_t record_left; /* of one record, its line end included */
	uint64_t record_used; /* digits of its length so far */
	char key[PAXCHECK_KEY + 1];
	size_t key_len;
	char shown[PAXCHECK_SHOWN];
	size_t shown_len;
	bool nul;
	bool pax; /* a pax header was seen: hard links may have bodies */
	bool has_size; /* a pax header gives the size of the next entry */
	uint64_t size;
};

/* The next bytes of the tar. -EBADMSG for a name with a NUL. */
int paxcheck_feed(struct paxcheck *c, const void *p, size_t n, struct kerr *err);

#endif
