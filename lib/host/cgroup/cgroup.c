/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_doctor.h"
#include "cgroup_host.h"
#include "cgroup_kill.h"
#include "cgroup_v1.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "str.h"

#define CGROUP_TEXT_MAX ((size_t) 1 << 20)
#define CGROUP_BOOTSTRAP "/__bootstrap"

/* The controllers that every level delegates, in this order. */
static const char *const resource_controllers[] = { "cpu", "memory", "io", "pids" };

/* ---- ensure ---- */

int cgroup_offers(const struct cgroup_host *h, const char *controller, char **ret_where)
{
	cleanup_strlist struct strlist have = { 0 };
	const char *mount = NULL;
	int r;

	for (size_t i = 0; i < h->n && h->mode == CGROUP_MODE_V2; i++)
		if (h->v[i].v2)
			mount = h->v[i].mount;
	if (mount != NULL) {
		r = cgroup_read_words(mount, "cgroup.controllers", &have);
		if (r < 0)
			return r;
	} else {
		cgroup_v1_controllers(h, &have);
	}
	if (strlist_has(&have, controller))
		return 1;
	*ret_where = mount != NULL ? path_join(mount, "cgroup.controllers", NULL)
				   : xstrdup("the mounted cgroup v1 hierarchies");
	return 0;
}

int cgroup_reset_weight(const struct cgroup_host *h, const char *path, struct kerr *err)
{
	cleanup_free char *dir = h->mode == CGROUP_MODE_V2 ? cgroup_v2_dir(h, path) : NULL;
	cleanup_free char *file = NULL;
	cleanup_fd int fd = -EBADF;
	int r;

	if (dir == NULL)
		return 0;
	file = path_join(dir, "cpu.weight", NULL);
	fd = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", file);
	r = fd_write_all(fd, "100", 3);
	return r < 0 ? kerr_set(err, r, "write '%s'", file) : 0;
}

/*
 * The controllers to delegate: those of resource_controllers that the root has, or
 * (nested) all of the root's.
 */
static int wanted_controllers(const char *mount, enum cgroup_ensure_flags flags,
			      struct strlist *ret, struct kerr *err)
{
	cleanup_strlist struct strlist have = { 0 };
	int r;

	r = cgroup_read_words(mount, "cgroup.controllers", &have);
	if (r < 0)
		return kerr_set(err, r, "read '%s/cgroup.controllers'", mount);
	strlist_clear(ret);
	strlist_make_empty(ret);
	for (size_t i = 0; (flags & CGROUP_ENSURE_NESTED) && i < have.n; i++)
		strlist_add(ret, have.v[i]);
	for (size_t i = 0; !(flags & CGROUP_ENSURE_NESTED) && i < ARRAY_SIZE(resource_controllers);
	     i++)
		if (strlist_has(&have, resource_controllers[i]))
			strlist_add(ret, resource_controllers[i]);
	return 0;
}

/* Enable one controller at a time, so that one failure does not prevent the others. */
static int delegate_each(const char *file, struct strlist *missing, struct strlist *wanted,
			 enum cgroup_ensure_flags flags, struct kerr *err)
{
	char plus[64];
	int r;

	for (size_t i = 0; i < missing->n; i++) {
		(void) snprintf(plus, sizeof(plus), "+%s", missing->v[i]);
		r = sys_write(AT_FDCWD, file, plus);
		if (r >= 0)
			continue;
		if (!(flags & CGROUP_ENSURE_TOLERANT))
			return kerr_set(err, r, "delegate '%s' in '%s'", missing->v[i], file);
		log_wrn("cgroup controller not delegated", "controller", missing->v[i], "file",
			file);
		for (size_t k = 0; k < wanted->n; k++)
			if (streq(wanted->v[k], missing->v[i])) {
				strlist_remove(wanted, k);
				break;
			}
	}
	return 0;
}

/* Enable in one directory the wanted controllers that are not enabled yet. */
static int delegate_dir(const char *dir, struct strlist *wanted, enum cgroup_ensure_flags flags,
			struct kerr *err)
{
	cleanup_strlist struct strlist have = { 0 }, missing = { 0 };
	cleanup_free char *file = path_join(dir, "cgroup.subtree_control", NULL);
	cleanup_buf struct buf plus = BUF_INIT(CGROUP_TEXT_MAX);
	int r;

	r = cgroup_read_words(dir, "cgroup.subtree_control", &have);
	if (r < 0)
		return kerr_set(err, r, "read '%s'", file);
	for (size_t i = 0; i < wanted->n; i++) {
		if (strlist_has(&have, wanted->v[i]))
			continue;
		strlist_add(&missing, wanted->v[i]);
		buf_addf(&plus, plus.len > 0 ? " +%s" : "+%s", wanted->v[i]);
	}
	if (missing.n == 0)
		return 0;
	r = sys_write(AT_FDCWD, file, buf_str(&plus));
	if (r >= 0)
		return 0;
	return delegate_each(file, &missing, wanted, flags, err);
}

/*
 * A root that holds processes (in a container that owns the whole tree) cannot
 * delegate: move them out.
 */
static int empty_bare_root(const struct cgroup_host *h, const char *mount, struct kerr *err)
{
	if (!cgroup_is_bare_root(mount))
		return 0;
	return cgroup_move_procs(h, "/", CGROUP_BOOTSTRAP, err);
}

static int ensure_v2(const struct cgroup_host *h, const char *path, enum cgroup_ensure_flags flags,
		     struct strlist *controllers, struct kerr *err)
{
	const char *mount = cgroup_v2(h)->mount;
	cleanup_strlist struct strlist wanted = { 0 };
	cleanup_free char *dir = path_join(mount, path + 1, NULL);
	char *p = dir + strlen(dir) - strlen(path);
	int made;
	int r;

	made = cgroup_mkdirs(mount, path, err);
	if (made < 0)
		return made;
	r = wanted_controllers(mount, flags, &wanted, err);
	if (r == 0)
		r = empty_bare_root(h, mount, err);
	while (r == 0 && p) { /* from the root to the parent, then the group itself */
		*p = '\0';
		r = delegate_dir(dir, &wanted, flags, err);
		*p = '/';
		p = strchr(p + 1, '/');
	}
	if (r == 0 && !(flags & CGROUP_ENSURE_LEAF))
		r = delegate_dir(dir, &wanted, flags, err);
	if (r < 0)
		return r;
	if (controllers)
		strlist_copy(controllers, &wanted);
	return made;
}

static int ensure_v1(const struct cgroup_host *h, const char *path, enum cgroup_ensure_flags flags,
		     struct strlist *controllers, struct kerr *err)
{
	const struct cgroup_hierarchy *hi;
	int made = 0;
	int r;

	if (flags & CGROUP_ENSURE_NESTED)
		return kerr_plain(err, -EOPNOTSUPP,
				  "a nested cgroup runtime needs cgroup v2; this host has %s",
				  cgroup_mode_name(h->mode));
	for (size_t i = 0; i < h->n; i++) {
		hi = &h->v[i];
		if (!hi->controllers && !hi->v2 && !(hi->systemd && (flags & CGROUP_ENSURE_LEAF)))
			continue;
		r = cgroup_v1_make(hi, path, err);
		if (r < 0)
			return r;
		made |= r;
	}
	if (controllers) {
		strlist_clear(controllers);
		strlist_make_empty(controllers);
		cgroup_v1_controllers(h, controllers);
	}
	return made;
}

int cgroup_ensure(const struct cgroup_host *h, const char *path, enum cgroup_ensure_flags flags,
		  struct strlist *controllers, struct kerr *err)
{
	int r;

	r = cgroup_path_check(path, err);
	if (r < 0)
		return r;
	if (h->mode == CGROUP_MODE_NONE)
		return kerr_plain(err, -EOPNOTSUPP, "no cgroup hierarchy is mounted");
	if (flags & CGROUP_ENSURE_FRESH) {
		r = cgroup_exists(h, path);
		if (r < 0)
			return kerr_set(err, r, "look at the cgroup '%s'", path);
		if (r > 0)
			return kerr_plain(err, -EEXIST, "the cgroup '%s' exists", path);
	}
	if (h->mode == CGROUP_MODE_V2)
		return ensure_v2(h, path, flags, controllers, err);
	return ensure_v1(h, path, flags, controllers, err);
}

/* ---- looking ---- */

int cgroup_exists(const struct cgroup_host *h, const char *path)
{
	struct stat st;
	int found = 0;

	for (size_t i = 0; i < h->n; i++) {
		cleanup_free char *dir = NULL;

		if (!h->v[i].controllers && !h->v[i].v2)
			continue;
		dir = path_join(h->v[i].mount, path + 1, h->v[i].v2 ? "cgroup.controllers" : NULL,
				NULL);
		if (stat(dir, &st) < 0)
			return errno == ENOENT ? 0 : -errno;
		found = 1;
	}
	return found;
}

/* Directories below dir, sorted; none if there is no dir. */
static int list_groups(const char *dir, struct strlist *ret)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (errno = 0, (de = readdir(d)) != NULL)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			strlist_add(ret, de->d_name);
		else if (de->d_type == DT_UNKNOWN)
			r = -EOPNOTSUPP;
	if (errno != 0)
		r = -errno;
	(void) closedir(d);
	strlist_sort(ret);
	return r;
}

/* Keep in *l what other has too; both are sorted. */
static void intersect(struct strlist *l, const struct strlist *other)
{
	struct strlist both = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (strlist_find(other, l->v[i]))
			strlist_add_owned(&both, l->v[i]);
		else
			free(l->v[i]);
	}
	l->n = 0;
	strlist_clear(l);
	*l = both;
}

int cgroup_children(const struct cgroup_host *h, const char *path, struct strlist *ret)
{
	bool first = true;
	int r;

	strlist_clear(ret);
	for (size_t i = 0; i < h->n; i++) {
		cleanup_strlist struct strlist here = { 0 };
		cleanup_free char *dir = NULL;

		if (!h->v[i].controllers && !h->v[i].v2)
			continue;
		dir = path_join(h->v[i].mount, path + 1, NULL);
		r = list_groups(dir, &here);
		if (r < 0)
			return r;
		if (first) {
			*ret = here;
			here = (struct strlist){ 0 };
		} else {
			intersect(ret, &here);
		}
		first = false;
	}
	return 0;
}

int cgroup_subtree_controllers(const struct cgroup_host *h, const char *path, struct strlist *ret,
			       struct kerr *err)
{
	cleanup_free char *dir = NULL;
	int r;

	if (h->mode == CGROUP_MODE_NONE)
		return kerr_plain(err, -EOPNOTSUPP, "no cgroup hierarchy is mounted");
	if (h->mode != CGROUP_MODE_V2) {
		r = cgroup_exists(h, path);
		if (r <= 0)
			return kerr_set(err, r < 0 ? r : -ENOENT, "look at the cgroup '%s'", path);
		strlist_clear(ret);
		strlist_make_empty(ret);
		cgroup_v1_controllers(h, ret);
		return 0;
	}
	dir = path_join(cgroup_v2(h)->mount, path + 1, NULL);
	r = cgroup_read_words(dir, "cgroup.subtree_control", ret);
	if (r < 0)
		return kerr_set(err, r, "read '%s/cgroup.subtree_control'", dir);
	return 0;
}

void cgroup_close_procs(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close_p(&fds[i]);
}

int cgroup_open_procs(const struct cgroup_host *h, const char *path, int ret[CGROUP_FDS_MAX],
		      size_t *ret_n, struct kerr *err)
{
	const struct cgroup_hierarchy *hi;
	size_t i, n = 0;
	int r = 0;

	for (i = 0; i < h->n && n < CGROUP_FDS_MAX; i++) {
		cleanup_free char *file = NULL;

		hi = &h->v[i];
		if (!hi->controllers && !hi->v2 && !hi->systemd)
			continue;
		file = path_join(hi->mount, path + 1, "cgroup.procs", NULL);
		ret[n] = open(file, O_WRONLY | O_CLOEXEC);
		if (ret[n] < 0 && errno == ENOENT && hi->systemd)
			continue;
		if (ret[n] < 0) {
			r = kerr_set(err, -errno, "open '%s'", file);
			break;
		}
		n++;
	}
	if (r == 0 && n == 0)
		r = kerr_plain(err, -EOPNOTSUPP, "no cgroup hierarchy is mounted");
	if (r < 0) {
		cgroup_close_procs(ret, n);
		return r;
	}
	*ret_n = n;
	return 0;
}

uint64_t cgroup_oom_kills(const struct cgroup_host *h, const char *path)
{
	uint64_t n = 0, total = 0;

	for (size_t i = 0; i < h->n; i++) {
		cleanup_free char *dir = path_join(h->v[i].mount, path + 1, NULL);

		if (!h->v[i].v2 && !(h->v[i].controllers & CGROUP_V1_MEMORY))
			continue;
		if (cgroup_read_key(dir, h->v[i].v2 ? "memory.events" : "memory.oom_control",
				    "oom_kill", &n) == 0)
			total += n;
	}
	return total;
}
