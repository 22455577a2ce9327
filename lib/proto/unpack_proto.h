/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNPACK_PROTO_H
#define KUKEON_UNPACK_PROTO_H

#include "err.h"
#include "sha256.h"

/*
 * The protocol of kukeunpack, which is executed as
 *
 *   kukeunpack VERSION target=FD result=FD [offset=N] [size=N] [LIMIT=N …]
 *
 * with the layer (tar; gzip, zstd or plain) on stdin. With offset, stdin is a file and
 * the layer is the size bytes from there. Without offset, stdin is read to its end;
 * with size, it must have exactly that many bytes. target is an empty directory. It
 * writes one struct unpack_result to result, then notes_size bytes of notes. With
 * list=FD the list of what was written (filelist.h) goes there. With output=FD it only
 * decompresses stdin to there: digests are not filled in.
 */
enum {
	UNPACK_PROTO_VERSION = 3,
	UNPACK_MAX_NOTES = 32 << 20, /* bytes of all notes */
};

/*
 * The limits of one layer and their defaults. X(name, default): the name is the
 * one in argv and in struct unpack_limits; spec.imageLimits of the server
 * configuration sets most (as maxEntries and so on).
 */
#define UNPACK_LIMITS(X)                                                                   \
	X(max_entries, 2000000) /* entries of a layer */                                   \
	X(max_bytes, 64ULL << 30) /* bytes of the tar */                                   \
	X(max_ratio, 10) /* tar bytes <= compressed bytes * max_ratio + max_ratio_extra */ \
	X(max_ratio_extra, 1ULL << 30)                                                     \
	X(max_path, 4096) /* bytes of a path */                                            \
	X(max_name, 255) /* bytes of one component */                                      \
	X(max_xattrs, 128) /* attributes of an entry */                                    \
	X(max_xattr_bytes, 65536) /* bytes of all attributes of an entry, names and values */

#define UNPACK_LIMIT_FIELD_(name, value) uint64_t name;
struct unpack_limits {
	UNPACK_LIMITS(UNPACK_LIMIT_FIELD_)
};
#undef UNPACK_LIMIT_FIELD_

void unpack_limits_default(struct unpack_limits *ret);

/*
 * Notes: one byte of kind, a path relative to the layer's root, NUL. Directories of the
 * last two kinds exist when the layer is unpacked; a whiteout or opaque mark may have
 * no file at its path.
 */
enum unpack_note {
	UNPACK_NOTE_WHITEOUT = 'w', /* hides this path of the layers below */
	UNPACK_NOTE_OPAQUE = 'o', /* hides everything in this directory of the layers below */
	UNPACK_NOTE_FRESH = 'n', /* a directory that replaced a file of this layer */
	UNPACK_NOTE_IMPLIED =
		'i', /* a directory the layer implies but does not carry, parents first */
};

struct unpack_result {
	uint32_t version;
	int32_t status; /* 0, or -errno: then only err counts */
	struct kerr err;
	char blob_hex[SHA256_HEX]; /* of the bytes on stdin */
	char diff_hex[SHA256_HEX]; /* of the tar */
	uint64_t blob_bytes;
	uint64_t tar_bytes;
	uint64_t file_bytes; /* contents of regular files */
	uint64_t entries;
	uint64_t notes_size;
};

#endif
