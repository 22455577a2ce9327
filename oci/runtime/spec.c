/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "caps.h"
#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "mount_plan.h"
#include "security.h"
#include "shim_proto.h"
#include "spec.h"
#include "spec_priv.h"
#include "spec_tables.h"
#include "str.h"
#include "tty_proto.h"
#include "user.h"

/* Values for "process", computed before anything is written. */
struct process {
	struct strlist args;
	struct strlist env;
	char *cwd;
	struct user_ids user;
	bool caps[CAPS_MAX];
	bool added[CAPS_MAX]; /* capabilities added by the manifest */
	struct security security;
	struct buf seccomp; /* the profile as JSON; empty: none */
};

static void process_clear(struct process *p)
{
	strlist_clear(&p->args);
	strlist_clear(&p->env);
	free(p->cwd);
	user_ids_clear(&p->user);
	security_clear(&p->security);
	buf_clear(&p->seccomp);
}

static void key_str(struct jemit *j, const char *key, const char *value)
{
	jemit_key(j, key);
	jemit_str(j, value);
}

static void key_bool(struct jemit *j, const char *key, bool value)
{
	jemit_key(j, key);
	jemit_bool(j, value);
}

static void key_i64(struct jemit *j, const char *key, int64_t value)
{
	jemit_key(j, key);
	jemit_i64(j, value);
}

static void key_list(struct jemit *j, const char *key, const char *const *v)
{
	jemit_key(j, key);
	jemit_array(j);
	for (; *v != NULL; v++)
		jemit_str(j, *v);
	jemit_array_end(j);
}

/* ---- process ---- */

/*
 * Names as in capabilities(7), in any case; "ALL" and "CAP_ALL" mean all of them.
 * Unknown names are an error.
 */
static int change_caps(bool caps[CAPS_MAX], const struct strlist *names, bool to, struct kerr *err)
{
	int cap;

	for (size_t i = 0; i < names->n; i++) {
		cleanup_free char *name = str_trim(names->v[i]);

		if (str_case_eq(name, "all") || str_case_eq(name, "cap_all")) {
			for (cap = 0; cap < CAPS_MAX; cap++)
				caps[cap] = to;
			continue;
		}
		cap = caps_from_name(name);
		if (cap < 0)
			return kerr_plain(err, -EINVAL, "unknown capability \"%s\"", name);
		caps[cap] = to;
	}
	return 0;
}

/*
 * Only capabilities that this kernel knows and that are in our own bounding set can be
 * given. Others are dropped if they come from ALL or the defaults; one that the manifest
 * names is an error.
 */
static int limit_caps(bool caps[CAPS_MAX], const struct strlist *asked, struct kerr *err)
{
	char shown[CAPS_NAME_MAX];
	int cap;

	for (size_t i = 0; i < asked->n; i++) {
		cleanup_free char *name = str_trim(asked->v[i]);

		cap = caps_from_name(name);
		if (cap >= 0 && !caps_in_bounding(cap))
			return kerr_plain(err, -EPERM,
					  "capability %s cannot be given: kukeond does not have it",
					  caps_name(cap, shown));
	}
	for (cap = 0; cap < CAPS_MAX; cap++)
		caps[cap] = caps[cap] && caps_in_bounding(cap);
	return 0;
}

/* Compute the capabilities of the process, and in added those that the manifest adds. */
static int resolve_caps(const struct container_spec *c, bool caps[CAPS_MAX], bool added[CAPS_MAX],
			struct kerr *err)
{
	static const struct strlist none = { 0 };
	int r;

	for (size_t i = 0; c->privileged && i < CAPS_MAX; i++)
		caps[i] = true;
	for (size_t i = 0; spec_capabilities[i] != NULL; i++)
		caps[caps_from_name(spec_capabilities[i])] = true;
	if (c->capabilities == NULL && !c->privileged)
		return 0;
	if (c->capabilities == NULL)
		return limit_caps(caps, &none, err);
	r = change_caps(caps, &c->capabilities->drop, false, err);
	if (r == 0)
		r = change_caps(caps, &c->capabilities->add, true, err);
	if (r == 0)
		r = change_caps(added, &c->capabilities->add, true, err);
	if (r == 0)
		r = limit_caps(caps, &c->capabilities->add, err);
	for (size_t i = 0; i < CAPS_MAX; i++)
		added[i] = added[i] && caps[i];
	return r;
}

/* Look up the user and the working directory in the container's root. */
static int resolve_in_root(const struct spec_input *in, struct process *p, struct kerr *err)
{
	cleanup_fd int opened = -EBADF;
	const char *image_user = in->image != NULL ? in->image->user : NULL;
	bool own = !str_empty(in->c->user);
	int root, r = 0;

	if (in->root == 0)
		opened = open(in->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	root = in->root != 0 ? in->root : opened;
	if (root < 0)
		return kerr_set(err, -errno, "open '%s'", in->rootfs);
	if (in->mounts != NULL)
		r = mount_plan_cwd(in->mounts, root, p->cwd, err);
	if (r < 0)
		return r;
	return user_resolve(root, own ? in->c->user : image_user, own ? USER_EXACT_GROUP : 0,
			    &p->user, err);
}

/*
 * The built-in profile is a default only: it is not used for privileged containers nor
 * in cells with a nested cgroup runtime.
 */
static int resolve_security(const struct spec_input *in, struct process *p, struct kerr *err)
{
	bool nested = in->cell != NULL && in->cell->spec.nested_cgroup_runtime;
	enum security_flags flags = 0;
	struct jemit j;
	int r;

	if ((in->flags & SPEC_SECCOMP) && !in->c->privileged && !nested)
		flags |= SECURITY_SECCOMP_DEFAULT;
	r = security_resolve(in->c, flags, p->caps, &p->security, err);
	if (r < 0 || !p->security.seccomp)
		return r;
	jemit_init(&j, &p->seccomp, 0);
	seccomp_profile_emit(&p->security.profile.p, &j);
	return buf_check(&p->seccomp, "the seccomp profile", err);
}

static int process_resolve(const struct spec_input *in, struct process *p, struct kerr *err)
{
	int r;

	r = spec_args(in, &p->args, err);
	if (r == 0)
		r = spec_env(in, &p->env, err);
	if (r == 0)
		r = spec_cwd(in, &p->cwd, err);
	if (r == 0)
		r = resolve_caps(in->c, p->caps, p->added, err);
	if (r == 0)
		r = resolve_in_root(in, p, err);
	if (r == 0)
		r = resolve_security(in, p, err);
	return r;
}

static void emit_user(const struct user_ids *u, struct jemit *j)
{
	jemit_key(j, "user");
	jemit_object(j);
	key_i64(j, "uid", u->uid);
	key_i64(j, "gid", u->gid);
	jemit_key(j, "additionalGids");
	jemit_array(j);
	for (size_t i = 0; i < u->n_groups; i++)
		jemit_i64(j, u->groups[i]);
	jemit_array_end(j);
	jemit_object_end(j);
}

static void emit_cap_set(struct jemit *j, const char *set, const bool caps[CAPS_MAX])
{
	char name[CAPS_NAME_MAX];

	jemit_key(j, set);
	jemit_array(j);
	for (int cap = 0; cap < CAPS_MAX; cap++)
		if (caps[cap])
			jemit_str(j, caps_name(cap, name));
	jemit_array_end(j);
}

/*
 * A user other than root keeps only ambient capabilities when executing a program, and
 * ambient ones must be inheritable (capabilities(7)). So both sets have what the
 * manifest adds, and nothing else.
 */
static void emit_caps(const struct process *p, struct jemit *j)
{
	bool ambient = p->user.uid != 0 && memchr(p->added, true, sizeof(p->added));

	jemit_key(j, "capabilities");
	jemit_object(j);
	emit_cap_set(j, "bounding", p->caps);
	emit_cap_set(j, "effective", p->caps);
	if (ambient)
		emit_cap_set(j, "inheritable", p->added);
	emit_cap_set(j, "permitted", p->caps);
	if (ambient)
		emit_cap_set(j, "ambient", p->added);
	jemit_object_end(j);
}

static void emit_files_limit(const struct spec_input *in, struct jemit *j)
{
	int64_t hard = in->files_max > 0 && in->files_max < SPEC_FILES_HARD ? in->files_max
									    : SPEC_FILES_HARD;

	jemit_key(j, "rlimits");
	jemit_array(j);
	jemit_object(j);
	key_str(j, "type", "RLIMIT_NOFILE");
	key_i64(j, "hard", hard);
	key_i64(j, "soft", hard < SPEC_FILES_SOFT ? hard : SPEC_FILES_SOFT);
	jemit_object_end(j);
	jemit_array_end(j);
}

static void emit_process(const struct spec_input *in, const struct process *p, struct jemit *j)
{
	jemit_key(j, "process");
	jemit_object(j);
	key_bool(j, "terminal", false);
	emit_user(&p->user, j);
	if (in->tty != NULL)
		key_list(j, "args", (const char *const[]){ TTY_BIN, NULL });
	else {
		jemit_key(j, "args");
		jemit_strlist(j, &p->args);
	}
	jemit_key(j, "env");
	jemit_strlist(j, &p->env);
	key_str(j, "cwd", p->cwd);
	emit_caps(p, j);
	emit_files_limit(in, j);
	key_bool(j, "noNewPrivileges", p->security.no_new_privileges);
	if (p->security.apparmor != NULL)
		key_str(j, "apparmorProfile", p->security.apparmor);
	/* always set, or the monitor's own score would be inherited */
	key_i64(j, "oomScoreAdj", 0);
	jemit_object_end(j);
}

/* ---- linux ---- */

static void emit_limit(struct jemit *j, const char *object, const char *key, struct nint v)
{
	if (!v.set || v.v <= 0)
		return;
	jemit_key(j, object);
	jemit_object(j);
	key_i64(j, key, v.v);
	jemit_object_end(j);
}

static void emit_resources(const struct container_spec *c, struct jemit *j)
{
	jemit_key(j, "resources");
	jemit_object(j);
	jemit_key(j, "devices");
	jemit_array(j);
	jemit_object(j);
	/* runc adds the few devices that every container has */
	key_bool(j, "allow", c->privileged);
	key_str(j, "access", "rwm");
	jemit_object_end(j);
	jemit_array_end(j);
	if (c->resources != NULL) {
		emit_limit(j, "memory", "limit", c->resources->memory_limit_bytes);
		emit_limit(j, "cpu", "shares", c->resources->cpu_shares);
		emit_limit(j, "pids", "limit", c->resources->pids_limit);
	}
	jemit_object_end(j);
}

static void emit_namespace(struct jemit *j, const char *type, const char *path)
{
	jemit_object(j);
	key_str(j, "type", type);
	if (path != NULL)
		key_str(j, "path", path);
	jemit_object_end(j);
}

static void emit_namespaces(const struct spec_input *in, struct jemit *j)
{
	jemit_key(j, "namespaces");
	jemit_array(j);
	if (!in->c->host_pid)
		emit_namespace(j, "pid", NULL);
	emit_namespace(j, "ipc", in->ipcns);
	emit_namespace(j, "uts", in->utsns);
	emit_namespace(j, "mount", NULL);
	if ((in->flags & SPEC_HOST_NETWORK) == 0)
		emit_namespace(j, "network", in->netns);
	if (!in->c->host_cgroup)
		emit_namespace(j, "cgroup", NULL);
	jemit_array_end(j);
}

static int emit_linux(const struct spec_input *in, const struct process *p, struct jemit *j,
		      struct kerr *err)
{
	int r;

	jemit_key(j, "linux");
	jemit_object(j);
	key_str(j, "cgroupsPath", in->cgroups_path);
	emit_namespaces(in, j);
	emit_resources(in->c, j);
	if (in->c->privileged) {
		jemit_key(j, "devices");
		r = spec_host_devices(j, err);
		if (r < 0)
			return r;
	} else {
		key_list(j, "maskedPaths", spec_masked_paths);
		key_list(j, "readonlyPaths", spec_readonly_paths);
	}
	if (p->seccomp.len > 0) {
		jemit_key(j, "seccomp");
		jemit_raw(j, p->seccomp.data, p->seccomp.len);
	}
	jemit_object_end(j);
	return 0;
}

/*
 * Runs after the cgroup namespace was created and before the container's program is
 * executed.
 */
static void emit_hooks(const struct spec_input *in, struct jemit *j)
{
	cleanup_free char *protocol = xasprintf("--protocol=%d", SHIM_PROTOCOL);
	cleanup_free char *payload = NULL;

	if (in->payload == NULL)
		return;
	payload = xasprintf("--payload=%s", in->payload);
	jemit_key(j, "hooks");
	jemit_object(j);
	jemit_key(j, "createRuntime");
	jemit_array(j);
	jemit_object(j);
	key_str(j, "path", in->payload_program);
	key_list(j, "args", (const char *const[]){ "kukeshim", protocol, payload, NULL });
	jemit_object_end(j);
	jemit_array_end(j);
	jemit_object_end(j);
}

static int emit_spec(const struct spec_input *in, const struct process *p, struct buf *json,
		     struct kerr *err)
{
	struct jemit j;
	int r;

	jemit_init(&j, json, 0);
	jemit_object(&j);
	key_str(&j, "ociVersion", "1.0.2");
	emit_process(in, p, &j);
	jemit_key(&j, "root");
	jemit_object(&j);
	key_str(&j, "path", in->rootfs);
	key_bool(&j, "readonly", in->c->read_only_root_filesystem);
	jemit_object_end(&j);
	jemit_key(&j, "mounts");
	spec_mounts(in, &j);
	r = emit_linux(in, p, &j, err);
	if (r < 0)
		return r;
	emit_hooks(in, &j);
	jemit_object_end(&j);
	return buf_check(json, "the runtime spec", err);
}

void spec_tty_clear(struct spec_tty *t)
{
	free_p(&t->program);
	free_p(&t->dir);
	free_p(&t->config);
}

void spec_result_clear(struct spec_result *r)
{
	user_ids_clear(&r->user);
	free_p(&r->seccomp);
}

int spec_build(const struct spec_input *in, struct buf *json, struct spec_result *ret,
	       struct kerr *err)
{
	cleanup_(process_clear) struct process p = { .seccomp = BUF_INIT(SPEC_MAX) };
	int r;

	r = process_resolve(in, &p, err);
	if (r == 0)
		r = emit_spec(in, &p, json, err);
	if (r < 0)
		return r;
	if (ret != NULL) {
		*ret = (struct spec_result){ .user = p.user };
		p.user = (struct user_ids){ 0 };
		if (p.seccomp.len > 0)
			ret->seccomp = buf_take(&p.seccomp);
	}
	return 0;
}
