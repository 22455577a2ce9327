/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DEFS_H
#define KUKEON_DEFS_H

/*
 * Small macros that every file may use, and the limits that bound what comes
 * from outside. Included by the other headers of lib/base.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define must_check __attribute__((warn_unused_result))
#define cleanup_(f) __attribute__((cleanup(f)))

/*
 * Return the pointer and set the variable to NULL, to hand ownership over: `*ret =
 * take_ptr(p);`.
 */
#define take_ptr(p)                            \
	({                                     \
		__typeof__(p) take_ptr_ = (p); \
		(p) = NULL;                    \
		take_ptr_;                     \
	})

/* The same for a struct that owns what its members point to; it is zeroed. */
#define take_struct(s)                                 \
	({                                             \
		__typeof__(s) take_struct_ = (s);      \
		memset(&(s), 0, sizeof(take_struct_)); \
		take_struct_;                          \
	})

/* Limits. Sizes from outside are checked against these before memory is allocated. */
enum {
	KUKE_MAX_MANIFEST = 16 << 20, /* bytes of one manifest stream */
	KUKE_MAX_DOCUMENTS = 4096, /* documents in one stream */
	KUKE_MAX_NESTING = 64, /* depth of YAML and JSON values */
	KUKE_MAX_NODES = 1 << 20, /* YAML nodes of a stream, aliases expanded */
	KUKE_MAX_RECORD = 16 << 20, /* bytes of one state file */
	KUKE_MAX_REQUEST = 24 << 20, /* bytes of one request without its streamed fields */
	KUKE_MAX_REPLY = 64 << 20, /* bytes of one reply */
	KUKE_MAX_NAME = 63, /* bytes of an object's name */
	KUKE_MAX_LABELS = 64 << 10, /* bytes of one document's labels */
	KUKE_MAX_CONTAINERS = 1000, /* of one cell, not counting a synthesized root container */
	KUKE_MAX_NETWORKS = 16, /* other spaces that one cell joins */
	KUKE_MAX_ALIASES = 2048, /* bytes of one cell's networksAliases, one more for each */
};

#define KUKE_MAX_TARBALL (4LL << 30) /* bytes of an image in one request */

/*
 * Functions this code base must not call; the replacements are in str.h, mem.h, clock.h
 * and proc.h. The headers that declare them are included above, before the names are
 * poisoned.
 */
#if !defined(KUKEON_ALLOW_BANNED) && !defined(__clang__) /* glibc has them as macros there */
#undef alloca /* a macro in some libraries */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll gets gmtime localtime ctime mktemp tmpnam
#pragma GCC poison system popen alloca
#endif

#endif
