/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "hosts.h"
#include "mem.h"
#include "network.h"
#include "path.h"
#include "str.h"

#define HOSTS_MAX (1 << 20)
#define RESOLV_MAX 65536

static const char hosts_head[] = "127.0.0.1\tlocalhost\n"
				 "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::\tip6-localnet\n"
				 "ff00::\tip6-mcastprefix\n"
				 "ff02::1\tip6-allnodes\n"
				 "ff02::2\tip6-allrouters\n";

/* RFC 952 and 1123: letters, digits and hyphens; other names get no entry. */
static bool is_host_label(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char) s[i]) && s[i] != '-')
			return false;
	return true;
}

/* A name of the fixed block, or one that resolvers take for this machine's own. */
static bool is_fixed(const char *s)
{
	static const char *const names[] = { "localhost",     "localhost4",
					     "localhost6",    "localhost.localdomain",
					     "ip6-localhost", "ip6-loopback",
					     "ip6-localnet",  "ip6-mcastprefix",
					     "ip6-allnodes",  "ip6-allrouters" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_case_eq(s, names[i]))
			return true;
	return false;
}

static void add_line(void *ctx, uint32_t addr, const char *stack, const char *cell)
{
	struct buf *out = ctx;
	char ip[IPV4_TEXT_MAX];

	if (!is_host_label(cell) || is_fixed(cell))
		return;
	buf_addf(out, "%s\t%s", ipv4_text(addr, ip), cell);
	if (is_host_label(stack))
		buf_addf(out, " %s.%s", cell, stack);
	buf_addc(out, '\n');
}

static int write_in_place(int fd, const struct buf *text, const char *file, struct kerr *err)
{
	struct buf old cleanup_buf = BUF_INIT(HOSTS_MAX);
	ssize_t n;
	int r;

	r = buf_read_fd(&old, fd, NULL);
	if (r == 0 && old.len == text->len && memcmp(buf_str(&old), text->data, text->len) == 0)
		return 0;
	n = pwrite(fd, text->data, text->len, 0);
	if (n != (ssize_t) text->len)
		return kerr_set(err, n < 0 ? -errno : -ENOSPC, "write '%s'", file);
	if (ftruncate(fd, (off_t) text->len) < 0)
		return kerr_set(err, -errno, "write '%s'", file);
	return 0;
}

static int update_locked(struct engine *e, const struct addr *space, struct kerr *err)
{
	char *file cleanup_free = layout_object(&e->layout, space, SPACE_HOSTS);
	struct buf text cleanup_buf = BUF_INIT(HOSTS_MAX);
	int fd cleanup_fd = -EBADF;
	int r;

	buf_adds(&text, hosts_head);
	r = lease_each(e, space, add_line, &text, err);
	if (r == 0)
		r = buf_check(&text, "hosts file", err);
	if (r < 0)
		return r;
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	(void) fchmod(fd, 0644); /* whatever the umask was; readers may be anybody */
	return write_in_place(fd, &text, file, err);
}

int hosts_update(struct engine *e, const struct addr *space, struct kerr *err)
{
	struct addr a = { .realm = space->realm, .space = space->space };
	struct lock_id lock = lock_id_leases(&a);
	int r;

	r = locks_take(e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = update_locked(e, &a, err);
	locks_drop(e->locks, &lock);
	return r;
}

static int link_hosts(struct engine *e, const struct addr *cell, struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	char *from cleanup_free = layout_object(&e->layout, &space, SPACE_HOSTS);
	char *to cleanup_free = layout_object(&e->layout, cell, CELL_ETC_HOSTS);
	struct stat a, b;

	if (lstat(from, &a) < 0)
		return kerr_set(err, -errno, "stat '%s'", from);
	if (lstat(to, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return 0;
	(void) unlink(to); /* a copy from before, or nothing */
	if (link(from, to) < 0)
		return kerr_set(err, -errno, "link '%s'", to);
	return 0;
}

int hosts_prepare_cell(struct engine *e, const struct addr *cell, bool managed_hosts,
		       struct kerr *err)
{
	char *file cleanup_free = layout_object(&e->layout, cell, CELL_ETC_HOSTNAME);
	char *line cleanup_free = xasprintf("%s\n", cell->cell);
	int fd cleanup_fd = -EBADF;
	int r;

	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_TRUNC, 0644);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	(void) fchmod(fd, 0644);
	r = fd_write_all(fd, line, strlen(line));
	if (r < 0)
		return kerr_set(err, r, "write '%s'", file);
	return managed_hosts ? link_hosts(e, cell, err) : 0;
}

/* ---- resolv.conf ---- */

static bool is_loopback(const char *addr, size_t n)
{
	if (n >= 4 && strncmp(addr, "127.", 4) == 0)
		return true;
	/* "::1", and not "::1234" */
	return n >= 3 && strncmp(addr, "::1", 3) == 0 && (n == 3 || strchr(" \t%", addr[3]));
}

size_t hosts_filter_resolv(struct buf *out, const char *text)
{
	static const char word[] = "nameserver";
	size_t left = 0;

	while (*text) {
		size_t n = strcspn(text, "\n");
		bool keep = true;

		if (n > sizeof(word) && strncmp(text, word, sizeof(word) - 1) == 0) {
			size_t skip = sizeof(word) - 1;

			skip += strspn(text + skip, " \t");
			keep = !is_loopback(text + skip, n - skip);
			left += keep;
		}
		if (keep) {
			buf_add(out, text, n);
			buf_addc(out, '\n');
		}
		text += n + (text[n] == '\n');
	}
	return left;
}

int hosts_write_resolv(const char *path, struct kerr *err)
{
	static const char *const sources[] = { "/etc/resolv.conf",
					       "/run/systemd/resolve/resolv.conf" };
	struct buf out cleanup_buf = BUF_INIT(RESOLV_MAX);

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct buf text cleanup_buf = BUF_INIT(RESOLV_MAX);
		int fd cleanup_fd = open(sources[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 || buf_read_fd(&text, fd, NULL) < 0)
			continue;
		buf_reset(&out);
		if (hosts_filter_resolv(&out, buf_str(&text)) > 0)
			break;
	}
	return atomic_write_at(AT_FDCWD, path, buf_str(&out), out.len, 0644, ATOMIC_WRITE_NOSYNC,
			       err);
}
