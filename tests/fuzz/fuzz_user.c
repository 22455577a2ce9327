/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users of an image. The input is "user\n" and then passwd and group, divided
 * by the first NUL. Whatever stands there: ids are in range, the primary group
 * comes first, and a number is never taken for a name.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
	cleanup_user_ids struct user_ids u = { 0 };
	cleanup_free char *user = NULL, *passwd = NULL, *group = NULL;
	size_t left, passwd_n, i;
	struct buf passwd_file, group_file; /* the memory is not theirs */
	struct kerr err = { 0 };
	const char *zero;

	if (end == NULL)
		return 0;
	user = xstrndup(text, (size_t) (end - text));
	left = size - (size_t) (end + 1 - text);
	zero = left > 0 ? memchr(end + 1, '\0', left) : NULL;
	passwd_n = zero != NULL ? (size_t) (zero - (end + 1)) : left;
	/* Copies of the exact size, so that a byte too far is seen. */
	passwd = xmemdup(end + 1, passwd_n);
	left = zero != NULL ? left - passwd_n - 1 : 0;
	group = xmemdup(zero != NULL ? zero + 1 : "", left);
	passwd_file = (struct buf){ .data = passwd, .len = passwd_n };
	group_file = (struct buf){ .data = group, .len = left };
	if (user_resolve_text(&passwd_file, &group_file, user, size % 2, &u, &err) < 0) {
		require(u.groups == NULL && err.msg[0] != '\0');
		return 0;
	}
	require(u.uid <= INT32_MAX && u.gid <= INT32_MAX);
	require(u.n_groups >= 1 && u.groups[0] == u.gid);
	for (i = 0; i < u.n_groups; i++)
		require(u.groups[i] <= INT32_MAX);
	if (user[0] != '\0' && strspn(user, "0123456789") == strlen(user))
		require(strtoull(user, NULL, 10) == u.uid);
	return 0;
}
