/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXEC_SPEC_H
#define KUKEON_EXEC_SPEC_H

#include "buf.h"
#include "exec_proto.h"
#include "user.h"
#include "vec.h"

/*
 * What a further process in a container gets: what the runtime spec of the container's start
 * (spec.h) says of its first one. The spec is ours and on the host, so nothing that the
 * container did since then has a part in it.
 */
struct exec_spec {
	struct user_ids user;
	struct strlist env;
	char *cwd;
	char *apparmor; /* "": none */
	uint64_t caps[_EXEC_CAPS_MAX];
	struct exec_limit limits[EXEC_LIMITS_MAX];
	uint32_t n_limits;
	int32_t oom_score_adj;
	bool no_new_privs;
	uint32_t filter_flags; /* of seccomp(2) */
	char *seccomp; /* the profile; NULL: none */
};

/* From the text of config.json. -EBADMSG: it is not such a spec. */
int exec_spec_read(const char *text, size_t n, struct exec_spec *ret, struct kerr *err);
void exec_spec_clear(struct exec_spec *s);
#define cleanup_exec_spec cleanup_(exec_spec_clear)

/* Set "KEY=value" in an environment, where it was or at the end. */
void exec_env_set(struct strlist *env, const char *entry);
bool exec_env_has(const struct strlist *env, const char *key);

#endif
