/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "mount.h"
#include "proc.h"
#include "str.h"

#define MOUNT_MAX_MOUNTINFO ((size_t) 64 << 20)
#define MOUNT_OPTIONS_MAX ((size_t) 4096) /* mount(2) takes one page */
#define MOUNT_DETACH_PASSES 16

/* How this kernel accepts the layers of an overlay. */
enum overlay_way {
	OVERLAY_BY_FD = 1, /* 6.13: fsconfig takes descriptors */
	OVERLAY_BY_NAME, /* 6.5: one "lowerdir+" path per layer */
	OVERLAY_BY_PAGE, /* older: all in the one-page option string of mount(2) */
};

static const char *const overlay_options[][2] = {
	{ "index", "off" },
	{ "xino", "auto" },
	{ "metacopy", "off" },
	{ "redirect_dir", "off" },
};

/* ---- mountinfo ---- */

static char *next_field(char **p)
{
	char *field = *p;
	char *end;

	if (!field)
		return NULL;
	end = strchr(field, ' ');
	if (end)
		*end++ = '\0';
	*p = end;
	return field;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* "\040" to " ", in place. */
static char *undo_octal(char *s)
{
	char *from = s, *to = s;

	while (*from) {
		if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) &&
		    is_octal(from[3])) {
			*to++ = (char) ((from[1] - '0') << 6 | (from[2] - '0') << 3 |
					(from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return s;
}

static int parse_device(char *s, struct mount_info *mi)
{
	char *colon = strchr(s, ':');
	uint64_t major = 0, minor = 0;
	int r;

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	r = str_to_u64(s, 0, UINT32_MAX, &major);
	if (r == 0)
		r = str_to_u64(colon + 1, 0, UINT32_MAX, &minor);
	if (r < 0)
		return r;
	mi->major = (unsigned) major;
	mi->minor = (unsigned) minor;
	return 0;
}

static int parse_line(char *line, struct mount_info *mi)
{
	char *p = line;
	char *device, *root, *point, *options, *field, *fstype, *source;

	(void) next_field(&p); /* mount id */
	(void) next_field(&p); /* parent id */
	device = next_field(&p);
	root = next_field(&p);
	point = next_field(&p);
	options = next_field(&p);
	do
		field = next_field(&p);
	while (field && !streq(field, "-")); /* any number of optional fields */
	fstype = next_field(&p);
	source = next_field(&p);
	if (!device || !source || parse_device(device, mi) < 0)
		return -EINVAL;
	mi->root = undo_octal(root);
	mi->point = undo_octal(point);
	mi->options = options;
	mi->fstype = fstype;
	mi->source = undo_octal(source);
	mi->super = p ? p : "";
	return 0;
}

int mount_each(const char *file, mount_info_fn *fn, void *ctx, struct kerr *err)
{
	const char *path = file ? file : "/proc/self/mountinfo";
	cleanup_buf struct buf text = BUF_INIT(MOUNT_MAX_MOUNTINFO);
	struct mount_info mi;
	char *line, *end;
	int r;

	r = sys_read(AT_FDCWD, path, &text);
	if (r < 0)
		return kerr_set(err, r, "read '%s'", path);
	for (line = text.data; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (parse_line(line, &mi) < 0)
			continue; /* an unknown, newer format: skip the line */
		r = fn(ctx, &mi);
		if (r < 0)
			return r;
	}
	return 0;
}

struct list_ctx {
	const char *prefix;
	struct strlist *list;
};

static int list_one(void *ctx, const struct mount_info *mi)
{
	struct list_ctx *c = ctx;
	size_t n = strlen(c->prefix);

	while (n > 0 && c->prefix[n - 1] == '/')
		n--;
	if (strncmp(mi->point, c->prefix, n) == 0 && (mi->point[n] == '/' || mi->point[n] == '\0'))
		strlist_add(c->list, mi->point);
	return 0;
}

int mount_list_below(const char *prefix, struct strlist *ret, struct kerr *err)
{
	struct list_ctx ctx = { .prefix = prefix, .list = ret };

	strlist_clear(ret);
	strlist_make_empty(ret);
	return mount_each(NULL, list_one, &ctx, err);
}

int mount_detach_below(const char *prefix, struct kerr *err)
{
	int pass, done = 0;
	int failed = 0;
	int r;

	for (pass = 0; pass < MOUNT_DETACH_PASSES; pass++) {
		cleanup_strlist struct strlist points = { 0 };
		int before = done;

		failed = 0;
		r = mount_list_below(prefix, &points, err);
		if (r < 0)
			return r;
		for (size_t i = points.n; i-- > 0;) {
			if (umount2(points.v[i], MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
				done++;
			else if (errno != EINVAL && errno != ENOENT) /* not gone with another */
				failed = kerr_set(err, -errno, "unmount '%s'", points.v[i]);
		}
		if (points.n == 0 || done == before)
			break;
	}
	return failed < 0 ? failed : done;
}

int mount_is_point(const char *path)
{
	cleanup_strlist struct strlist points = { 0 };
	struct statx stx;
	int r;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
		return (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	r = mount_list_below(path, &points, NULL); /* before 5.8 statx does not tell */
	if (r < 0)
		return r;
	return strlist_has(&points, path);
}

int mount_private_dir(const char *path, struct kerr *err)
{
	int r;

	r = mount_is_point(path);
	if (r < 0)
		return kerr_set(err, r, "look at '%s'", path);
	if (r == 0 && mount(path, path, NULL, MS_BIND, NULL) < 0)
		return kerr_set(err, -errno, "bind mount '%s' onto itself", path);
	if (mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0)
		return kerr_set(err, -errno, "make the mount '%s' private", path);
	return 0;
}

/* ---- overlay ---- */

int mount_has_overlay(void)
{
	cleanup_fd int fs = -EBADF;
	cleanup_buf struct buf text = BUF_INIT(64 << 10);
	int r;

	fs = fsopen("overlay", FSOPEN_CLOEXEC); /* loads the module if needed */
	if (fs >= 0)
		return 1;
	if (errno == ENODEV)
		return 0;
	if (errno != ENOSYS)
		return -errno;
	r = sys_read(AT_FDCWD, "/proc/filesystems", &text);
	if (r < 0)
		return r;
	return strstr(buf_str(&text), "\toverlay\n") != NULL;
}

/* The last message of overlayfs for this attempt, "" if there is none. */
static void overlay_message(int fs, char *buf, size_t size)
{
	char line[256];
	ssize_t n;

	buf[0] = '\0';
	while ((n = read(fs, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (n > 2 && line[1] == ' ')
			(void) snprintf(buf, size, " (%s)", line + 2);
	}
}

static int overlay_fail(int fs, int r, const char *what, struct kerr *err)
{
	char message[sizeof(((struct kerr *) 0)->msg)];

	overlay_message(fs, message, sizeof(message));
	return kerr_set(err, r, "mount overlay: %s%s", what, message);
}

static int overlay_set_dir(int fs, const char *key, int dirfd, enum overlay_way way)
{
	char path[32];
	int r;

	if (way == OVERLAY_BY_FD) {
		r = fsconfig(fs, FSCONFIG_SET_FD, key, NULL, dirfd);
	} else {
		(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
		r = fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0);
	}
	return r < 0 ? -errno : 0;
}

/*
 * Offer the layer as a descriptor. Kernels that do not accept one with O_PATH return
 * one of the two errors handled below.
 */
static int overlay_add_first(int fs, int dirfd)
{
	cleanup_fd int readable = -EBADF;
	char path[32];

	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	readable = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (readable < 0)
		return -errno;
	return overlay_set_dir(fs, "lowerdir+", readable, OVERLAY_BY_FD);
}

/*
 * Both an unknown option and a bad layer give -EINVAL: try the older method in either
 * case. -EOPNOTSUPP for a descriptor means the legacy mount API (before 6.5), which
 * accepts any string and fails only at the end.
 */
static int overlay_set_first(int fs, int dirfd, enum overlay_way *ret_way)
{
	int r;

	*ret_way = OVERLAY_BY_FD;
	r = overlay_set_dir(fs, "lowerdir+", dirfd, *ret_way);
	if (r == -EBADF) /* before 6.13 an O_PATH descriptor is refused */
		r = overlay_add_first(fs, dirfd);
	if (r == -EINVAL) {
		*ret_way = OVERLAY_BY_NAME;
		r = overlay_set_dir(fs, "lowerdir+", dirfd, *ret_way);
	}
	if (r != -EINVAL && r != -EOPNOTSUPP)
		return r;
	*ret_way = OVERLAY_BY_PAGE;
	return 0;
}

static int overlay_configure(int fs, const struct mount_overlay *how, enum overlay_way *ret_way,
			     struct kerr *err)
{
	int r;

	(void) fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay", 0); /* a label */
	r = overlay_set_first(fs, how->lower_fds[0], ret_way);
	for (size_t i = 1; i < how->n_lower && r == 0 && *ret_way != OVERLAY_BY_PAGE; i++)
		r = overlay_set_dir(fs, "lowerdir+", how->lower_fds[i], *ret_way);
	if (r < 0)
		return overlay_fail(fs, r, "add a lower layer", err);
	if (*ret_way == OVERLAY_BY_PAGE)
		return 0;
	if (how->upper_fd >= 0) {
		r = overlay_set_dir(fs, "upperdir", how->upper_fd, *ret_way);
		if (r == 0)
			r = overlay_set_dir(fs, "workdir", how->work_fd, *ret_way);
		if (r < 0)
			return overlay_fail(fs, r, "set the writable layer", err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(overlay_options); i++)
		if (fsconfig(fs, FSCONFIG_SET_STRING, overlay_options[i][0], overlay_options[i][1],
			     0) < 0)
			return overlay_fail(fs, -errno, overlay_options[i][0], err);
	return 0;
}

static int overlay_attach(int fs, const char *target, struct kerr *err)
{
	cleanup_fd int mnt = -EBADF;

	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return overlay_fail(fs, -errno, "create", err);
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mnt < 0)
		return overlay_fail(fs, -errno, "make the mount", err);
	if (move_mount(mnt, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return kerr_set(err, -errno, "mount overlay at '%s'", target);
	return 0;
}

static void overlay_page(const struct mount_overlay *how, struct buf *page)
{
	for (size_t i = 0; i < ARRAY_SIZE(overlay_options); i++)
		buf_addf(page, "%s=%s,", overlay_options[i][0], overlay_options[i][1]);
	if (how->upper_fd >= 0)
		buf_addf(page, "upperdir=%d,workdir=%d,", how->upper_fd, how->work_fd);
	buf_adds(page, "lowerdir=");
	for (size_t i = 0; i < how->n_lower; i++)
		buf_addf(page, i == 0 ? "%d" : ":%d", how->lower_fds[i]);
}

/*
 * The layers are named by the numbers of their descriptors, relative to /proc/self/fd:
 * at most four bytes each, so 500 of them fit into one page. A child process does it,
 * so that the caller's working directory does not change.
 */
static int overlay_by_page(const struct mount_overlay *how, struct kerr *err)
{
	cleanup_buf struct buf page = BUF_INIT(MOUNT_OPTIONS_MAX - 1);
	pid_t pid;
	int status;
	int r;

	overlay_page(how, &page);
	r = buf_check(&page, "the option string of an overlay", err);
	if (r < 0)
		return r;
	pid = proc_fork(PROC_DIE_WITH_PARENT);
	if (pid < 0)
		return kerr_set(err, pid, "fork");
	if (pid == 0) {
		if (chdir("/proc/self/fd") < 0 ||
		    mount("overlay", how->target, "overlay", 0, page.data) < 0)
			_exit(errno & 0xff ? errno & 0xff : 1);
		_exit(0);
	}
	r = proc_wait(pid, -1, &status, err);
	if (r < 0)
		return r;
	if (!WIFEXITED(status))
		return kerr_plain(err, -EIO, "mount overlay at '%s': the child was killed",
				  how->target);
	if (WEXITSTATUS(status) != 0)
		return kerr_set(err, -WEXITSTATUS(status), "mount overlay at '%s'", how->target);
	return 0;
}

int mount_overlay(const struct mount_overlay *how, struct kerr *err)
{
	cleanup_fd int fs = -EBADF;
	enum overlay_way way = OVERLAY_BY_PAGE;
	int r;

	if (how->n_lower == 0 || how->n_lower > MOUNT_OVERLAY_LOWER_MAX)
		return kerr_plain(err, -EINVAL,
				  "mount overlay: %zu lower layers, 1 to %d are possible",
				  how->n_lower, MOUNT_OVERLAY_LOWER_MAX);
	fs = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs < 0 && errno == ENODEV)
		return kerr_plain(err, -ENODEV, "this kernel has no overlayfs");
	if (fs < 0 && errno != ENOSYS)
		return kerr_set(err, -errno, "open overlayfs");
	if (fs >= 0 && !(how->flags & MOUNT_OVERLAY_BY_PAGE)) {
		r = overlay_configure(fs, how, &way, err);
		if (r < 0)
			return r;
	}
	if (way == OVERLAY_BY_PAGE)
		return overlay_by_page(how, err);
	return overlay_attach(fs, how->target, err);
}

/* ---- bind ---- */

static int bind_readonly(int mnt, enum mount_bind_flags flags)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	unsigned at = AT_EMPTY_PATH | (flags & MOUNT_BIND_RECURSIVE ? AT_RECURSIVE : 0);

	return mount_setattr(mnt, "", at, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mount_bind(int source_fd, const char *target, enum mount_bind_flags flags, struct kerr *err)
{
	cleanup_fd int mnt = -EBADF;
	unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int r;

	if (flags & MOUNT_BIND_RECURSIVE)
		how |= AT_RECURSIVE;
	mnt = open_tree(source_fd, "", how);
	if (mnt < 0)
		return kerr_set(err, -errno, "clone the source of the bind mount '%s'", target);
	if (flags & MOUNT_BIND_READONLY) {
		r = bind_readonly(mnt, flags);
		if (r < 0)
			return kerr_set(err, r, "make the bind mount '%s' read-only", target);
	}
	if (move_mount(mnt, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return kerr_set(err, -errno, "bind mount at '%s'", target);
	return 0;
}
