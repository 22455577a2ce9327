/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "imgstore.h"
#include "inflate.h"
#include "mem.h"

enum {
	INFLATE_BLOCK = 64 << 10,
	INFLATE_PIPE = 1 << 20, /* size of the pipe, if it can be set */
};

bool inflate_needed(int fd)
{
	static const unsigned char starts[][4] = {
		{ 0x1f, 0x8b }, /* gzip */
		{ 0x28, 0xb5, 0x2f, 0xfd }, /* zstd */
		{ 0xfd, '7', 'z', 'X' }, /* xz: kukeunpack refuses it with a message */
	};
	unsigned char b[4] = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	if (pread(fd, b, sizeof(b), lseek(fd, 0, SEEK_CUR)) < 0)
		return false; /* the error shows again, with a message, when the archive is read */
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (memcmp(b, starts[i], i == 0 ? 2 : sizeof(b)) == 0)
			return true;
	return false;
}

static int make_cell(struct image_store *s, struct inflate *f, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, NS_STAGING, "inflate-XXXXXX");
	int fd;

	if (!mkdtemp(dir))
		return kerr_set(err, -errno, "create '%s'", dir);
	f->cell = take_ptr(dir);
	fd = open(f->cell, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? kerr_set(err, -errno, "open '%s'", f->cell) : fd;
}

int inflate_start(struct image_store *s, int fd, struct inflate *f, struct kerr *err)
{
	struct layer_source src = { .fd = fd, .offset = -1, .size = -1 };
	cleanup_fd int cell = make_cell(s, f, err), in = -EBADF, out = -EBADF;
	int fds[2], r;

	if (cell < 0)
		return cell;
	r = pipe2(fds, O_CLOEXEC);
	if (r < 0)
		return kerr_set(err, -errno, "make a pipe");
	in = fds[0];
	out = fds[1];
	(void) fcntl(out, F_SETPIPE_SZ, INFLATE_PIPE);
	r = unpack_start_inflate(&src, cell, out, &s->limits, &f->job, err);
	if (r < 0)
		return r;
	f->fd = take_fd(in);
	return 0;
}

/* kukeunpack has closed its end of the pipe: it has ended, or soon will. */
static bool hung_up(const struct inflate *f)
{
	struct pollfd p = { .fd = f->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

int inflate_finish(struct inflate *f, int r, struct kerr *err)
{
	cleanup_free char *block = xmalloc(INFLATE_BLOCK);
	cleanup_buf struct buf notes = BUF_INIT(UNPACK_MAX_NOTES);
	struct unpack_result res;
	struct kerr why = { 0 };
	ssize_t n;
	int q;

	if (r < 0 && !hung_up(f))
		return r; /* an error of the reader, which stopped before the decompressor failed */
	do
		n = read(f->fd, block, INFLATE_BLOCK);
	while (n > 0 || (n < 0 && errno == EINTR));
	fd_close_p(&f->fd);
	q = unpack_finish(&f->job, &res, &notes, &why);
	if (q < 0 && err)
		*err = why;
	return q < 0 ? q : r;
}

void inflate_clear(struct inflate *f)
{
	fd_close_p(&f->fd);
	unpack_abort(&f->job);
	if (f->cell)
		(void) rmdir(f->cell); /* if this fails, garbage collection removes it */
	free_p(&f->cell);
}
