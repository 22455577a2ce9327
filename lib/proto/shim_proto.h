/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SHIM_PROTO_H
#define KUKEON_SHIM_PROTO_H

#include "buf.h"
#include "clock.h"
#include "defs.h"
#include "err.h"

/*
 * The protocol between kukeshim and the engine: the runtime record, the exit record,
 * the reply on the status pipe, and the file names. In a folder of its own because
 * kukeshim links nothing above lib/base.
 */
enum {
	SHIM_PROTOCOL = 2, /* --protocol=N must be the first argument; another number is refused */
	SHIM_RUN_ID_SIZE = 33, /* 32 hex digits and NUL */
	SHIM_BOOT_ID_SIZE = 37,
	SHIM_RECORD_MAX = 64 << 10, /* bytes of a record file */
	SHIM_CGROUPS_MAX = 16, /* hierarchies that a monitor joins */
};

#define SHIM_FILE_MONITOR "monitor"
#define SHIM_FILE_STDOUT "stdout"
#define SHIM_FILE_STDERR "stderr"
#define SHIM_FILE_BUNDLE "bundle"
#define SHIM_FILE_RUNC_LOG "runc.log"
#define SHIM_FILE_RUNC_PID "runc.pid"
#define SHIM_FILE_EXIT "exit.json"
#define SHIM_FILE_LOG "log"
#define SHIM_DIR_WAKE "wake"
#define SHIM_SOCK_WAKE "wake.sock"

/*
 * The runtime record: a file of JSON lines, appended to by one write(2) each under the
 * shim's flock. The last complete line counts, so a reader never sees half a record,
 * and the locked file is never replaced.
 */
struct shim_record {
	bool starting; /* runc has not reported success yet */
	char run_id[SHIM_RUN_ID_SIZE];
	char boot_id[SHIM_BOOT_ID_SIZE];
	pid_t shim_pid;
	uint64_t shim_start; /* start times as of proc_start_time */
	pid_t pid; /* container's init, 0 while starting */
	uint64_t pid_start;
	struct ktime started_at;
};

void shim_record_line(struct buf *out, const struct shim_record *r);
/* From the file's whole text. -ENOENT: no complete line. -EINVAL: not a record. */
int shim_record_parse(const char *text, size_t n, struct shim_record *ret);
/*
 * The file itself. -ENOENT without touching err: no file, or no complete line yet; any
 * other error means it is damaged.
 */
int shim_record_read(int dirfd, const char *path, struct shim_record *ret, struct kerr *err);
/* The same of an open file at its start; path is for messages. */
int shim_record_read_fd(int fd, const char *path, struct shim_record *ret, struct kerr *err);

/* How a run ended: the one JSON object of exit.json. */
struct shim_exit {
	char run_id[SHIM_RUN_ID_SIZE];
	int code; /* 0..255; 128 + signal for a death by signal */
	int signal; /* 0: ended by exit */
	bool oom_killed; /* the OOM killer was active in its cgroup, and exit was not clean */
	bool lost; /* the monitor died (reason lost-monitor): the code is unknown, 255 is stored */
	int64_t log_dropped; /* bytes of output that could not be written */
	struct ktime started_at;
	struct ktime finished_at;
};

void shim_exit_text(struct buf *out, const struct shim_exit *e);
int shim_exit_parse(const char *text, size_t n, struct shim_exit *ret);

/*
 * Written once by kukeshim to the status pipe. result 0: the container runs; else
 * -errno, see err.
 */
struct shim_answer {
	int32_t result;
	int32_t exec_failed; /* runc succeeded, but the program could not be executed */
	int32_t pid;
	uint64_t pid_start;
	struct ktime started_at;
	struct kerr err;
};

/* An entry of log.idx, little endian. */
enum {
	LOG_INDEX_ENTRY = 16,
};

struct log_index_entry {
	uint64_t offset; /* in the log file, of the first byte of the entry */
	uint64_t stamp; /* microseconds since 1970 << 1 | 1 for stderr */
};

#endif
