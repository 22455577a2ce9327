/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"

/*
 * What a disk was asked to do, and what it holds when the power fails: no
 * dm-log-writes, no module and no library are needed.
 *
 *   blkrec serve DIR IMAGE LOG   mounts DIR with one file, DIR/disk, whose content
 *                                is IMAGE, and serves it until it is unmounted.
 *                                Each write and each flush goes to LOG too. A loop
 *                                device over that file is a disk with a memory.
 *   blkrec hurry FILE            changes and syncs FILE until somebody removes it: on a
 *                                file system that journals, what others have done
 *                                to names gets to disk early, ahead of their data
 *   blkrec count LOG             prints the number of flushes and of writes
 *   blkrec cut LOG DISK N SEED   DISK is a copy of IMAGE as it was at first: it gets
 *                                all writes up to the N-th flush, and of those that
 *                                come after it up to the next one, which a disk may
 *                                do in any order or not at all: none (SEED 0), all
 *                                (SEED 1), or an arbitrary choice of their sectors.
 */
enum {
	WRITE_MAX = 128 << 10, /* bytes of one request */
	DISK_INODE = 2,
	ATOM = 4096, /* a disk does so much of a write or nothing */
	BLOCK = 512, /* what stat counts in */
	PACE_US = 500, /* between two changes of hurry */
};

struct rec {
	uint64_t offset;
	uint32_t size; /* 0: a flush */
	uint32_t pad;
};

/* The disk as it is served. */
struct disk {
	int fuse, image, log;
	uint64_t size;
	char *in; /* a request */
	char *out; /* the data of an answer */
};

static int fail(const char *what)
{
	fprintf(stderr, "blkrec: %s: %s\n", what, strerror(errno));
	return -1;
}

static int put(struct disk *d, uint64_t offset, const void *p, uint32_t n)
{
	struct rec rec = { .offset = offset, .size = n };

	if (fd_write_all(d->log, &rec, sizeof(rec)) < 0)
		return -EIO;
	if (n == 0)
		return 0;
	if (fd_write_all(d->log, p, n) < 0 || pwrite(d->image, p, n, (off_t) offset) != (ssize_t) n)
		return -EIO;
	return 0;
}

static void fill_attr(const struct disk *d, uint64_t inode, struct fuse_attr *a)
{
	bool file = inode == DISK_INODE;

	*a = (struct fuse_attr){
		.ino = inode,
		.size = file ? d->size : 0,
		.blocks = file ? d->size / BLOCK : 0,
		.mode = file ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = file ? 1 : 2,
		.blksize = ATOM,
	};
}

/* Each answers into d->out and returns its length, or -errno. */
static int on_init(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	const struct fuse_init_in *in = arg;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.flags = in->flags & FUSE_BIG_WRITES,
		.max_write = WRITE_MAX,
	};

	(void) h;
	*(struct fuse_init_out *) (void *) d->out = out;
	return sizeof(out);
}

static int on_lookup(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	struct fuse_entry_out *out = (void *) d->out;

	if (h->nodeid != FUSE_ROOT_ID || !streq(arg, "disk"))
		return -ENOENT;
	*out = (struct fuse_entry_out){ .nodeid = DISK_INODE,
					.entry_valid = 3600,
					.attr_valid = 3600 };
	fill_attr(d, DISK_INODE, &out->attr);
	return sizeof(*out);
}

static int on_getattr(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	struct fuse_attr_out *out = (void *) d->out;

	(void) arg;
	*out = (struct fuse_attr_out){ .attr_valid = 3600 };
	fill_attr(d, h->nodeid, &out->attr);
	return sizeof(*out);
}

static int on_open(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	struct fuse_open_out *out = (void *) d->out;

	(void) h;
	(void) arg;
	*out = (struct fuse_open_out){ .fh = 1, .open_flags = FOPEN_KEEP_CACHE };
	return sizeof(*out);
}

static int on_read(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	const struct fuse_read_in *in = arg;
	ssize_t n;

	(void) h;
	n = pread(d->image, d->out, in->size < WRITE_MAX ? in->size : WRITE_MAX,
		  (off_t) in->offset);
	return n < 0 ? -errno : (int) n;
}

static int on_write(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	const struct fuse_write_in *in = arg;
	struct fuse_write_out *out = (void *) d->out;
	int r;

	(void) h;
	if (in->size == 0 || in->size > WRITE_MAX || in->offset + in->size > d->size)
		return -EINVAL;
	r = put(d, in->offset, in + 1, in->size);
	*out = (struct fuse_write_out){ .size = in->size };
	return r < 0 ? r : (int) sizeof(*out);
}

static int on_fsync(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	(void) h;
	(void) arg;
	return put(d, 0, NULL, 0);
}

static int on_nothing(struct disk *d, const struct fuse_in_header *h, const void *arg)
{
	(void) d;
	(void) h;
	(void) arg;
	return 0;
}

typedef int handler_fn(struct disk *d, const struct fuse_in_header *h, const void *arg);

static handler_fn *const handlers[] = {
	[FUSE_LOOKUP] = on_lookup,	[FUSE_GETATTR] = on_getattr, [FUSE_SETATTR] = on_getattr,
	[FUSE_OPEN] = on_open,		[FUSE_OPENDIR] = on_open,    [FUSE_READ] = on_read,
	[FUSE_WRITE] = on_write,	[FUSE_FSYNC] = on_fsync,     [FUSE_RELEASE] = on_nothing,
	[FUSE_RELEASEDIR] = on_nothing, [FUSE_INIT] = on_init,	     [FUSE_DESTROY] = on_nothing,
	[FUSE_FLUSH] = on_nothing,
};

static int answer(struct disk *d, const struct fuse_in_header *h, int r)
{
	struct fuse_out_header out = { .unique = h->unique, .error = r < 0 ? r : 0 };
	struct iovec v[2] = { { &out, sizeof(out) }, { d->out, r > 0 ? (size_t) r : 0 } };

	out.len = (uint32_t) (v[0].iov_len + v[1].iov_len);
	/* -ENOENT: the caller was interrupted */
	return writev(d->fuse, v, 2) < 0 && errno != ENOENT ? fail("answer") : 0;
}

static int serve_loop(struct disk *d)
{
	const struct fuse_in_header *h = (void *) d->in;
	handler_fn *fn;
	ssize_t n;

	for (;;) {
		n = read(d->fuse, d->in, WRITE_MAX + ATOM);
		if (n < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (n < 0)
			return errno == ENODEV ? 0 : fail("read a request");
		if (h->opcode == FUSE_FORGET || h->opcode == FUSE_BATCH_FORGET ||
		    h->opcode == FUSE_INTERRUPT)
			continue;
		fn = h->opcode < ARRAY_SIZE(handlers) ? handlers[h->opcode] : NULL;
		if (answer(d, h, fn ? fn(d, h, h + 1) : -ENOSYS) < 0)
			return -1;
	}
}

static int serve(const char *dir, const char *image, const char *log)
{
	cleanup_free char *options = NULL, *in = xmalloc(WRITE_MAX + ATOM),
			  *out = xmalloc(WRITE_MAX);
	struct disk d = { .in = in, .out = out };
	struct stat st;

	d.image = open(image, O_RDWR | O_CLOEXEC);
	if (d.image < 0 || fstat(d.image, &st) < 0)
		return fail(image);
	d.log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (d.log < 0)
		return fail(log);
	d.fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (d.fuse < 0)
		return fail("/dev/fuse");
	d.size = (uint64_t) st.st_size;
	options = xasprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", d.fuse);
	if (mount("blkrec", dir, "fuse.blkrec", MS_NOSUID | MS_NODEV, options) < 0)
		return fail(dir);
	return serve_loop(&d);
}

static int hurry(const char *file)
{
	cleanup_fd int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st = { .st_nlink = 1 };
	unsigned n;

	if (fd < 0)
		return fail(file);
	for (n = 0; st.st_nlink > 0; n++) {
		/* A change of size is one of metadata. */
		if (ftruncate(fd, n % BLOCK) < 0 || fsync(fd) < 0 || fstat(fd, &st) < 0)
			return fail(file);
		(void) usleep(PACE_US); /* others are to get somewhere in between */
	}
	return 0;
}

/* ---- the log ---- */

static int read_rec(FILE *f, struct rec *ret, char *data)
{
	if (fread(ret, sizeof(*ret), 1, f) != 1)
		return 0;
	if (ret->size > WRITE_MAX || (ret->size > 0 && fread(data, ret->size, 1, f) != 1)) {
		errno = EIO;
		return fail("log");
	}
	return 1;
}

static int count(const char *log)
{
	cleanup_free char *data = xmalloc(WRITE_MAX);
	unsigned long long flushes = 0, writes = 0;
	FILE *f = fopen(log, "re");
	struct rec rec;
	int r;

	if (!f)
		return fail(log);
	while ((r = read_rec(f, &rec, data)) > 0) {
		if (rec.size == 0)
			flushes++;
		else
			writes++;
	}
	(void) fclose(f);
	printf("%llu %llu\n", flushes, writes);
	return r;
}

/* xorshift64: the same choice for the same seed, everywhere. */
static bool coin(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 32) & 1;
}

static int apply(int disk, const struct rec *rec, const char *data, bool all, uint64_t *state)
{
	uint32_t at, n;

	for (at = 0; at < rec->size; at += n) {
		n = rec->size - at < ATOM ? rec->size - at : ATOM;
		if (!all && !coin(state))
			continue;
		if (pwrite(disk, data + at, n, (off_t) (rec->offset + at)) != (ssize_t) n)
			return fail("write");
	}
	return 0;
}

static int cut(const char *log, const char *to, uint64_t flush, uint64_t seed)
{
	cleanup_free char *data = xmalloc(WRITE_MAX);
	cleanup_fd int disk = open(to, O_WRONLY | O_CLOEXEC);
	uint64_t done = 0, state = seed * 0x9e3779b97f4a7c15ULL + 1;
	FILE *f = fopen(log, "re");
	struct rec rec;
	int r = 0;

	if (!f || disk < 0)
		return fail(f ? to : log);
	while (done <= flush && (done < flush || seed > 0)) {
		r = read_rec(f, &rec, data);
		if (r <= 0)
			break;
		if (rec.size == 0)
			done++;
		else if (apply(disk, &rec, data, done < flush || seed == 1, &state) < 0)
			r = -1;
		if (r < 0)
			break;
	}
	(void) fclose(f);
	return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
	uint64_t flush = 0, seed = 0;
	int r = -1;

	if (argc == 5 && streq(argv[1], "serve"))
		r = serve(argv[2], argv[3], argv[4]);
	else if (argc == 3 && streq(argv[1], "hurry"))
		r = hurry(argv[2]);
	else if (argc == 3 && streq(argv[1], "count"))
		r = count(argv[2]);
	else if (argc == 6 && streq(argv[1], "cut") &&
		 str_to_u64(argv[4], 0, UINT64_MAX, &flush) == 0 &&
		 str_to_u64(argv[5], 0, UINT64_MAX, &seed) == 0)
		r = cut(argv[2], argv[3], flush, seed);
	else
		fprintf(stderr, "usage: blkrec serve DIR IMAGE LOG | hurry FILE | count LOG | "
				"cut LOG DISK FLUSH SEED\n");
	return r < 0;
}
