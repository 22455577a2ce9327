/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COPY_PROTO_H
#define KUKEON_COPY_PROTO_H

#include "exec_proto.h"

/*
 * What kukecp is told. It does the file work of kuke cp, one process at each end of a stream
 * that is a tar archive.
 *
 * At the end of the container, the engine starts `kukecp --protocol=N --channel=FD`, with the
 * descriptors that the request names, and writes a struct copy_head and the strings behind it
 * to the channel. The answer is one struct exec_answer: 0 once the worker is in the
 * container. From then on it is as with kukeexec: kukecp waits until the engine's end of the
 * channel is closed, and its worker's streams are frames of exec_proto.h on the connection:
 * STDIN and STDOUT carry the archive, STDERR messages, EXIT has 0 or 1.
 *
 * At the other end kuke starts `kukecp pack|unpack FLAGS PATH NAME` with the archive as
 * standard output or input. FLAGS are those below as a number.
 */
enum {
	COPY_PROTOCOL = 1,
	COPY_PATH_MAX = 4096, /* with its NUL, as in the kernel */
	COPY_STALL_MS = 30000, /* how long a copy that holds a lock may make no progress */
};

enum copy_flags {
	COPY_UNPACK = 1 << 0, /* the archive is read, else written */
	COPY_ARCHIVE = 1 << 1, /* of unpack: entries are put into the directory as they are */
	COPY_CONTENTS = 1 << 2, /* of unpack: the source was named as DIR/. */
	COPY_OWNER = 1 << 3, /* of unpack: owner, set-id bits and attributes of the archive */
	COPY_FOLLOW = 1 << 4, /* of pack: a link that is the source itself is followed */
	COPY_CONTAINER = 1 << 5, /* of unpack: what has no owner is root's, else the caller's */
	_COPY_FLAGS_ALL = (1 << 6) - 1,
};

/* Numbers of both ends' machine; descriptors are those inherited, -1: none. */
struct copy_head {
	uint32_t protocol;
	uint32_t flags;
	int32_t connection; /* to the client */
	int32_t init; /* pidfd of a process in the container; -1: stage and root */
	int32_t stage; /* mount namespace in which a stopped container's root is mounted */
	int32_t root; /* that root */
	int32_t lock; /* only kept open */
	int32_t stall_ms; /* as in struct exec_session */
	int32_t cgroup; /* as in struct exec_head */
	int32_t procs[EXEC_CGROUPS_MAX];
	uint32_t n_procs;
	int32_t monitors;
	int32_t monitor_procs[EXEC_CGROUPS_MAX];
	uint32_t n_monitor_procs;
	uint32_t path, name; /* bytes of the two strings that follow, each with its NUL */
};

/*
 * What is copied from or to. path: of the source or the destination. name: of what pack puts at
 * the top of the archive ("": the last part of path), or how unpack calls what it puts into
 * an existing directory.
 */
struct copy_job {
	enum copy_flags flags;
	const char *path, *name;
};

/* Find the strings of a request in body, which has head->path + head->name bytes. -EBADMSG. */
int copy_body_parse(const struct copy_head *head, const char *body, struct copy_job *ret);

/*
 * The name under which a path is copied: its last part; "" where that is none ("/", "." or
 * ".."), or is followed by "/.". Owned by the caller.
 */
char *copy_name(const char *path) __attribute__((returns_nonnull));
/* Whether a path names what is in a directory: DIR/. and all for which copy_name is "". */
bool copy_is_contents(const char *path);

#endif
