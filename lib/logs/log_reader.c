/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "fd.h"
#include "log_files.h"
#include "log_reader.h"
#include "mem.h"
#include "vec.h"

enum {
	BLOCK = 64 << 10,
};

/* A place in the files that are open. */
struct spot {
	size_t file;
	uint64_t offset;
};

struct log_reader {
	int dir;
	char *name;
	char *path;
	struct log_want want;
	struct log_files files; /* what was read stays open, so that it is known again */
	size_t file; /* the one being read */
	uint64_t at; /* of the next byte in it */
	bool fixed; /* no file is added */
	struct log_index index;
	char block[BLOCK]; /* bytes of the file from block_at on */
	uint64_t block_at;
	size_t block_n;
	bool mid_line, hidden;
	struct log_mark mark; /* of the line that mid_line is about */
	uint64_t last_us; /* the last time that was known */
	bool holds, flush;
};

struct log_reader *log_reader_free(struct log_reader *r)
{
	if (!r)
		return NULL;
	fd_close_p(&r->dir);
	log_files_clear(&r->files);
	free(r->name);
	free(r->path);
	free(r);
	return NULL;
}

static struct log_file *current(const struct log_reader *r)
{
	return &r->files.v[r->file];
}

static uint64_t size_of(const struct log_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 && st.st_size > 0 ? (uint64_t) st.st_size : 0;
}

/* Up to n bytes at offset; fewer at the end of the file. */
static ssize_t read_at(const struct log_reader *r, const struct log_file *f, void *p, size_t n,
		       uint64_t offset, struct kerr *err)
{
	ssize_t k;

	do {
		k = pread(f->fd, p, n, (off_t) offset);
	} while (k < 0 && errno == EINTR);
	return k < 0 ? kerr_set(err, -errno, "read log '%s'", r->path) : k;
}

static void open_at(struct log_reader *r, struct spot s)
{
	r->file = s.file;
	r->at = s.offset;
	r->block_n = 0;
	r->block_at = s.offset;
	log_index_init(&r->index, current(r)->index, current(r)->fd);
	if (s.offset > 0)
		log_index_seek(&r->index, s.offset);
}

/* ---- from one file to the next ---- */

static bool has_file(const struct log_files *all, const struct log_file *f)
{
	for (size_t i = 0; i < all->n; i++)
		if (log_file_is(&all->v[i], f))
			return true;
	return false;
}

static void move_file(struct log_files *to, struct log_file *f)
{
	*(struct log_file *) vec_grow(&to->v, &to->n, sizeof(*to->v)) = *f;
	f->fd = f->index = -EBADF;
}

/*
 * Look for files behind the current one, which is the last. Those that were read stay known as
 * long as they are there: while they are open, their inode numbers are theirs.
 */
static int find_newer(struct log_reader *r, struct kerr *err)
{
	cleanup_log_files struct log_files now = { 0 }, next = { 0 };
	struct log_file *mine = current(r);
	int k = log_files_open(r->dir, r->name, r->path, &now, err);

	if (k == -ENOENT)
		return 0; /* between two files */
	if (k < 0)
		return k;
	for (size_t i = 0; i < r->files.n; i++)
		if (&r->files.v[i] != mine && has_file(&now, &r->files.v[i]))
			move_file(&next, &r->files.v[i]);
	r->file = next.n;
	k = 0;
	move_file(&next, mine);
	for (size_t i = 0; i < now.n; i++)
		if (!has_file(&r->files, &now.v[i])) {
			move_file(&next, &now.v[i]);
			k = 1;
		}
	log_files_clear(&r->files);
	r->files = take_struct(next);
	return k;
}

/* The end of a file was reached. 1: there is more to read; 0: not for now. */
static int go_on(struct log_reader *r, struct kerr *err)
{
	uint64_t size = size_of(current(r));
	int k;

	if (size < r->at) { /* truncated: what is in it now is new */
		open_at(r, (struct spot){ r->file, 0 });
		r->mid_line = false;
		return size > 0;
	}
	if (r->file + 1 == r->files.n) {
		if (r->fixed || log_file_replaced(current(r), r->dir, r->name) <= 0)
			return 0;
		if (size_of(current(r)) > r->at)
			return 1; /* written between the last read and the rename */
		k = find_newer(r, err);
		if (k <= 0)
			return k;
	}
	open_at(r, (struct spot){ r->file + 1, 0 });
	return 1;
}

/* ---- bytes ---- */

static size_t left(const struct log_reader *r)
{
	return r->block_n - (size_t) (r->at - r->block_at);
}

static int read_block(struct log_reader *r, struct kerr *err)
{
	ssize_t n = read_at(r, current(r), r->block, BLOCK, r->at, err);

	if (n < 0)
		return (int) n;
	r->block_at = r->at;
	r->block_n = (size_t) n;
	return n > 0;
}

/* Whether nothing more is to come in the file that is being read. */
static bool is_complete(const struct log_reader *r)
{
	return r->file + 1 < r->files.n;
}

/* How many of the bytes that are there may be given: none of a line that is not complete. */
static size_t complete_lines(struct log_reader *r)
{
	const char *p = r->block + (r->at - r->block_at);
	const char *end = memrchr(p, '\n', left(r));

	if (end)
		return (size_t) (end - p) + 1;
	return r->flush || is_complete(r) || left(r) == BLOCK ? left(r) : 0;
}

/* 1: *ret bytes at r->at are in the block; 0: none for now. */
static int fill(struct log_reader *r, size_t *ret, struct kerr *err)
{
	int k, n;

	r->holds = false;
	for (;;) {
		while (left(r) == 0) {
			k = read_block(r, err);
			if (k == 0)
				k = go_on(r, err);
			if (k <= 0)
				return k;
		}
		*ret = r->want.whole_lines ? complete_lines(r) : left(r);
		if (*ret > 0)
			return 1;
		/* the line may go on behind the block, or in the file by now */
		k = (int) left(r);
		n = read_block(r, err);
		if (n < 0)
			return n;
		*ret = complete_lines(r);
		if (*ret > 0)
			return 1;
		if (left(r) > (size_t) k)
			continue;
		if (left(r) > 0 && log_file_replaced(current(r), r->dir, r->name) > 0) {
			*ret = left(r); /* a rotated log is not gone on with */
			return 1;
		}
		r->holds = left(r) > 0;
		return 0;
	}
}

/* ---- lines ---- */

static bool is_wanted_stream(const struct log_reader *r, struct log_mark m)
{
	return r->want.streams == 0 || m.stream == 0 || (m.stream & r->want.streams);
}

/* A line without a time is not wanted where it is certainly too old or too new. */
static bool is_wanted_time(const struct log_reader *r, struct log_mark m)
{
	uint64_t latest = m.us ? m.us : r->last_us;

	if (r->want.until && latest > r->want.until)
		return false;
	return !m.us || m.us >= r->want.since;
}

static bool same_mark(struct log_mark a, struct log_mark b)
{
	return a.us == b.us && a.stream == b.stream;
}

/* The bytes of one span, or the rest of a line from an earlier one. */
static void cut_piece(struct log_reader *r, size_t n, struct log_mark mark, struct log_piece *ret)
{
	const char *p = r->block + (r->at - r->block_at), *end = NULL;

	if (mark.us)
		r->last_us = mark.us;
	if (!r->mid_line) {
		r->mark = mark;
		r->hidden = !is_wanted_time(r, mark);
	} else if (r->hidden || !same_mark(r->mark, mark)) {
		end = memchr(p, '\n', n);
	}
	if (end)
		n = (size_t) (end - p) + 1;
	*ret = (struct log_piece){
		.p = p, .n = n, .mark = r->mark, .begins = !r->mid_line, .ends = p[n - 1] == '\n'
	};
	r->mid_line = !ret->ends;
	r->at += n;
}

int log_reader_next(struct log_reader *r, struct log_piece *ret, struct kerr *err)
{
	struct log_span span;
	size_t n;
	int k;

	for (;;) {
		k = fill(r, &n, err);
		if (k <= 0)
			return k;
		span = r->want.marks ? log_index_at(&r->index, r->at)
				     : (struct log_span){ .end = UINT64_MAX };
		if (span.end - r->at < n)
			n = (size_t) (span.end - r->at);
		if (!is_wanted_stream(r, span.mark)) {
			r->at += n;
			continue;
		}
		cut_piece(r, n, span.mark, ret);
		if (left(r) == 0)
			r->flush = false;
		if (!r->hidden)
			return 1;
	}
}

bool log_reader_holds(const struct log_reader *r)
{
	return r->holds;
}

void log_reader_flush(struct log_reader *r)
{
	r->flush = r->holds;
}

void log_reader_place(const struct log_reader *r, struct log_place *ret)
{
	*ret = (struct log_place){ .ino = current(r)->ino,
				   .born = current(r)->born,
				   .offset = r->at,
				   .mid_line = r->mid_line,
				   .hidden = r->hidden,
				   .mark = r->mark };
}

bool log_reader_gone(const struct log_reader *r)
{
	struct stat st;

	return fstat(r->dir, &st) == 0 && st.st_nlink == 0;
}

bool log_reader_empty(const struct log_reader *r)
{
	for (size_t i = 0; i < r->files.n; i++)
		if (size_of(&r->files.v[i]) > 0)
			return false;
	return true;
}

/* ---- where to begin ---- */

static int begins_line(const struct log_reader *r, struct spot s, struct kerr *err)
{
	char c = '\n';
	ssize_t n = 0;

	if (s.offset > 0)
		n = read_at(r, &r->files.v[s.file], &c, 1, s.offset - 1, err);
	return n < 0 ? (int) n : c == '\n';
}

static int begin_at(struct log_reader *r, struct spot s, struct kerr *err)
{
	int k = begins_line(r, s, err);

	if (k < 0)
		return k;
	open_at(r, s);
	r->mid_line = k == 0;
	r->hidden = false;
	r->mark = log_index_at(&r->index, s.offset).mark;
	return 0;
}

/* Where output is not older than wanted any more, by the indexes alone. */
static struct spot find_since(struct log_reader *r)
{
	struct spot ret = { 0, 0 };
	struct log_span s;

	for (size_t i = 0; i < r->files.n; i++) {
		uint64_t size = size_of(&r->files.v[i]);

		open_at(r, (struct spot){ i, 0 });
		for (uint64_t at = 0; at < size; at = s.end) {
			s = log_index_at(&r->index, at);
			if (s.end > size)
				s.end = size;
			if (s.mark.us >= r->want.since)
				return ret;
			if (s.mark.us)
				ret = (struct spot){ i, s.end };
		}
	}
	return ret;
}

static int begin_since(struct log_reader *r, struct kerr *err)
{
	int k = begin_at(r, find_since(r), err);

	r->hidden = r->mid_line; /* the rest of a line that is too old */
	return k;
}

/* The beginning of the last lines of one file; *lines is reduced by those that it has. */
static int tail_of_file(const struct log_reader *r, size_t file, int64_t *lines, struct spot *ret,
			struct kerr *err)
{
	const struct log_file *f = &r->files.v[file];
	cleanup_free char *block = xmalloc(BLOCK);
	uint64_t size = size_of(f), end = size, begin;
	const char *nl;

	for (; end > 0; end = begin) {
		size_t n = end % BLOCK ? end % BLOCK : BLOCK;
		ssize_t k;

		begin = end - n;
		k = read_at(r, f, block, n, begin, err);
		if (k < 0)
			return (int) k;
		if ((size_t) k < n)
			return kerr_plain(err, -EIO, "log '%s' was cut while it was read", r->path);
		/* a line feed at the end of the file ends the last line and begins none */
		for (size_t m = end == size ? n - 1 : n; (nl = memrchr(block, '\n', m)) != NULL;
		     m = (size_t) (nl - block))
			if (--*lines == 0) {
				*ret = (struct spot){ file, begin + (uint64_t) (nl - block) + 1 };
				return 0;
			}
	}
	if (size > 0) {
		*ret = (struct spot){ file, 0 };
		--*lines;
	}
	return 0;
}

/* From the end: the cost does not depend on how large the log is. */
static int begin_tail(struct log_reader *r, struct kerr *err)
{
	struct spot begin = { r->files.n - 1, size_of(&r->files.v[r->files.n - 1]) };
	int64_t lines = r->want.tail;
	int k;

	for (size_t i = r->files.n; i > 0 && lines > 0; i--) {
		k = tail_of_file(r, i - 1, &lines, &begin, err);
		if (k < 0)
			return k;
	}
	return begin_at(r, begin, err);
}

/* The begin of each line that piece has goes into a ring. */
static void note_lines(const struct log_reader *r, const struct log_piece *piece, struct spot *ring,
		       uint64_t size, uint64_t *n)
{
	uint64_t first = r->at - piece->n;
	const char *end = piece->p + piece->n, *p = piece->p;

	if (!piece->begins)
		p = memchr(p, '\n', piece->n) ? (const char *) memchr(p, '\n', piece->n) + 1 : end;
	while (p < end) {
		ring[(*n)++ % size] = (struct spot){ r->file, first + (uint64_t) (p - piece->p) };
		p = memchr(p, '\n', (size_t) (end - p));
		p = p ? p + 1 : end;
	}
}

/* The last lines of those that are wanted: all have to be read to know which are. */
static int begin_tail_of_wanted(struct log_reader *r, struct kerr *err)
{
	uint64_t size = (uint64_t) r->want.tail, n = 0;
	cleanup_free struct spot *ring = NULL;
	struct log_piece piece;
	int k;

	if (size > LOG_TAIL_MAX)
		return kerr_plain(err, -E2BIG,
				  "at most %d lines can be counted from the end of a part of a log",
				  LOG_TAIL_MAX);
	ring = xcalloc(size, sizeof(*ring));
	r->fixed = true;
	while ((k = log_reader_next(r, &piece, err)) > 0)
		note_lines(r, &piece, ring, size, &n);
	r->fixed = false;
	if (k < 0)
		return k;
	if (n == 0)
		return 0; /* it is at the end */
	open_at(r, ring[n > size ? n % size : 0]);
	r->mid_line = false;
	r->last_us = 0;
	return 0;
}

static int begin(struct log_reader *r, struct kerr *err)
{
	const struct log_want *w = &r->want;
	bool all = !w->since && !w->until && !w->streams;
	int k;

	open_at(r, (struct spot){ 0, 0 });
	if (w->tail == 0 || (w->tail > 0 && all))
		return begin_tail(r, err);
	k = w->since ? begin_since(r, err) : 0;
	if (k == 0 && w->tail > 0)
		k = begin_tail_of_wanted(r, err);
	return k;
}

/* Go on where another reader was. */
static void resume(struct log_reader *r, const struct log_place *from)
{
	const struct log_file was = { .ino = from->ino, .born = from->born };

	open_at(r, (struct spot){ 0, 0 });
	for (size_t i = 0; i < r->files.n; i++)
		if (log_file_is(&r->files.v[i], &was)) {
			open_at(r, (struct spot){ i, from->offset });
			r->mid_line = from->mid_line;
			r->hidden = from->hidden;
			r->mark = from->mark;
		}
}

int log_reader_new(int owned_dir, const char *name, const char *path, const struct log_want *want,
		   const struct log_place *from, struct log_reader **ret, struct kerr *err)
{
	struct log_reader *r = xcalloc(1, sizeof(*r));
	int k;

	r->dir = owned_dir;
	r->name = xstrdup(name);
	r->path = xstrdup(path);
	r->want = *want;
	r->want.marks |= want->since || want->until || want->streams;
	k = log_files_open(r->dir, name, path, &r->files, err);
	if (k == 0 && from && from->ino)
		resume(r, from);
	else if (k == 0)
		k = begin(r, err);
	if (k < 0)
		log_reader_free(r);
	else
		*ret = r;
	return k;
}
