/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup_host.h"
#include "fd.h"
#include "mem.h"
#include "mount.h"
#include "path.h"
#include "str.h"

#define CGROUP_TEXT_MAX ((size_t) 1 << 20)
#define KEYS_TEXT_MAX 4096 /* of a file with a few "key N" lines */

static const char *const mode_names[] = {
	[CGROUP_MODE_V2] = "v2",
	[CGROUP_MODE_V1] = "v1",
	[CGROUP_MODE_HYBRID] = "hybrid",
	[CGROUP_MODE_NONE] = "none",
};
_Static_assert(ARRAY_SIZE(mode_names) == _CGROUP_MODE_MAX, "a mode without a name");

static const struct controller_row {
	unsigned bit;
	const char *name;
	const char *v2_name; /* NULL: not reported */
} controller_rows[] = {
	{ CGROUP_V1_CPU, "cpu", "cpu" },	{ CGROUP_V1_MEMORY, "memory", "memory" },
	{ CGROUP_V1_BLKIO, "blkio", "io" },	{ CGROUP_V1_PIDS, "pids", "pids" },
	{ CGROUP_V1_CPUACCT, "cpuacct", NULL }, { CGROUP_V1_CPUSET, "cpuset", NULL },
	{ CGROUP_V1_FREEZER, "freezer", NULL }, { CGROUP_V1_DEVICES, "devices", NULL },
};

unsigned cgroup_v1_controller(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(controller_rows); i++)
		if (streq(name, controller_rows[i].name))
			return controller_rows[i].bit;
	return 0;
}

void cgroup_v1_controllers(const struct cgroup_host *h, struct strlist *ret)
{
	unsigned all = 0;

	for (size_t i = 0; i < h->n; i++)
		all |= h->v[i].controllers;
	for (size_t i = 0; i < ARRAY_SIZE(controller_rows); i++)
		if (controller_rows[i].v2_name && (all & controller_rows[i].bit))
			strlist_add(ret, controller_rows[i].v2_name);
}

const char *cgroup_mode_name(enum cgroup_mode mode)
{
	assert(mode >= CGROUP_MODE_V2 && mode < _CGROUP_MODE_MAX);
	return mode_names[mode];
}

/* ---- small readers ---- */

int cgroup_path_check(const char *path, struct kerr *err)
{
	const char *p = path;
	size_t n;

	if (path[0] != '/' || path[1] == '\0')
		return kerr_plain(err, -EINVAL, "cgroup path '%s' is not absolute", path);
	while (*p) {
		n = strcspn(++p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return kerr_plain(err, -EINVAL, "cgroup path '%s' has an empty or dot part",
					  path);
		p += n;
	}
	return 0;
}

int cgroup_read_words(const char *dir, const char *file, struct strlist *ret)
{
	cleanup_buf struct buf text = BUF_INIT(CGROUP_TEXT_MAX);
	cleanup_free char *path = path_join(dir, file, NULL);
	size_t n;
	int r;

	r = sys_read(AT_FDCWD, path, &text);
	if (r < 0)
		return r;
	strlist_clear(ret);
	strlist_make_empty(ret);
	for (const char *p = buf_str(&text); *p; p += n) {
		p += strspn(p, " \n");
		n = strcspn(p, " \n");
		if (n > 0)
			strlist_add_owned(ret, xstrndup(p, n));
	}
	return 0;
}

int cgroup_read_key(const char *dir, const char *file, const char *key, uint64_t *ret)
{
	cleanup_free char *path = path_join(dir, file, NULL);
	char text[KEYS_TEXT_MAX];
	char *rest = text;
	const char *line;
	size_t n = strlen(key);
	int r;

	r = sys_read_line(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return r;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return str_to_u64(line + n + 1, 0, UINT64_MAX, ret);
	return -ENOENT;
}

/* ---- the host ---- */

/* "rw,cpu,cpuacct" or "rw,xattr,name=systemd" */
static void read_v1_options(const char *super, struct cgroup_hierarchy *hi)
{
	cleanup_free char *copy = xstrdup(super);
	char *rest = copy, *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		hi->controllers |= cgroup_v1_controller(word);
		if (streq(word, "name=systemd"))
			hi->systemd = true;
	}
}

static int host_add(void *ctx, const struct mount_info *mi)
{
	struct cgroup_host *h = ctx;
	bool v2 = streq(mi->fstype, "cgroup2");
	unsigned device = (unsigned) makedev(mi->major, mi->minor);
	struct cgroup_hierarchy *hi;

	if (!v2 && !streq(mi->fstype, "cgroup"))
		return 0;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].device == device)
			return 0;
	hi = vec_grow(&h->v, &h->n, sizeof(*h->v));
	hi->mount = xstrdup(mi->point);
	hi->device = device;
	hi->v2 = v2;
	if (!v2)
		read_v1_options(mi->super, hi);
	return 0;
}

static enum cgroup_mode host_mode(const struct cgroup_host *h)
{
	bool v1 = false;

	for (size_t i = 0; i < h->n; i++)
		v1 = v1 || h->v[i].controllers != 0;
	if (cgroup_v2(h))
		return v1 ? CGROUP_MODE_HYBRID : CGROUP_MODE_V2;
	return v1 ? CGROUP_MODE_V1 : CGROUP_MODE_NONE;
}

int cgroup_host_new(const char *mountinfo, struct cgroup_host **ret, struct kerr *err)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *h = xcalloc(1, sizeof(*h));
	int r;

	r = mount_each(mountinfo, host_add, h, err);
	if (r < 0)
		return r;
	h->mode = host_mode(h);
	*ret = take_ptr(h);
	return 0;
}

struct cgroup_host *cgroup_host_new_v2(const char *mount)
{
	struct cgroup_host *h = xcalloc(1, sizeof(*h));
	struct cgroup_hierarchy *hi = vec_grow(&h->v, &h->n, sizeof(*h->v));

	hi->mount = xstrdup(mount);
	hi->v2 = true;
	h->mode = CGROUP_MODE_V2;
	return h;
}

struct cgroup_host *cgroup_host_free(struct cgroup_host *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].mount);
	free(h->v);
	free(h);
	return NULL;
}

const struct cgroup_hierarchy *cgroup_v2(const struct cgroup_host *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].v2)
			return &h->v[i];
	return NULL;
}

char *cgroup_host_root(const struct cgroup_host *h)
{
	if (h->mode == CGROUP_MODE_V2)
		return xstrdup(cgroup_v2(h)->mount);
	if (h->n > 0)
		return path_dirname(h->v[0].mount);
	return xstrdup("/sys/fs/cgroup");
}

char *cgroup_v2_dir(const struct cgroup_host *h, const char *path)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2(h);

	return v2 ? path_join(v2->mount, path + 1, NULL) : NULL;
}

int cgroup_mkdirs(const char *mount, const char *path, struct kerr *err)
{
	cleanup_free char *dir = path_join(mount, path + 1, NULL);
	size_t top = strlen(dir) - strlen(path);

	if (mkdir(dir, 0755) == 0)
		return 1;
	if (errno == ENOENT) { /* parents are missing too */
		for (char *p = strchr(dir + top + 1, '/'); p; p = strchr(p + 1, '/')) {
			*p = '\0';
			if (mkdir(dir, 0755) < 0 && errno != EEXIST)
				return kerr_set(err, -errno, "create the cgroup '%s'", dir);
			*p = '/';
		}
		if (mkdir(dir, 0755) == 0)
			return 1;
	}
	if (errno != EEXIST)
		return kerr_set(err, -errno, "create the cgroup '%s'", dir);
	return 0;
}

int cgroup_list_subdirs(int dirfd, struct strlist *ret)
{
	size_t next = 0;
	const char *rel = ".";

	strlist_make_empty(ret);
	for (;;) {
		struct dirent *e;
		DIR *d;
		int fd;

		fd = openat(dirfd, rel, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return -errno;
		d = fd >= 0 ? fdopendir(fd) : NULL;
		while (d && (e = readdir(d)) != NULL) {
			if (e->d_type != DT_DIR || streq(e->d_name, ".") || streq(e->d_name, ".."))
				continue;
			if (streq(rel, "."))
				strlist_add(ret, e->d_name);
			else
				strlist_addf(ret, "%s/%s", rel, e->d_name);
		}
		if (d)
			(void) closedir(d);
		if (next == ret->n)
			return 0;
		rel = ret->v[next++];
	}
}
