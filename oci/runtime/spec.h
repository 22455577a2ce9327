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
 * The one builder of runtime specs (spec/runtime.md section 6). Everything that
 * is decided per start and stored nowhere is a member here, so no path to a
 * start can forget it. All pointers are borrowed.
 */
enum spec_flags {
	SPEC_ROOT = 1 << 0, /* the cell's explicit root: `sleep infinity` with nothing to run */
	SPEC_HOST_NETWORK = 1 << 1, /* the whole cell is on the host's network */
	SPEC_SECCOMP = 1 << 2, /* the built-in profile where the container asks for nothing */
	SPEC_RO_RECURSIVE = 1 << 3, /* readOnly holds for mounts below a volume too */
};

struct spec_secret {
	const char *name; /* environment variable */
	const char *value;
	const char *file; /* instead: host file bound read-only at mount_path */
	const char *mount_path;
};

struct mount_plan;

struct spec_input {
	const struct cell_doc *cell;
	const struct container_spec *c; /* space defaults applied */
	const struct image_config *image; /* NULL: none */
	const char *profile; /* KUKEON_CELL_PROFILE_NAME; NULL: none */
	const char *rootfs; /* absolute path; passwd and group are read there */
	const char *netns; /* pinned namespaces of the cell; NULL with SPEC_HOST_NETWORK */
	const char *ipcns;
	const char *utsns;
	const char *hosts; /* sources of /etc/hosts, hostname, resolv.conf; NULL: not bound */
	const char *hostname;
	const char *resolv;
	const char *cell_cgroup; /* as status.cgroupPath: "/kukeon/…/cell" */
	const char *cgroups_path; /* linux.cgroupsPath: "<cell_cgroup>/<id>" */
	/*
	 * For a nested cgroup runtime: the directory of the container's cgroup, whose
	 * process is moved to the leaf "_payload" before it runs, and the program that does
	 * it (kukeshim). NULL: it stays.
	 */
	const char *payload;
	const char *payload_program;
	const struct spec_secret *secrets;
	size_t n_secrets;
	const struct mount_plan *mounts; /* prepared in rootfs; NULL: the runtime's own only */
	int64_t files_max; /* of RLIMIT_NOFILE, when the host allows less than SPEC_FILES_HARD; 0 */
	enum spec_flags flags;
};

enum {
	SPEC_MAX = 4 << 20, /* bytes of a runtime spec */
	SPEC_ARGS_MAX = 1 << 20, /* bytes of argv and environment together */
};

/* What came out beside the spec, owned by the caller. */
struct spec_result {
	struct user_ids user; /* the resolved ids: for the owner of secrets and tty directories */
	char *seccomp; /* the profile as it stands in the spec; NULL: none */
};
void spec_result_clear(struct spec_result *r);
#define cleanup_spec_result cleanup_(spec_result_clear)

/*
 * Append the spec as JSON to json (created with SPEC_MAX). Refuses what cannot
 * work before anything runs: no command, a bind source that is not there, an
 * unknown user, a profile that is not there. ret may be NULL.
 */
int spec_build(const struct spec_input *in, struct buf *json, struct spec_result *ret,
	       struct kerr *err);

/* The pieces, as pure functions, for tests and for `--dry-run`. */

/* argv: command replaces Entrypoint and Cmd, args alone replace Cmd. -EINVAL: nothing to run. */
int spec_args(const struct spec_input *in, struct strlist *ret, struct kerr *err);
/* Environment: image's, identity, user's, secrets; every key once, the last one wins. */
int spec_env(const struct spec_input *in, struct strlist *ret, struct kerr *err);

#endif
