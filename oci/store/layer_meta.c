/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "layer_meta.h"
#include "mem.h"
#include "str.h"

enum {
	LAYER_XATTR_MAX = 64 << 10, /* bytes of a list of names or of a value */
};

static int copy_xattrs(int from, int to)
{
	cleanup_free char *names = xmalloc(LAYER_XATTR_MAX), *value = xmalloc(LAYER_XATTR_MAX);
	ssize_t n, len;

	n = flistxattr(from, names, LAYER_XATTR_MAX);
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *p = names; p < names + n; p += strlen(p) + 1) {
		if (!str_has_prefix(p, "user.") && !str_has_prefix(p, "security.capability"))
			continue;
		len = fgetxattr(from, p, value, LAYER_XATTR_MAX);
		if (len < 0 || fsetxattr(to, p, value, (size_t) len, 0) < 0)
			return -errno;
	}
	return 0;
}

int layer_copy_meta(int from, int to)
{
	struct timespec ts[2];
	struct stat st;
	int r;

	r = fstat(from, &st);
	if (r == 0)
		r = fchown(to, st.st_uid, st.st_gid);
	if (r < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	ts[0] = st.st_mtim;
	ts[1] = st.st_mtim;
	r = fchmod(to, st.st_mode & 07777);
	if (r == 0)
		r = futimens(to, ts);
	return r < 0 ? -errno : 0;
}
