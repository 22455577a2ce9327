/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "crc32c.h"
#include "fd.h"
#include "statefile.h"
#include "str.h"

enum {
	SUM_SIZE = 9, /* 8 hex digits and NUL */
};

static void sum_text(const void *data, size_t n, char ret[SUM_SIZE])
{
	(void) snprintf(ret, SUM_SIZE, "%08x", crc32c_add(0, data, n));
}

void state_sum_set(int fd, const void *data, size_t n)
{
	char sum[SUM_SIZE];

	sum_text(data, n, sum);
	/*
	 * Not supported by the file system, or no space: a missing checksum is not
	 * treated as damage.
	 */
	(void) fsetxattr(fd, STATE_SUM_NAME, sum, SUM_SIZE - 1, 0);
}

static bool sum_differs(int fd, const struct buf *text)
{
	char want[SUM_SIZE], have[SUM_SIZE] = "";
	ssize_t n = fgetxattr(fd, STATE_SUM_NAME, have, SUM_SIZE - 1);

	if (n != SUM_SIZE - 1)
		return false;
	sum_text(text->data, text->len, want);
	return memcmp(want, have, SUM_SIZE - 1) != 0;
}

void state_size_set(int fd)
{
	struct stat st;
	char text[24];
	int n;

	if (fstat(fd, &st) < 0)
		return;
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long) st.st_size);
	(void) fsetxattr(fd, STATE_SIZE_NAME, text, (size_t) n, 0); /* as with the sum */
}

bool state_is_cut(int fd, size_t n)
{
	char text[24] = "";
	uint64_t want;

	return fgetxattr(fd, STATE_SIZE_NAME, text, sizeof(text) - 1) > 0 &&
	       str_to_u64(text, 0, UINT64_MAX, &want) == 0 && n < want;
}

int state_read_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = file_read_open_at(dirfd, path, max, ret, err);

	if (fd < 0)
		return fd;
	if (ret->len == 0)
		return kerr_plain(err, -EBADMSG, "'%s' is empty", path);
	if (sum_differs(fd, ret))
		return kerr_plain(err, -EBADMSG,
				  "'%s' is damaged: its checksum differs (if it was edited on "
				  "purpose: setfattr -x " STATE_SUM_NAME ")",
				  path);
	return 0;
}
