/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "fd.h"
#include "mem.h"
#include "mount_plan.h"
#include "path.h"
#include "rootfs_guard.h"
#include "spec_tables.h"
#include "str.h"
#include "tty_proto.h"
#include "validate_container.h"

#define TMPFS_MODE "mode=1777" /* the kernel's default, written out */

static void entry_clear(struct mount_entry *e)
{
	free(e->target);
	free(e->asked);
	free(e->what);
	free(e->source);
	free(e->composed);
	strlist_clear(&e->options);
	fd_close_p(&e->fd);
}

void mount_plan_clear(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		entry_clear(&p->v[i]);
	free(p->v);
	free(p->dir);
	*p = (struct mount_plan){ 0 };
}

/* ---- collecting ---- */

static bool is_at_or_below(const char *path, const char *place)
{
	size_t n = strlen(place);

	return str_has_prefix(path, place) && (path[n] == '/' || path[n] == '\0');
}

const struct mount_entry *mount_plan_at(const struct mount_plan *p, const char *target)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].skip && streq(p->v[i].target, target))
			return &p->v[i];
	return NULL;
}

static struct mount_entry *add(struct mount_plan *p, enum mount_entry_type type, const char *kind,
			       const char *owned_target)
{
	struct mount_entry *e = vec_grow(&p->v, &p->n, sizeof(*p->v));

	e->type = type;
	e->target = (char *) (uintptr_t) owned_target;
	e->asked = xstrdup(owned_target);
	e->what = xasprintf("%s \"%s\"", kind, owned_target);
	e->parent = MOUNT_PLAN_NONE;
	e->fd = -EBADF;
	return e;
}

static int target_of(const char *text, char **ret)
{
	cleanup_free char *trimmed = str_trim(text);

	return mount_target_clean(trimmed, ret);
}

/*
 * Split "a,b" into options and skip empty ones. "ro", "rw" and "tmpcopyup" become
 * members, as a read-only tmpfs is filled before it is made read-only.
 */
static void add_options(struct mount_entry *e, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == ',')) {
		cleanup_free char *raw = NULL;
		cleanup_free char *word = NULL;

		n = strcspn(text, ",");
		raw = xstrndup(text, n);
		word = str_trim(raw);
		if (streq(word, "ro") || streq(word, "rw"))
			e->read_only = streq(word, "ro");
		else if (streq(word, "tmpcopyup"))
			e->copy = true;
		else if (word[0] != '\0')
			strlist_add(&e->options, word);
	}
}

static void add_tmpfs_volume(struct mount_plan *p, const struct volume_mount *v, char *owned_target)
{
	struct mount_entry *e = add(p, MOUNT_ENTRY_TMPFS, "volume", owned_target);

	strlist_add(&e->options, TMPFS_MODE);
	if (v->size_bytes > 0)
		strlist_addf(&e->options, "size=%lld", (long long) v->size_bytes);
	if (v->mode != 0)
		strlist_addf(&e->options, "mode=%04o", v->mode);
	e->read_only = v->read_only;
}

static void add_bind_volume(struct mount_plan *p, const struct volume_mount *v, char *owned_target)
{
	struct mount_entry *e = add(p, MOUNT_ENTRY_BIND, "volume", owned_target);
	struct stat st;

	e->host = true;
	e->source = str_trim(v->source);
	e->read_only = v->read_only;
	e->file = stat(e->source, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int add_volumes(struct mount_plan *p, const struct container_spec *c, struct kerr *err)
{
	int r;

	r = validate_volume_sources(c, err);
	for (size_t i = 0; r == 0 && i < c->volumes.n; i++) {
		const struct volume_mount *v = &c->volumes.v[i];
		char *target = NULL;

		if (target_of(v->target, &target) < 0)
			return kerr_plain(
				err, -EINVAL,
				"volume target is not allowed (volume[%zu] target \"%s\")", i,
				v->target == NULL ? "" : v->target);
		if (streq_null(v->kind, "tmpfs"))
			add_tmpfs_volume(p, v, target);
		else
			add_bind_volume(p, v, target);
	}
	return r;
}

static int add_tmpfs(struct mount_plan *p, const struct container_tmpfs *t, struct kerr *err)
{
	struct mount_entry *e;
	char *target = NULL;

	if (target_of(t->path, &target) < 0)
		return kerr_plain(err, -EINVAL, "tmpfs path is not allowed (\"%s\")",
				  t->path == NULL ? "" : t->path);
	e = add(p, MOUNT_ENTRY_TMPFS, "tmpfs", target);
	strlist_add(&e->options, TMPFS_MODE);
	strlist_add(&e->options, "nosuid");
	strlist_add(&e->options, "nodev");
	if (t->size_bytes > 0)
		strlist_addf(&e->options, "size=%lld", (long long) t->size_bytes);
	for (size_t i = 0; i < t->options.n; i++)
		add_options(e, t->options.v[i]);
	return 0;
}

static int add_secrets(struct mount_plan *p, const struct spec_input *in, struct kerr *err)
{
	for (size_t i = 0; i < in->n_secrets; i++) {
		const struct spec_secret *s = &in->secrets[i];
		struct mount_entry *e;
		char *target = NULL;

		if (s->mount_path == NULL)
			continue;
		if (target_of(s->mount_path, &target) < 0)
			return kerr_plain(
				err, -EINVAL,
				"secret mountPath is not allowed (\"%s\" mountPath \"%s\")",
				s->name, s->mount_path);
		e = add(p, MOUNT_ENTRY_BIND, "secret", target);
		e->source = xstrdup(s->file);
		e->file = true;
		e->read_only = true;
	}
	return 0;
}

/* Whether path is at or below one of the container's volumes. */
static bool in_volume(const struct mount_plan *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_has_prefix(p->v[i].what, "volume ") && is_at_or_below(path, p->v[i].target))
			return true;
	return false;
}

static void add_cell_files(struct mount_plan *p, const struct spec_input *in)
{
	const struct {
		const char *source;
		const char *target;
	} rows[] = {
		{ in->hosts, "/etc/hosts" },
		{ in->hostname, "/etc/hostname" },
		{ in->resolv, "/etc/resolv.conf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mount_entry *e;

		if (rows[i].source == NULL || in_volume(p, rows[i].target) ||
		    mount_plan_at(p, rows[i].target) != NULL)
			continue;
		e = add(p, MOUNT_ENTRY_BIND, "file", xstrdup(rows[i].target));
		e->source = xstrdup(rows[i].source);
		e->file = true;
		e->read_only = true;
		e->own = true;
	}
}

/* They are composed like volumes, so they may be anywhere on the host too. */
static void add_tty(struct mount_plan *p, const struct spec_tty *tty)
{
	const struct {
		const char *source, *target;
		bool file;
	} rows[] = {
		{ tty->program, TTY_BIN, true },
		{ tty->config, TTY_CONFIG, true },
		{ tty->dir, TTY_DIR, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mount_entry *e =
			add(p, MOUNT_ENTRY_BIND, "the terminal's", xstrdup(rows[i].target));

		e->source = xstrdup(rows[i].source);
		e->host = true;
		e->file = rows[i].file;
		e->read_only = rows[i].file;
	}
}

static void add_run(struct mount_plan *p)
{
	struct mount_entry *e;

	if (mount_plan_at(p, "/run") != NULL)
		return;
	e = add(p, MOUNT_ENTRY_TMPFS, "directory", xstrdup("/run"));
	for (size_t i = 0; spec_run_options[i] != NULL; i++)
		strlist_add(&e->options, spec_run_options[i]);
	e->own = true;
	e->copy = true;
}

static int by_target(const void *a, const void *b)
{
	const struct mount_entry *x = a, *y = b;

	/* a parent is a prefix of its children, so it sorts first */
	return strcmp(x->target, y->target);
}

/*
 * A tmpfs at /dev must be mounted by the runtime: it creates devices in no other kind of
 * mount.
 */
static bool is_dev_tmpfs(const struct mount_entry *e)
{
	return e->type == MOUNT_ENTRY_TMPFS && streq(e->target, "/dev");
}

int mount_plan_make(const struct spec_input *in, const char *dir, struct mount_plan *ret,
		    struct kerr *err)
{
	cleanup_mount_plan struct mount_plan p = { .dir = xstrdup(dir) };
	int r;

	r = add_volumes(&p, in->c, err);
	for (size_t i = 0; r == 0 && i < in->c->tmpfs.n; i++)
		r = add_tmpfs(&p, &in->c->tmpfs.v[i], err);
	if (r == 0)
		r = add_secrets(&p, in, err);
	if (r < 0)
		return r;
	add_cell_files(&p, in);
	add_run(&p);
	if (in->tty != NULL)
		add_tty(&p, in->tty);
	qsort(p.v, p.n, sizeof(*p.v), by_target);
	for (size_t i = 0; i < p.n; i++) {
		if (i > 0 && streq(p.v[i].target, p.v[i - 1].target))
			return kerr_plain(err, -EINVAL, "%s and %s have the same target",
					  p.v[i - 1].what, p.v[i].what);
		if (p.v[i].host || (p.v[i].type == MOUNT_ENTRY_TMPFS && !is_dev_tmpfs(&p.v[i])))
			p.v[i].composed = xasprintf("%s/%zu", dir, i);
	}
	*ret = take_struct(p);
	return 0;
}

/* ---- targets ---- */

/* The value of the last "mode=" option; 0: none. */
static mode_t mode_of(const struct mount_entry *e)
{
	const char *text = NULL;
	mode_t mode = 0;

	for (size_t i = 0; i < e->options.n; i++)
		if (str_has_prefix(e->options.v[i], "mode="))
			text = e->options.v[i] + strlen("mode=");
	for (; text != NULL && *text >= '0' && *text <= '7'; text++)
		mode = (mode << 3 | (mode_t) (*text - '0')) & 07777;
	return mode;
}

/*
 * The runtime gives the mode of the directory in the image's root to the /dev it mounts
 * there.
 */
static int prepare_top(const struct mount_plan *p, int root, struct kerr *err)
{
	const struct mount_entry *dev = mount_plan_at(p, "/dev");
	mode_t mode = dev == NULL ? 0755 : is_dev_tmpfs(dev) ? mode_of(dev) : 0;
	int r;

	r = guard_top_dir(root, "dev", mode, err);
	if (r == 0)
		r = guard_top_dir(root, "proc", 0, err);
	return r < 0 ? r : guard_top_dir(root, "sys", 0, err);
}

/*
 * Two entries with the same target: one of the cell or runtime gives way to one of the
 * manifest; two of the manifest are an error.
 */
static int resolve_same_target(struct mount_plan *p, size_t i, size_t k, struct kerr *err)
{
	struct mount_entry *old = &p->v[i], *new = &p->v[k];
	struct mount_entry swap;

	if (new->own) {
		new->skip = true;
		return 0;
	}
	if (!old->own)
		return kerr_plain(err, -EINVAL, "%s and %s resolve to the same target '%s'",
				  old->what, new->what, old->target);
	/* Swap the entries: others refer to the old one by its index, as their parent. */
	swap = *old;
	*old = *new;
	*new = swap;
	old->parent = new->parent;
	new->skip = true;
	return 0;
}

/* Find the entry, among those before it, whose mount contains entry k. */
static int find_parent(struct mount_plan *p, size_t k, struct kerr *err)
{
	struct mount_entry *e = &p->v[k];

	for (size_t i = 0; i < k; i++) {
		const struct mount_entry *other = &p->v[i];

		if (other->skip)
			continue;
		if (streq(other->target, e->target))
			return resolve_same_target(p, i, k, err);
		if (is_at_or_below(other->target, e->target))
			return kerr_plain(err, -EINVAL,
					  "%s would hide %s, whose target resolves to '%s'",
					  e->what, other->what, other->target);
		if (!is_at_or_below(e->target, other->target) || is_dev_tmpfs(other))
			continue;
		if (e->parent == MOUNT_PLAN_NONE ||
		    strlen(other->target) > strlen(p->v[e->parent].target))
			e->parent = i;
	}
	return 0;
}

/* An entry inside the mount of another one is composed together with it. */
static int place_entry(struct mount_plan *p, size_t k, struct kerr *err)
{
	struct mount_entry *e = &p->v[k], *top;
	int r;

	r = find_parent(p, k, err);
	if (r < 0 || e->skip || e->parent == MOUNT_PLAN_NONE)
		return r;
	top = &p->v[e->parent];
	if (top->file)
		return kerr_plain(err, -ENOTDIR, "%s is a file: %s cannot be mounted below it",
				  top->what, e->what);
	/* The image has a link from here into a volume; the volume must not be changed. */
	if (e->own && top->type == MOUNT_ENTRY_BIND) {
		e->skip = true;
		return 0;
	}
	free_p(&e->composed);
	while (top->parent != MOUNT_PLAN_NONE)
		top = &p->v[top->parent];
	if (top->composed == NULL)
		top->composed = xasprintf("%s/%zu", p->dir, (size_t) (top - p->v));
	return 0;
}

static int prepare_entry(struct mount_plan *p, size_t k, int root, const struct strlist *covered,
			 struct kerr *err)
{
	struct mount_entry *e = &p->v[k];
	enum guard_flags flags = e->file ? GUARD_FILE : 0;
	char *target = NULL;
	int r;

	if (streq(e->target, "/dev"))
		return 0; /* done by guard_top_dir */
	if (e->own)
		flags |= GUARD_REPLACE | (e->file ? GUARD_NO_LINK : 0);
	r = guard_resolve(root, e->target, covered, flags, &target, err);
	if (r < 0)
		return kerr_wrap(err, r, "%s", e->what);
	free(e->target);
	e->target = target;
	return place_entry(p, k, err);
}

int mount_plan_prepare(struct mount_plan *p, int root, struct kerr *err)
{
	cleanup_strlist struct strlist covered = { 0 };
	int r;

	strlist_add(&covered, "/dev");
	r = prepare_top(p, root, err);
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		r = prepare_entry(p, i, root, &covered, err);
		strlist_add(&covered, p->v[i].target);
	}
	return r;
}

int mount_plan_cwd(const struct mount_plan *p, int root, const char *cwd, struct kerr *err)
{
	static const char *const mounted[] = { "/proc", "/sys", "/dev" };
	cleanup_strlist struct strlist covered = { 0 };
	cleanup_free char *real = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(mounted); i++)
		strlist_add(&covered, mounted[i]);
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].skip && !p->v[i].copy)
			strlist_add(&covered, p->v[i].target);
	r = guard_follow(root, cwd, &covered, &real, err);
	if (r < 0)
		return kerr_wrap(err, r, "working directory '%s'", cwd);
	if (is_at_or_below(real, "/proc") && !streq(real, "/proc"))
		return kerr_plain(err, -EINVAL,
				  "working directory '%s' leads to '%s', which is not a "
				  "directory of the container",
				  cwd, real);
	return 0;
}
