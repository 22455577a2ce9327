/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/resource.h>

#include "caps.h"
#include "exec_spec.h"
#include "jval.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"

static int bad(struct kerr *err, const char *what)
{
	return kerr_plain(err, -EBADMSG, "the container's runtime spec: %s is not valid", what);
}

/* A missing number is 0. */
static int read_number(const struct jval *object, const char *key, int64_t min, int64_t max,
		       int64_t *ret)
{
	const struct jval *v = jval_get(object, key);
	int64_t n = 0;

	if (!jval_is_null(v) && (jval_i64(v, &n) < 0 || n < min || n > max))
		return -EBADMSG;
	*ret = n;
	return 0;
}

static int read_user(const struct jval *process, struct exec_spec *s, struct kerr *err)
{
	const struct jval *user = jval_get(process, "user");
	const struct jval *groups = jval_get(user, "additionalGids");
	int64_t uid = 0, gid = 0;
	uint64_t group;

	if (!jval_is_object(user) || read_number(user, "uid", 0, UINT32_MAX, &uid) < 0 ||
	    read_number(user, "gid", 0, UINT32_MAX, &gid) < 0)
		return bad(err, "process.user");
	s->user.uid = (uint32_t) uid;
	s->user.gid = (uint32_t) gid;
	if (jval_count(groups) > EXEC_GROUPS_MAX)
		return bad(err, "process.user");
	for (size_t i = 0; i < jval_count(groups); i++) {
		if (jval_u64(jval_item(groups, i), &group) < 0 || group > UINT32_MAX)
			return bad(err, "process.user");
		*(uint32_t *) vec_grow(&s->user.groups, &s->user.n_groups, sizeof(uint32_t)) =
			(uint32_t) group;
	}
	return 0;
}

static int read_caps(const struct jval *process, struct exec_spec *s, struct kerr *err)
{
	static const char *const sets[_EXEC_CAPS_MAX] = {
		[EXEC_CAPS_BOUNDING] = "bounding",	 [EXEC_CAPS_EFFECTIVE] = "effective",
		[EXEC_CAPS_INHERITABLE] = "inheritable", [EXEC_CAPS_PERMITTED] = "permitted",
		[EXEC_CAPS_AMBIENT] = "ambient",
	};
	const struct jval *caps = jval_get(process, "capabilities");

	for (size_t set = 0; set < ARRAY_SIZE(sets); set++) {
		const struct jval *names = jval_get(caps, sets[set]);

		for (size_t i = 0; i < jval_count(names); i++) {
			const char *name = jval_str(jval_item(names, i));
			int cap = name ? caps_from_name(name) : -EINVAL;

			if (cap < 0)
				return bad(err, "process.capabilities");
			s->caps[set] |= UINT64_C(1) << cap;
		}
	}
	return 0;
}

static int limit_resource(const char *name)
{
	static const struct {
		const char *name;
		int resource;
	} rows[] = {
		{ "RLIMIT_AS", RLIMIT_AS },
		{ "RLIMIT_CORE", RLIMIT_CORE },
		{ "RLIMIT_CPU", RLIMIT_CPU },
		{ "RLIMIT_DATA", RLIMIT_DATA },
		{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
		{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
		{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "RLIMIT_NICE", RLIMIT_NICE },
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
		{ "RLIMIT_NPROC", RLIMIT_NPROC },
		{ "RLIMIT_RSS", RLIMIT_RSS },
		{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
		{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
		{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
		{ "RLIMIT_STACK", RLIMIT_STACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (streq_null(name, rows[i].name))
			return rows[i].resource;
	return -EINVAL;
}

static int read_limits(const struct jval *process, struct exec_spec *s, struct kerr *err)
{
	const struct jval *limits = jval_get(process, "rlimits");

	if (jval_count(limits) > EXEC_LIMITS_MAX)
		return bad(err, "process.rlimits");
	for (size_t i = 0; i < jval_count(limits); i++) {
		const struct jval *v = jval_item(limits, i);
		struct exec_limit *l = &s->limits[s->n_limits++];

		l->resource = limit_resource(jval_str(jval_get(v, "type")));
		if (l->resource < 0 || jval_u64(jval_get(v, "soft"), &l->soft) < 0 ||
		    jval_u64(jval_get(v, "hard"), &l->hard) < 0)
			return bad(err, "process.rlimits");
	}
	return 0;
}

static int read_process(const struct jval *process, struct exec_spec *s, struct kerr *err)
{
	const struct jval *privs = jval_get(process, "noNewPrivileges");
	int64_t score = 0;
	int r = read_user(process, s, err);

	if (r == 0)
		r = read_caps(process, s, err);
	if (r == 0)
		r = read_limits(process, s, err);
	if (r == 0)
		r = jval_get_strlist(process, "env", "process", &s->env, err);
	if (r == 0)
		r = jval_get_str(process, "cwd", "process", &s->cwd, err);
	if (r == 0)
		r = jval_get_str(process, "apparmorProfile", "process", &s->apparmor, err);
	if (r == 0 && !jval_is_null(privs) && jval_bool(privs, &s->no_new_privs) < 0)
		r = bad(err, "process.noNewPrivileges");
	if (r == 0 && read_number(process, "oomScoreAdj", -1000, 1000, &score) < 0)
		r = bad(err, "process.oomScoreAdj");
	s->oom_score_adj = (int32_t) score;
	return r;
}

/* Without flags in the profile, the runtime's own choice: one that newer kernels make as well. */
static int read_filter_flags(const char *seccomp, size_t n, uint32_t *ret, struct kerr *err)
{
	cleanup_jval struct jval *flags = NULL;
	const char *part;
	size_t n_part;
	int r = jwalk_get(seccomp, n, "flags", &part, &n_part);

	*ret = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = jval_read(part, n_part, "flags", &flags, NULL);
	if (r < 0)
		return bad(err, "linux.seccomp.flags");
	if (jval_count(flags) > 0)
		*ret = 0;
	for (size_t i = 0; i < jval_count(flags); i++) {
		const char *name = jval_str(jval_item(flags, i));

		if (streq_null(name, "SECCOMP_FILTER_FLAG_LOG"))
			*ret |= SECCOMP_FILTER_FLAG_LOG;
		if (streq_null(name, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
			*ret |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	}
	return 0;
}

static int read_seccomp(const char *text, size_t n, struct exec_spec *s, struct kerr *err)
{
	const char *linux_part, *part;
	size_t n_linux, n_part;
	int r = jwalk_get(text, n, "linux", &linux_part, &n_linux);

	if (r < 0)
		return bad(err, "linux");
	r = jwalk_get(linux_part, n_linux, "seccomp", &part, &n_part);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return bad(err, "linux.seccomp");
	s->seccomp = xstrndup(part, n_part);
	return read_filter_flags(part, n_part, &s->filter_flags, err);
}

int exec_spec_read(const char *text, size_t n, struct exec_spec *ret, struct kerr *err)
{
	cleanup_exec_spec struct exec_spec s = { 0 };
	cleanup_jval struct jval *process = NULL;
	const char *part;
	size_t n_part;
	int r = jwalk_get(text, n, "process", &part, &n_part);

	if (r < 0)
		return bad(err, "process");
	r = jval_read(part, n_part, "the container's runtime spec", &process, err);
	if (r == 0)
		r = read_process(process, &s, err);
	if (r == 0)
		r = read_seccomp(text, n, &s, err);
	if (r < 0)
		return r;
	*ret = take_struct(s);
	return 0;
}

void exec_spec_clear(struct exec_spec *s)
{
	user_ids_clear(&s->user);
	strlist_clear(&s->env);
	free_p(&s->cwd);
	free_p(&s->apparmor);
	free_p(&s->seccomp);
}

static size_t env_find(const struct strlist *env, const char *key, size_t n)
{
	size_t i;

	for (i = 0; i < env->n; i++)
		if (strncmp(env->v[i], key, n) == 0 && env->v[i][n] == '=')
			break;
	return i;
}

void exec_env_set(struct strlist *env, const char *entry)
{
	size_t i = env_find(env, entry, strcspn(entry, "="));

	if (i == env->n) {
		strlist_add(env, entry);
		return;
	}
	free(env->v[i]);
	env->v[i] = xstrdup(entry);
}

bool exec_env_has(const struct strlist *env, const char *key)
{
	return env_find(env, key, strlen(key)) < env->n;
}
