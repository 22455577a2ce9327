/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SPEC_H
#define KUKEON_SPEC_H

#include "buf.h"
#include "defs.h"
#include "err.h"
#include "image_config.h"
#include "kinds.h"
#include "user.h"

/*
 * Builds the OCI runtime spec of a container. What is decided at each start and stored
 * nowhere is a member of this struct, so that no caller can forget it. All pointers are
 * borrowed.
 */
enum spec_flags {
	/* the cell's root container: runs `sleep infinity` when it has no command */
	SPEC_ROOT = 1 << 0,
	SPEC_HOST_NETWORK = 1 << 1, /* the cell uses the host's network */
	SPEC_SECCOMP = 1 << 2, /* use the built-in profile if the container sets none */
};

struct spec_secret {
	const char *name; /* name of an environment variable */
	const char *value;
	const char *file; /* instead of a variable: host file, bound read-only at mount_path */
	const char *mount_path;
};

/* Paths on the host of what an attachable container gets (kuketty(8)). */
struct spec_tty {
	char *program; /* kuketty */
	char *dir; /* of its socket */
	char *config; /* what it is told */
};
void spec_tty_clear(struct spec_tty *t);
#define cleanup_spec_tty cleanup_(spec_tty_clear)

struct mount_plan;

struct spec_input {
	const struct cell_doc *cell;
	const struct container_spec *c; /* with the space's defaults applied */
	const struct image_config *image; /* NULL: no image */
	const char *profile; /* KUKEON_CELL_PROFILE_NAME; NULL: none */
	const char *rootfs; /* absolute path where the runtime finds the root */
	/* the root (O_PATH), whose passwd and group files are read; 0: opened at rootfs */
	int root;
	const char *netns; /* pinned namespaces of the cell; NULL with SPEC_HOST_NETWORK */
	const char *ipcns;
	const char *utsns;
	const char *hosts; /* files to bind at /etc/hosts, hostname, resolv.conf; NULL: none */
	const char *hostname;
	const char *resolv;
	const char *cell_cgroup; /* as in status.cgroupPath: "/kukeon/…/cell" */
	const char *cgroups_path; /* linux.cgroupsPath: "<cell_cgroup>/<id>" */
	/*
	 * For a nested cgroup runtime: the directory of the container's cgroup, whose
	 * process is moved to the child group "_payload" before it runs, and the program
	 * that does it (kukeshim). NULL: not moved.
	 */
	const char *payload;
	const char *payload_program;
	const struct spec_secret *secrets;
	size_t n_secrets;
	const struct spec_tty *tty; /* NULL: not attachable */
	const struct mount_plan *mounts; /* prepared in the root; NULL: only the runtime's own */
	/* for RLIMIT_NOFILE when the host allows less than SPEC_FILES_HARD; else 0 */
	int64_t files_max;
	enum spec_flags flags;
};

enum {
	SPEC_MAX = 4 << 20, /* bytes of a runtime spec */
	SPEC_ARGS_MAX = 1 << 20, /* bytes of argv and environment together */
};

/* Values computed while building the spec, owned by the caller. */
struct spec_result {
	struct user_ids user; /* resolved ids, for the owner of secrets and tty directories */
	char *seccomp; /* the profile in the spec; NULL: none */
};
void spec_result_clear(struct spec_result *r);
#define cleanup_spec_result cleanup_(spec_result_clear)

/*
 * Append the spec as JSON to json (created with SPEC_MAX). Fails for what could not be
 * started: no command, a missing bind source, an unknown user, a missing profile. ret
 * may be NULL.
 */
int spec_build(const struct spec_input *in, struct buf *json, struct spec_result *ret,
	       struct kerr *err);

/* Parts of the spec, also used by tests and `--dry-run`. */

/*
 * The workload's argument list: the manifest's command replaces Entrypoint and Cmd; args
 * alone replace Cmd. With a terminal, `/bin/bash -i` where there is nothing to run;
 * otherwise -EINVAL. In an attachable container it is kuketty that runs it.
 */
int spec_args(const struct spec_input *in, struct strlist *ret, struct kerr *err);
/*
 * The environment, in order: the image's, the container's identity, the manifest's,
 * secrets. Each key occurs once; the last one counts.
 */
int spec_env(const struct spec_input *in, struct strlist *ret, struct kerr *err);

#endif
