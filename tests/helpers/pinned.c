/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pinned FILE: what is in the root of the mount namespace that is pinned as FILE, one
 * path a line. Nothing if FILE is no pin. It is read from
 * inside, as such a namespace has no programs and no /proc.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "mntns.h"

static int print(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void) st;
	(void) type;
	if (at->level > 0)
		(void) printf("%s\n", path + 1);
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int ns;

	if (argc != 2) {
		(void) fprintf(stderr, "usage: pinned FILE\n");
		return 2;
	}
	ns = mntns_open(AT_FDCWD, argv[1], &err);
	if (ns == -ENOENT)
		return 0;
	if (ns < 0 || mntns_enter(ns, &visit, &err) < 0) {
		(void) fprintf(stderr, "pinned: %s\n", kerr_text(&err, text, sizeof(text)));
		return 1;
	}
	return nftw("/", print, 16, FTW_PHYS) < 0;
}
