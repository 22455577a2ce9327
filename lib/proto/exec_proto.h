/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXEC_PROTO_H
#define KUKEON_EXEC_PROTO_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * What kukeexec, the monitor of a process in a running container, is told and answers, and
 * the stream between it and the client. In a folder of its own because kukeexec links
 * nothing above lib/base.
 *
 * The engine starts `kukeexec --protocol=N --channel=FD`, with the descriptors that the
 * request names, and writes a request to the channel: a struct exec_head, then body bytes.
 * The answer is one struct exec_answer. kukeexec writes no byte to the client's connection
 * before the engine's end of the channel is closed, which is after the reply was sent.
 */
enum {
	EXEC_PROTOCOL = 1,
	EXEC_BODY_MAX = 4 << 20, /* bytes */
	EXEC_STRINGS_MAX = 65536, /* arguments or variables */
	EXEC_GROUPS_MAX = 65536,
	EXEC_CGROUPS_MAX = 16, /* hierarchies */
	EXEC_LIMITS_MAX = 16, /* resource limits, as many as the kernel has */
	EXEC_STATUS_NO_EXEC = 126, /* the program cannot be executed */
	EXEC_STATUS_NOT_FOUND = 127,
};

enum exec_flags {
	EXEC_TTY = 1 << 0, /* a terminal of the container is stdin, stdout and stderr */
	EXEC_STDIN = 1 << 1, /* the client sends standard input */
	EXEC_NO_NEW_PRIVS = 1 << 2,
	EXEC_DETACH = 1 << 3, /* no client: kukeexec only waits for the end */
};

/* The sets of capabilities, as bits 1 << number. */
enum exec_caps {
	EXEC_CAPS_BOUNDING = 0,
	EXEC_CAPS_EFFECTIVE,
	EXEC_CAPS_INHERITABLE,
	EXEC_CAPS_PERMITTED,
	EXEC_CAPS_AMBIENT,
	_EXEC_CAPS_MAX,
};

struct exec_limit {
	uint64_t soft, hard;
	int32_t resource; /* RLIMIT_* */
	int32_t unused;
};

/* Numbers of both ends' machine; descriptors are those inherited, -1: none. */
struct exec_head {
	uint32_t protocol;
	uint32_t flags;
	uint64_t caps[_EXEC_CAPS_MAX];
	uint32_t uid, gid;
	uint32_t rows, cols; /* of the terminal; 0: not known */
	int32_t oom_score_adj;
	int32_t connection; /* to the client */
	int32_t stdio[3]; /* passed by the client: used as they are */
	int32_t init; /* pidfd of the container's first process */
	int32_t cgroup; /* directory of its cgroup in a pure v2 hierarchy; -1: procs are used */
	int32_t procs[EXEC_CGROUPS_MAX]; /* cgroup.procs of its cgroups, where cgroup is -1 */
	uint32_t n_procs;
	int32_t monitors; /* directory of the monitors' cgroup, as cgroup */
	int32_t monitor_procs[EXEC_CGROUPS_MAX];
	uint32_t n_monitor_procs;
	struct exec_limit limits[EXEC_LIMITS_MAX];
	uint32_t n_limits;
	/*
	 * The body: groups as uint32_t, the compiled seccomp filter, then strings that end in
	 * NUL: the arguments, the environment, the working directory, the AppArmor profile
	 * ("": none).
	 */
	uint32_t n_groups;
	uint32_t filter_bytes;
	uint32_t filter_flags; /* of seccomp(2) */
	uint32_t n_args, n_env;
	uint32_t body; /* bytes */
};

struct exec_answer {
	int32_t result; /* 0: the program runs; -errno */
	int32_t status; /* EXEC_STATUS_* if it could not be executed; else 0 */
	struct kerr err;
};

/* A request as it was read: head points to what buf holds. */
struct exec_body {
	const uint32_t *groups;
	const void *filter;
	char **args, **env; /* ended by NULL; arrays owned by this, freed by exec_body_clear */
	const char *cwd, *apparmor;
};

/*
 * Find the parts of a body of head->body bytes, which stays in use. -EBADMSG: it is not
 * what head says.
 */
int exec_body_parse(const struct exec_head *head, char *body, struct exec_body *ret);
void exec_body_clear(struct exec_body *b);

/*
 * ---- the stream ----
 *
 * After the newline behind the request and the one behind its reply, the connection carries
 * frames in both directions: a byte for the type, the length of what follows as 4 bytes, the
 * most significant first, and that many bytes. Numbers in them are written the same way.
 */
enum exec_frame_type {
	EXEC_FRAME_STDIN = 1, /* to kukeexec: standard input; no bytes: its end */
	EXEC_FRAME_RESIZE, /* to kukeexec: rows and columns, 2 bytes each */
	EXEC_FRAME_SIGNAL, /* to kukeexec: its number, 1 byte */
	EXEC_FRAME_STDOUT, /* to the client */
	EXEC_FRAME_STDERR, /* to the client */
	EXEC_FRAME_CREDIT, /* to the client: so many more bytes of STDIN may be sent, 4 bytes */
	EXEC_FRAME_EXIT, /* to the client, the last one: exit status, signal or 0: 1 byte each */
	_EXEC_FRAME_MAX,
};

enum {
	EXEC_FRAME_HEAD = 5,
	EXEC_FRAME_DATA_MAX = 32 << 10,
	EXEC_WINDOW = 64 << 10, /* bytes of STDIN that may be sent before the first CREDIT */
};

void exec_frame_head(char ret[EXEC_FRAME_HEAD], enum exec_frame_type type, uint32_t n);
void exec_put_u16(char *p, uint32_t v);
void exec_put_u32(char *p, uint32_t v);
uint32_t exec_get_u16(const char *p);
uint32_t exec_get_u32(const char *p);

/* What arrives on one end of the stream, collected until a frame is complete. */
struct exec_reader {
	char data[EXEC_FRAME_HEAD + EXEC_FRAME_DATA_MAX];
	size_t have;
	bool fresh; /* the frame in data was returned and is overwritten next */
	bool begun; /* the newline before the first frame is behind us */
};

struct exec_frame {
	enum exec_frame_type type;
	const char *data; /* borrowed until the next call */
	uint32_t n;
};

/*
 * Read without waiting as far as the next frame. 1: *ret is one; 0: not complete yet; -EPIPE:
 * the other end is gone; -EPROTO: not a frame; -errno. Never reads past a frame.
 */
int exec_read_frame(int fd, struct exec_reader *r, struct exec_frame *ret);

#endif
