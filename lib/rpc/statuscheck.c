/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "field.h"
#include "mem.h"
#include "statuscheck.h"
#include "str.h"

enum {
	DETAIL_MAX = 2048, /* bytes of one detail */
};

void status_check(struct rpc_status_result *s, const char *section, const char *status,
		  const char *name, char *owned_detail, const char *remediation)
{
	cleanup_buf struct buf line = BUF_INIT(DETAIL_MAX + 8);
	struct rpc_status_check *c = vec_grow(&s->checks.v, &s->checks.n, sizeof(*c));

	str_one_line(&line, owned_detail, DETAIL_MAX);
	free(owned_detail);
	c->section = xstrdup(section);
	c->status = xstrdup(status);
	c->name = xstrdup(name);
	c->detail = buf_take(&line);
	c->remediation = xstrdup(remediation ? remediation : "");
}

static const char *judge_percent(int64_t percent)
{
	return percent >= STATUS_DISK_FAIL   ? RPC_STATUS_FAIL
	       : percent >= STATUS_DISK_WARN ? RPC_STATUS_WARN
					     : RPC_STATUS_OK;
}

/* As df does: of what can be used, and rounded up. */
static int64_t percent_of(uint64_t used, uint64_t left)
{
	double all = (double) used + (double) left;
	int64_t floor = all > 0 ? (int64_t) ((double) used * 100 / all) : 0;

	return all > 0 && (double) floor * all < (double) used * 100 ? floor + 1 : floor;
}

static int64_t bytes_of(uint64_t blocks, uint64_t size)
{
	uint64_t n;

	return __builtin_mul_overflow(blocks, size, &n) || n > INT64_MAX ? INT64_MAX : (int64_t) n;
}

void status_disk_add(struct rpc_status_result *s, const char *path, const struct statvfs *fs)
{
	uint64_t used = fs->f_blocks > fs->f_bfree ? fs->f_blocks - fs->f_bfree : 0;
	int64_t blocks = percent_of(used, fs->f_bavail);
	int64_t inodes = fs->f_files > fs->f_ffree /* some have no fixed number of them: 0 */
				 ? percent_of(fs->f_files - fs->f_ffree, fs->f_favail)
				 : 0;
	struct rpc_status_disk *d = vec_grow(&s->disks.v, &s->disks.n, sizeof(*d));

	*d = (struct rpc_status_disk){
		.path = xstrdup(path),
		.size_bytes = bytes_of(fs->f_blocks, fs->f_frsize),
		.used_bytes = bytes_of(used, fs->f_frsize),
		.free_bytes = bytes_of(fs->f_bavail, fs->f_frsize),
		.used_percent = blocks > inodes ? blocks : inodes,
	};
	status_check(s, "storage", judge_percent(d->used_percent), path,
		     xasprintf("%lld %% of the file system's %s used", (long long) d->used_percent,
			       blocks >= inodes ? "space is" : "inodes are"),
		     d->used_percent >= STATUS_DISK_WARN
			     ? "make room; `kuke image prune` removes what no image needs"
			     : NULL);
}

int status_disk(struct rpc_status_result *s, const char *path)
{
	struct statvfs fs;
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	if (statvfs(path, &fs) == 0) {
		status_disk_add(s, path, &fs);
		return 0;
	}
	r = kerr_set(&why, -errno, "ask for the space on the file system");
	status_check(s, "storage", RPC_STATUS_FAIL, path,
		     xstrdup(kerr_text(&why, text, sizeof(text))), NULL);
	return r;
}

void status_versions(struct rpc_status_result *s)
{
	const char *ours = s->client_version, *theirs = s->daemon.version;

	if (str_empty(ours) || str_empty(theirs))
		return;
	if (streq(ours, theirs))
		status_check(s, "daemon", RPC_STATUS_OK, "versions",
			     xasprintf("kuke and kukeond are %s", ours), NULL);
	else
		status_check(s, "daemon", RPC_STATUS_WARN, "versions",
			     xasprintf("kuke is %s, the kukeond that runs %s", ours, theirs),
			     "install both from one version, then `sudo kuke daemon stop` and "
			     "`sudo kuke daemon start`");
}

void status_settle(struct rpc_status_result *s)
{
	s->ok = true;
	list_make_empty(&s->kinds, sizeof(*s->kinds.v));
	list_make_empty(&s->disks, sizeof(*s->disks.v));
	list_make_empty(&s->checks, sizeof(*s->checks.v));
	for (size_t i = 0; i < s->kinds.n; i++)
		list_make_empty(&s->kinds.v[i].states, sizeof(struct rpc_status_state));
	for (size_t i = 0; i < s->checks.n; i++)
		s->ok = s->ok && streq_null(s->checks.v[i].status, RPC_STATUS_OK);
}
