/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "caps.h"
#include "cellnet.h"
#include "convert.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "ports.h"
#include "str.h"
#include "validate_container.h"

/* Checks of the lists in a container's spec. Messages name the entry: (volume[i]). */

/*
 * A mount over the kernel's file systems would let the container forge files that the
 * runtime reads there (CVE-2025-52881).
 */
static bool is_kernel_path(const char *clean)
{
	return streq(clean, "/") || streq(clean, "/proc") || str_has_prefix(clean, "/proc/") ||
	       streq(clean, "/sys") || str_has_prefix(clean, "/sys/");
}

int mount_target_clean(const char *path, char **ret_clean)
{
	cleanup_free char *clean = NULL;

	if (path == NULL || path_clean(path, &clean) < 0 || is_kernel_path(clean))
		return -EINVAL;
	*ret_clean = take_ptr(clean);
	return 0;
}

static bool target_ok(const char *path)
{
	cleanup_free char *clean = NULL;

	return mount_target_clean(path, &clean) == 0;
}

static int validate_bind(const struct volume_mount *v, const char *source, size_t i,
			 struct kerr *err)
{
	if (source[0] == '\0')
		return kerr_plain(err, -EINVAL, "volume source is required (volume[%zu])", i);
	if (strchr(source, '/') == NULL)
		return kerr_plain(err, -EINVAL,
				  "named or managed volumes are not supported; use an absolute "
				  "host path as source (volume[%zu] source \"%s\")",
				  i, v->source);
	if (source[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "volume source must be an absolute host path (volume[%zu] source "
				  "\"%s\")",
				  i, v->source);
	if (v->size_bytes != 0 || v->mode != 0)
		return kerr_plain(
			err, -EINVAL,
			"volume sizeBytes and mode are for tmpfs only (volume[%zu] target "
			"\"%s\")",
			i, v->target);
	return 0;
}

static int validate_tmpfs_volume(const struct volume_mount *v, const char *source, size_t i,
				 struct kerr *err)
{
	if (source[0] != '\0')
		return kerr_plain(
			err, -EINVAL,
			"tmpfs volume must not set a source; tmpfs is in-memory and has no "
			"host backing (volume[%zu] source \"%s\")",
			i, v->source);
	if (v->size_bytes < 0)
		return kerr_plain(
			err, -EINVAL,
			"volume sizeBytes must not be negative (volume[%zu] target \"%s\")", i,
			v->target);
	if (v->mode > 07777)
		return kerr_plain(
			err, -EINVAL,
			"volume mode must be within [0, 07777] (volume[%zu] target \"%s\")", i,
			v->target);
	return 0;
}

int validate_volume(const struct volume_mount *v, size_t i, struct kerr *err)
{
	cleanup_free char *target = str_trim(v->target);
	cleanup_free char *source = str_trim(v->source);
	const char *kind = v->kind == NULL ? "" : v->kind;

	if (target[0] == '\0')
		return kerr_plain(err, -EINVAL, "volume target is required (volume[%zu])", i);
	if (target[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "volume target must be an absolute container path (volume[%zu] "
				  "target \"%s\")",
				  i, v->target);
	if (!target_ok(target))
		return kerr_plain(err, -EINVAL,
				  "volume target is not allowed (volume[%zu] target \"%s\")", i,
				  v->target);
	if (streq(kind, "") || streq(kind, "bind"))
		return validate_bind(v, source, i, err);
	if (streq(kind, "tmpfs"))
		return validate_tmpfs_volume(v, source, i, err);
	return kerr_plain(err, -EINVAL,
			  "volume kind is not recognized; expected \"\", \"bind\", or \"tmpfs\" "
			  "(volume[%zu] kind \"%s\")",
			  i, kind);
}

int validate_volume_sources(const struct container_spec *c, struct kerr *err)
{
	const struct volume_mount *v;
	struct stat st;

	for (size_t i = 0; i < c->volumes.n; i++) {
		v = &c->volumes.v[i];
		if (!str_empty(v->kind) && !streq(v->kind, "bind"))
			continue;
		if (stat(v->source == NULL ? "" : v->source, &st) < 0 &&
		    (errno == ENOENT || errno == ENOTDIR))
			return kerr_plain(err, -EINVAL,
					  "volume source does not exist on the host (volume[%zu] "
					  "source \"%s\")",
					  i, v->source == NULL ? "" : v->source);
	}
	return 0;
}

static bool secret_name_ok(const char *name)
{
	return strpbrk(name, "/\\") == NULL && !streq(name, ".") && !streq(name, "..");
}

int validate_secret(const struct container_secret *s, size_t i, struct kerr *err)
{
	cleanup_free char *name = str_trim(s->name);
	cleanup_free char *file = str_trim(s->from_file);
	cleanup_free char *env = str_trim(s->from_env);
	cleanup_free char *path = str_trim(s->mount_path);

	if (name[0] == '\0')
		return kerr_plain(err, -EINVAL, "secret name is required (secrets[%zu])", i);
	if (!secret_name_ok(name))
		return kerr_plain(err, -EINVAL,
				  "secret name must be a single path segment without '/' or '\\' "
				  "(secrets[%zu] \"%s\")",
				  i, name);
	/* Without a mountPath the name becomes that of an environment variable. */
	if (path[0] == '\0' && strchr(name, '=') != NULL)
		return kerr_plain(err, -EINVAL,
				  "secret name must not contain '=' (secrets[%zu] \"%s\")", i,
				  name);
	if (file[0] == '\0' && env[0] == '\0')
		return kerr_plain(
			err, -EINVAL,
			"secret requires exactly one of fromFile or fromEnv (secrets[%zu] "
			"\"%s\")",
			i, name);
	if (file[0] != '\0' && env[0] != '\0')
		return kerr_plain(err, -EINVAL,
				  "secret must not set both fromFile and fromEnv (secrets[%zu] "
				  "\"%s\")",
				  i, name);
	if (file[0] != '\0' && file[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "secret fromFile must be an absolute host path (secrets[%zu] "
				  "\"%s\" fromFile \"%s\")",
				  i, name, file);
	if (path[0] != '\0' && path[0] != '/')
		return kerr_plain(
			err, -EINVAL,
			"secret mountPath must be an absolute container path (secrets[%zu] "
			"\"%s\" mountPath \"%s\")",
			i, name, path);
	if (path[0] != '\0' && !target_ok(path))
		return kerr_plain(err, -EINVAL,
				  "secret mountPath is not allowed (secrets[%zu] \"%s\" mountPath "
				  "\"%s\")",
				  i, name, path);
	return 0;
}

int validate_restart_policy(const char *policy, struct kerr *err)
{
	const struct field *row = model_find(&container_spec_type, "restartPolicy", NULL);

	if (str_empty(policy))
		return 0;
	for (const char *const *v = row->values; *v; v++)
		if (streq(policy, *v))
			return 0;
	return kerr_plain(
		err, -EINVAL,
		"restartPolicy \"%s\" is not recognized; expected \"\", \"no\", \"never\", "
		"\"on-failure\", \"unless-stopped\" or \"always\"",
		policy);
}

void security_opt_clear(struct security_opt *o)
{
	free(o->value);
	*o = (struct security_opt){ 0 };
}

/* Fold the keywords of a case-insensitive key to lower case; a path is left unchanged. */
static void fold_word(char **value)
{
	static const char *const words[] = { "unconfined", "default" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!str_case_eq(*value, words[i]))
			continue;
		free(*value);
		*value = xstrdup(words[i]);
	}
}

static bool security_opt_split(const char *opt, struct security_opt *ret)
{
	const char *cut = strpbrk(opt, "=:");
	cleanup_free char *left = cut == NULL ? xstrdup(opt) : xstrndup(opt, (size_t) (cut - opt));
	cleanup_free char *key = str_trim(left);

	ret->value = str_trim(cut == NULL ? "" : cut + 1);
	ret->on = true;
	if (str_case_eq(key, "no-new-privileges")) {
		ret->key = SECURITY_NO_NEW_PRIVILEGES;
		return cut == NULL || str_to_bool(ret->value, &ret->on) == 0;
	}
	fold_word(&ret->value);
	if (str_case_eq(key, "seccomp")) {
		ret->key = SECURITY_SECCOMP;
		return streq(ret->value, "unconfined") || streq(ret->value, "default") ||
		       ret->value[0] == '/';
	}
	ret->key = SECURITY_APPARMOR;
	return str_case_eq(key, "apparmor") && ret->value[0] != '\0';
}

static bool is_label(const char *opt)
{
	cleanup_free char *trimmed = str_trim(opt);

	return strncasecmp(trimmed, "label", 5) == 0 && strchr("=: ", trimmed[5]) != NULL;
}

int security_opt_parse(const char *opt, struct security_opt *ret, struct kerr *err)
{
	cleanup_(security_opt_clear) struct security_opt o = { 0 };

	if (is_label(opt))
		return kerr_plain(
			err, -EINVAL,
			"unsupported securityOpt \"%s\": SELinux labels are not supported", opt);
	if (!security_opt_split(opt, &o))
		return kerr_plain(err, -EINVAL, "unsupported securityOpt \"%s\"", opt);
	*ret = take_struct(o);
	return 0;
}

/* "all" and "cap_all" mean every capability. */
static int validate_capability_names(const struct strlist *names, struct kerr *err)
{
	for (size_t i = 0; i < names->n; i++) {
		cleanup_free char *name = str_trim(names->v[i]);

		if (!str_case_eq(name, "all") && !str_case_eq(name, "cap_all") &&
		    caps_from_name(name) < 0)
			return kerr_plain(err, -EINVAL, "unknown capability \"%s\"", name);
	}
	return 0;
}

int validate_capabilities(const struct container_capabilities *c, struct kerr *err)
{
	int r;

	if (c == NULL)
		return 0;
	r = validate_capability_names(&c->drop, err);
	return r < 0 ? r : validate_capability_names(&c->add, err);
}

/* Bytes, blocks or inodes as the kernel's memparse reads them. */
static bool tmpfs_number_ok(const char *value, const char *units)
{
	size_t n = strspn(value, "0123456789");

	return n > 0 && n < 19 &&
	       (value[n] == '\0' || (strchr(units, value[n]) != NULL && value[n + 1] == '\0'));
}

static bool tmpfs_word_in(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_has_prefix(value, *words) && strchr(":=", value[strlen(*words)]) != NULL)
			return true;
	return false;
}

static bool tmpfs_value_ok(const char *key, const char *value)
{
	static const char *const huge[] = { "never", "always", "within_size", "advise", NULL };
	static const char *const mpol[] = {
		"default", "prefer", "bind", "interleave", "local", NULL
	};
	uint64_t v;

	if (streq(key, "mode="))
		return str_to_u64_base(value, 8, 07777, &v) == 0;
	if (streq(key, "uid=") || streq(key, "gid="))
		return str_to_u64(value, 0, INT32_MAX, &v) == 0;
	if (streq(key, "size="))
		return tmpfs_number_ok(value, "kKmMgGtTpPeE%");
	if (streq(key, "huge="))
		return strchr(value, ':') == NULL && strchr(value, '=') == NULL &&
		       tmpfs_word_in(value, huge);
	if (streq(key, "mpol="))
		return strpbrk(value, " \t\n") == NULL && tmpfs_word_in(value, mpol);
	return tmpfs_number_ok(value, "kKmMgGtTpPeE");
}

/* Whether tmpfs or mount(2) accepts the option; another one would make the start fail. */
static bool tmpfs_word_ok(const char *word)
{
	static const char *const flags[] = {
		"ro",	    "rw",	  "suid",     "nosuid",	    "dev",	   "nodev",
		"exec",	    "noexec",	  "sync",     "async",	    "dirsync",	   "nosymfollow",
		"atime",    "noatime",	  "diratime", "nodiratime", "relatime",	   "norelatime",
		"lazytime", "nolazytime", "inode32",  "inode64",    "strictatime", "noswap",
		"private",  "rprivate",	  "slave",    "rslave",	    "tmpcopyup",
	};
	static const char *const keys[] = { "mode=",	  "uid=",	"gid=",	 "size=",
					    "nr_blocks=", "nr_inodes=", "huge=", "mpol=" };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (streq(word, flags[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_has_prefix(word, keys[i]) && !streq(word, keys[i]))
			return tmpfs_value_ok(keys[i], word + strlen(keys[i]));
	return false;
}

/* One string may hold several options, as in fstab(5); an empty one is ignored. */
static bool tmpfs_option_ok(const char *option)
{
	size_t n;

	for (; *option != '\0'; option += n + (option[n] == ',')) {
		cleanup_free char *raw = NULL;
		cleanup_free char *word = NULL;

		n = strcspn(option, ",");
		raw = xstrndup(option, n);
		word = str_trim(raw);
		if (word[0] != '\0' && !tmpfs_word_ok(word))
			return false;
	}
	return true;
}

static int validate_tmpfs(const struct container_tmpfs *t, size_t i, struct kerr *err)
{
	if (str_empty(t->path))
		return kerr_plain(err, -EINVAL, "tmpfs path is required (tmpfs[%zu])", i);
	if (t->path[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "tmpfs path must be an absolute container path (tmpfs[%zu] path "
				  "\"%s\")",
				  i, t->path);
	if (!target_ok(t->path))
		return kerr_plain(err, -EINVAL,
				  "tmpfs path is not allowed (tmpfs[%zu] path \"%s\")", i, t->path);
	if (t->size_bytes < 0)
		return kerr_plain(err, -EINVAL,
				  "tmpfs sizeBytes must not be negative (tmpfs[%zu] path \"%s\")",
				  i, t->path);
	for (size_t k = 0; k < t->options.n; k++)
		if (!tmpfs_option_ok(t->options.v[k]))
			return kerr_plain(err, -EINVAL,
					  "tmpfs option is not valid (tmpfs[%zu] option \"%s\")", i,
					  t->options.v[k]);
	return 0;
}

int validate_resources(const struct container_resources *r, struct kerr *err)
{
	const struct model_type *t = &container_resources_type;

	for (size_t i = 0; r != NULL && i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		const struct nint *v = field_cptr(f, r);

		if (!v->set)
			continue;
		if (v->v < f->min || v->v > f->max)
			return kerr_plain(err, -EINVAL,
					  "resources.%s must be within [%lld, %lld]: %lld", f->name,
					  (long long) f->min, (long long) f->max, (long long) v->v);
	}
	/* The kernel's minimum is 2; 0 means its default. */
	if (r != NULL && r->cpu_shares.set && r->cpu_shares.v == 1)
		return kerr_plain(err, -EINVAL,
				  "resources.cpuShares must be 0 or within [2, 262144]: 1");
	return 0;
}

/* Check one half of USER[:GROUP] if it is a number; names are looked up in the image. */
static bool id_in_range(const char *s, size_t n)
{
	cleanup_free char *id = xstrndup(s, n);
	uint64_t v;

	return n == 0 || id[strspn(id, "0123456789")] != '\0' ||
	       str_to_u64(id, 0, INT32_MAX, &v) == 0;
}

int validate_user(const char *user, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(256);
	const char *colon, *why = NULL;
	size_t n;

	if (str_empty(user))
		return 0;
	colon = strchr(user, ':');
	n = colon == NULL ? strlen(user) : (size_t) (colon - user);
	for (size_t i = 0; user[i] != '\0' && why == NULL; i++)
		if ((unsigned char) user[i] <= ' ' || user[i] == 0x7f)
			why = "white space or a control character in it";
	if (why == NULL && colon != NULL && strchr(colon + 1, ':') != NULL)
		why = "expected USER or USER:GROUP";
	else if (why == NULL && !id_in_range(user, n))
		why = "the uid is out of range";
	else if (why == NULL && colon != NULL && !id_in_range(colon + 1, strlen(colon + 1)))
		why = "the gid is out of range";
	if (why == NULL)
		return 0;
	str_vis(&shown, user, strnlen(user, 48));
	return kerr_plain(err, -EINVAL, "user \"%s\" is not valid: %s", buf_str(&shown), why);
}

/* KEY alone removes the variable. */
static int validate_env(const struct strlist *env, struct kerr *err)
{
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i][0] == '\0' || env->v[i][0] == '=')
			return kerr_plain(err, -EINVAL,
					  "env entry must be KEY=VALUE or KEY (env[%zu] \"%s\")", i,
					  env->v[i]);
	return 0;
}

/* Check the remaining fields, after volumes and secrets. */
static int validate_container_rest(const struct container_spec *c, struct kerr *err)
{
	struct security_opt opt;
	int r;

	r = validate_env(&c->env, err);
	if (r < 0)
		return r;
	r = validate_user(c->user, err);
	if (r < 0)
		return r;
	r = validate_resources(c->resources, err);
	if (r < 0)
		return r;
	r = ports_check(&c->ports, err);
	if (r < 0)
		return r;
	r = validate_restart_policy(c->restart_policy, err);
	if (r < 0)
		return r;
	if (!str_empty(c->working_dir) && c->working_dir[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "workingDir must be an absolute container path (\"%s\")",
				  c->working_dir);
	r = container_check_networks(c, err);
	if (r < 0)
		return r;
	r = validate_capabilities(c->capabilities, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->security_opts.n; i++) {
		r = security_opt_parse(c->security_opts.v[i], &opt, err);
		if (r < 0)
			return r;
		security_opt_clear(&opt);
	}
	for (size_t i = 0; i < c->tmpfs.n; i++) {
		r = validate_tmpfs(&c->tmpfs.v[i], i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- no mount target twice ---- */

/* The i-th mount target of a container and its field; NULL past the last. */
static const char *target_at(const struct container_spec *c, size_t i, char **ret_field)
{
	if (i < c->volumes.n) {
		*ret_field = xasprintf("volume[%zu] target", i);
		return c->volumes.v[i].target;
	}
	i -= c->volumes.n;
	if (i < c->tmpfs.n) {
		*ret_field = xasprintf("tmpfs[%zu] path", i);
		return c->tmpfs.v[i].path;
	}
	i -= c->tmpfs.n;
	if (i < c->secrets.n) {
		*ret_field = xasprintf("secrets[%zu] mountPath", i);
		return c->secrets.v[i].mount_path == NULL ? "" : c->secrets.v[i].mount_path;
	}
	return NULL;
}

struct target {
	char *clean;
	char *field;
	const char *text;
};

static int by_place(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int r = strcmp(x->clean, y->clean);

	return r != 0 ? r : strcmp(x->field, y->field);
}

static int distinct_in(const struct target *v, size_t n, struct kerr *err)
{
	for (size_t i = 1; i < n; i++)
		if (streq(v[i - 1].clean, v[i].clean))
			return kerr_plain(err, -EINVAL,
					  "two mounts at the same place (%s \"%s\", %s \"%s\")",
					  v[i - 1].field, v[i - 1].text, v[i].field, v[i].text);
	return 0;
}

static int validate_distinct_targets(const struct container_spec *c, struct kerr *err)
{
	size_t max = c->volumes.n + c->tmpfs.n + c->secrets.n, i, n = 0;
	cleanup_free struct target *v = xcalloc(max + 1, sizeof(*v));
	int r;

	for (i = 0; i < max; i++) {
		cleanup_free char *trimmed = NULL;

		v[n].text = target_at(c, i, &v[n].field);
		trimmed = str_trim(v[n].text);
		if (mount_target_clean(trimmed, &v[n].clean) == 0)
			n++;
		else
			free_p(&v[n].field); /* skip a secret that is not mounted */
	}
	qsort(v, n, sizeof(*v), by_place);
	r = distinct_in(v, n, err);
	for (i = 0; i < n; i++) {
		free(v[i].clean);
		free(v[i].field);
	}
	return r;
}

/*
 * Kernel files are hidden from a container by binding its /dev/null over them. If
 * others can write its /dev, that name could be any file (CVE-2025-31133).
 */
static int validate_dev(const struct container_spec *c, struct kerr *err)
{
	for (size_t i = 0; !c->privileged && i < c->volumes.n; i++) {
		const struct volume_mount *v = &c->volumes.v[i];
		cleanup_free char *trimmed = str_trim(v->target);
		cleanup_free char *clean = NULL;

		if (mount_target_clean(trimmed, &clean) == 0 && streq(clean, "/dev") &&
		    !streq_null(v->kind, "tmpfs"))
			return kerr_plain(
				err, -EINVAL,
				"a volume at /dev needs privileged: true (volume[%zu] target "
				"\"%s\")",
				i, v->target);
	}
	return 0;
}

int validate_mount_targets(const struct container_spec *c, struct kerr *err)
{
	int r = validate_distinct_targets(c, err);

	return r < 0 ? r : validate_dev(c, err);
}

int validate_container_spec(const struct container_spec *c, struct kerr *err)
{
	int r;

	for (size_t i = 0; i < c->secrets.n; i++) {
		r = validate_secret(&c->secrets.v[i], i, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < c->volumes.n; i++) {
		r = validate_volume(&c->volumes.v[i], i, err);
		if (r < 0)
			return r;
	}
	r = validate_container_rest(c, err);
	return r < 0 ? r : validate_mount_targets(c, err);
}
