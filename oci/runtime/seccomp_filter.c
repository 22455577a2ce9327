/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "seccomp_filter.h"
#include "seccomp_profile.h"
#include "sha256.h"

enum {
	FILTER_MAX = 4096 * 8 /* bytes: the kernel's limit of 4096 instructions of 8 bytes */
};

static int compile(const char *profile, const char *kept, struct kerr *err)
{
	cleanup_seccomp_profile struct seccomp_profile s = { 0 };
	cleanup_buf struct buf filter = BUF_INIT(FILTER_MAX);
	int r;

	r = seccomp_profile_parse(profile, strlen(profile), kept, &s, err);
	if (r == 0)
		r = sysfilter_compile(&s.p, &filter, err);
	if (r == 0)
		r = atomic_write_at(AT_FDCWD, kept, filter.data, filter.len, 0600,
				    ATOMIC_WRITE_NOSYNC, err);
	return r;
}

int seccomp_filter_keep(const char *dir, const char *profile, const char *file, struct kerr *err)
{
	cleanup_free char *kept = NULL;
	char digest[SHA256_HEX];
	int r;

	sha256_hex_of(profile, strlen(profile), digest);
	kept = xasprintf("%s/%s.bpf", dir, digest);
	if (link(kept, file) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return kerr_set(err, -errno, "link '%s'", file);
	r = mkdir_p(dir, 0700, err);
	if (r == 0)
		r = compile(profile, kept, err);
	if (r < 0)
		return r;
	return link(kept, file) < 0 ? kerr_set(err, -errno, "link '%s'", file) : 0;
}

/*
 * 0 if the file is in the future: the file system's clock may be a tick ahead, and ours
 * may be set back.
 */
static int64_t age_s(const struct stat *st)
{
	int64_t age = time(NULL) - st->st_mtime;

	return age < 0 ? 0 : age;
}

void seccomp_filter_sweep(const char *dir, int64_t max_age_s)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_nlink == 1 && age_s(&st) >= max_age_s)
			(void) unlinkat(dirfd(d), e->d_name, 0); /* the next sweep tries again */
	if (d != NULL)
		(void) closedir(d);
}
