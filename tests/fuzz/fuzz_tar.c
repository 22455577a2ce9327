/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "place.h"
#include "str.h"
#include "tarin.h"
#include "tarout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is)
{
	if (!is)
		abort();
}

static int file_of(const void *p, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && fd_write_all(fd, p, n) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* What is read and written again is read as the same. */
static void check_again(const struct tar_item *i)
{
	cleanup_fd int fd = file_of("", 0);
	struct tarout out = { fd };
	const struct tar_item *same;
	struct tarin in;

	if (tarout_entry(&out, i) < 0)
		return; /* too long */
	require(lseek(fd, 0, SEEK_SET) == 0);
	tarin_init(&in, fd);
	require(tarin_next(&in, &same, NULL) == 1);
	require(streq(same->path, i->path) && streq(same->link, i->link));
	require(same->type == i->type && same->mode == i->mode && same->size == i->size);
	require(same->mtime == i->mtime && same->mtime_ns == i->mtime_ns);
	require(same->uid == i->uid && same->gid == i->gid && same->n_xattrs == i->n_xattrs);
	tarin_clear(&in);
}

/* No name leads out: each part is one that stays in its directory. */
static void check_map(const struct place *p, const char *path)
{
	cleanup_free char *mapped = NULL;

	if (place_map(p, path, &mapped, NULL) < 0)
		return;
	require(mapped[0] != '/' && !str_has_suffix(mapped, "/"));
	for (const char *at = mapped; *at != '\0'; at += at[0] == '/') {
		size_t n = strcspn(at, "/");

		require(n > 0 && !(n == 1 && at[0] == '.'));
		require(!(n == 2 && at[0] == '.' && at[1] == '.'));
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int fd = file_of(data, size);
	char top[] = "top", none[] = "", text[1000];
	const struct place places[] = { { .base = -1, .as_is = true, .name = none },
					{ .base = -1, .name = top },
					{ .base = -1, .name = none } };
	const struct tar_item *i;
	struct tarin in;
	ssize_t n;

	tarin_init(&in, fd);
	while (tarin_next(&in, &i, NULL) > 0) {
		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			check_map(&places[k], i->path);
		if (i->uid <= INT64_MAX && i->gid <= INT64_MAX && i->type != TAR_HARDLINK)
			check_again(i);
		do
			n = tarin_data(&in, text, sizeof(text), NULL);
		while (n > 0);
	}
	tarin_clear(&in);
	return 0;
}
