/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "crc32c.h"
#include "fd.h"
#include "filelist.h"
#include "imgstore.h"
#include "layer.h"
#include "layer_verify.h"
#include "mem.h"
#include "path.h"
#include "str.h"

enum {
	VERIFY_BLOCK = 256 << 10,
	VERIFY_TEXT_MAX = 64 << 10,
};

/* An entry of the list of files and its position. */
struct item {
	struct filelist_entry e;
	size_t n;
};

/* State while a layer is verified. */
struct verify {
	struct layer_report *report;
	int fs;
	char *list;
	size_t list_n;
	struct item *items; /* sorted by path, then by position */
	size_t n_items;
	uint8_t *block;
};

void layer_report_clear(struct layer_report *r)
{
	strlist_clear(&r->problems);
	*r = (struct layer_report){ 0 };
}

/* path NULL: the problem is the layer itself. */
static void problem(struct layer_report *r, const char *path, char *owned_text)
{
	cleanup_buf struct buf b = BUF_INIT(VERIFY_TEXT_MAX);
	cleanup_free char *text = owned_text;

	if (r->problems.n >= LAYER_VERIFY_MAX_PROBLEMS) {
		r->more++;
		return;
	}
	if (path) {
		str_vis(&b, *path ? path : "/", *path ? strlen(path) : 1);
		buf_adds(&b, ": ");
	}
	buf_adds(&b, text);
	strlist_add(&r->problems, buf_str(&b));
}

static void verify_clear(struct verify *v)
{
	if (v->list)
		(void) munmap(v->list, v->list_n);
	free_p(&v->items);
	free_p(&v->block);
	fd_close_p(&v->fs);
}

/* Map the list of files: 1, or 0 when it is missing or unusable. */
static int map_list(struct verify *v, const char *dir, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, LAYER_FILES, NULL);
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	p = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return kerr_set(err, -errno, "map '%s'", path);
	v->list = p;
	v->list_n = (size_t) st.st_size;
	return 1;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = path_compare(x->e.path, y->e.path);

	return r != 0 ? r : x->n < y->n ? -1 : x->n > y->n;
}

static int read_items(struct verify *v)
{
	const char *at = v->list, *end = v->list + v->list_n;
	struct filelist_entry e;
	int r;

	while ((r = filelist_next(&at, end, &e)) > 0) {
		struct item *i = vec_grow(&v->items, &v->n_items, sizeof(*i));

		*i = (struct item){ e, v->n_items - 1 };
	}
	if (v->n_items > 0)
		qsort(v->items, v->n_items, sizeof(*v->items), compare_items);
	return r;
}

/* The entry that path had when entry n was written, following hard links; NULL: none. */
static const struct filelist_entry *find_target(const struct verify *v, const char *path, size_t n)
{
	struct item key = { { .path = path }, n };
	size_t from, to, mid;

	for (;;) {
		for (from = 0, to = v->n_items; from < to;) {
			mid = from + (to - from) / 2;
			if (compare_items(&v->items[mid], &key) < 0)
				from = mid + 1;
			else
				to = mid;
		}
		if (from == 0 || !streq(v->items[from - 1].e.path, key.e.path))
			return NULL;
		if (v->items[from - 1].e.type != 'h')
			return &v->items[from - 1].e;
		key = (struct item){ { .path = v->items[from - 1].e.target },
				     v->items[from - 1].n };
	}
}

/* Open a path of the layer; never follows a symlink. -errno. */
static int open_below(const struct verify *v, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t) (flags | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r;

	/* O_PATH may open the symlink itself. */
	if (flags & O_PATH)
		how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
	r = syscall(SYS_openat2, v->fs, *path ? path : ".", &how, sizeof(how));
	return r < 0 ? -errno : (int) r;
}

static mode_t type_of(char type)
{
	switch (type) {
	case 'f':
		return S_IFREG;
	case 'l':
		return S_IFLNK;
	case 'd':
	case 'i':
		return S_IFDIR;
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR; /* character device, or whiteout */
	}
}

static void check_content(struct verify *v, const char *path, const struct filelist_entry *e)
{
	cleanup_fd int fd = open_below(v, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	uint32_t crc = 0;
	off_t at = 0, data;
	ssize_t n = 0;

	/* Holes are zeros: skip them without reading. */
	while (fd >= 0 && (data = lseek(fd, at, SEEK_DATA)) >= 0) {
		crc = crc32c_add_zeros(crc, (uint64_t) (data - at));
		n = pread(fd, v->block, VERIFY_BLOCK, data);
		if (n <= 0)
			break;
		crc = crc32c_add(crc, v->block, (size_t) n);
		at = data + n;
	}
	if (fd < 0 || n < 0 || (data < 0 && errno != ENXIO)) {
		problem(v->report, path,
			xasprintf("cannot be read: %s", strerror(fd < 0 ? -fd : errno)));
		return;
	}
	if ((uint64_t) at < e->size)
		crc = crc32c_add_zeros(crc, e->size - (uint64_t) at);
	if (crc != e->crc)
		problem(v->report, path, xstrdup("its content differs"));
}

static void check_link(struct verify *v, const char *path, int fd, const struct filelist_entry *e)
{
	char *target = (char *) v->block;
	ssize_t n = readlinkat(fd, "", target, VERIFY_BLOCK);

	if (n < 0 || (uint64_t) n != e->size || crc32c_add(0, target, (size_t) n) != e->crc)
		problem(v->report, path, xstrdup("its target differs"));
}

/* Compare the file at path with entry e. */
static void check(struct verify *v, const char *path, const struct filelist_entry *e)
{
	cleanup_fd int fd = open_below(v, path, O_PATH);
	struct stat st;

	v->report->files++;
	if (fd < 0 || fstat(fd, &st) < 0) {
		problem(v->report, path,
			fd == -ENOENT ? xstrdup("it is missing")
				      : xasprintf("cannot be opened: %s",
						  strerror(fd < 0 ? -fd : errno)));
		return;
	}
	if ((st.st_mode & S_IFMT) != type_of(e->type)) {
		problem(v->report, path, xstrdup("its type differs"));
		return;
	}
	if (e->type == 'i')
		return; /* an implied directory: owner and mode come from the layers below */
	if ((e->type == 'c' || e->type == 'b' || e->type == 'w') && st.st_rdev != e->size)
		problem(v->report, path, xstrdup("its device number differs"));
	if (e->type == 'w')
		return;
	if (e->type != 'l' && (st.st_mode & 07777) != e->mode)
		problem(v->report, path,
			xasprintf("its mode is %04o, not %04o", st.st_mode & 07777, e->mode));
	if (st.st_uid != e->uid || st.st_gid != e->gid)
		problem(v->report, path,
			xasprintf("its owner is %u:%u, not %u:%u", st.st_uid, st.st_gid, e->uid,
				  e->gid));
	if (e->type == 'l')
		check_link(v, path, fd, e);
	else if (e->type == 'f' && (uint64_t) st.st_size != e->size)
		problem(v->report, path,
			xasprintf("it has %lld bytes, not %llu", (long long) st.st_size,
				  (unsigned long long) e->size));
	else if (e->type == 'f')
		check_content(v, path, e);
}

/* Removals of a path and its parents, outermost first. */
struct removals {
	struct removal {
		const char *path;
		size_t len;
		size_t last; /* position of the last removal here or above, plus one; 0: none */
	} * v;
	size_t n;
};

static bool is_below(const char *path, const struct removal *r)
{
	return strncmp(path, r->path, r->len) == 0 &&
	       (r->len == 0 || path[r->len] == '/' || path[r->len] == '\0');
}

/* Check each path once, against its last entry that was not removed later. */
static void check_items(struct verify *v)
{
	struct removals up = { NULL, 0 };
	size_t end, k, last;

	for (size_t i = 0; i < v->n_items; i = end) {
		const char *path = v->items[i].e.path;
		struct removal *r;

		while (up.n > 0 && !is_below(path, &up.v[up.n - 1]))
			up.n--;
		last = up.n > 0 ? up.v[up.n - 1].last : 0;
		for (end = i; end < v->n_items && streq(v->items[end].e.path, path); end++)
			if (v->items[end].e.type == '-' && v->items[end].n + 1 > last)
				last = v->items[end].n + 1;
		up.v = xreallocarray(up.v, up.n + 1, sizeof(*up.v));
		r = &up.v[up.n++];
		*r = (struct removal){ path, strlen(path), last };
		k = end - 1;
		if (v->items[k].e.type == '-' || v->items[k].n < last)
			continue;
		if (v->items[k].e.type != 'h') {
			check(v, path, &v->items[k].e);
			continue;
		}
		if (find_target(v, path, v->items[k].n + 1))
			check(v, path, find_target(v, path, v->items[k].n + 1));
	}
	free(up.v);
}

void layer_verify(struct image_store *s, const struct digest *chain, struct layer_report *ret)
{
	cleanup_free char *dir = layer_path(s, chain, NULL), *fs = layer_path(s, chain, LAYER_FS);
	cleanup_(verify_clear) struct verify v = { .report = ret, .fs = -EBADF };
	struct layer_info info;
	int r;

	r = layer_read_info_in(dir, &info, NULL);
	if (r < 0) {
		problem(ret, NULL, xstrdup("its record is missing or damaged"));
		return;
	}
	r = map_list(&v, dir, NULL);
	if (r < 0 || v.list_n != info.files_bytes ||
	    crc32c_add(0, v.list, v.list_n) != info.files_crc || read_items(&v) < 0) {
		problem(ret, NULL, xstrdup("its list of files is missing or damaged"));
		return;
	}
	v.fs = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v.fs < 0) {
		problem(ret, NULL, xstrdup("its files are missing"));
		return;
	}
	v.block = xmalloc(VERIFY_BLOCK);
	check_items(&v);
}

int layer_sum_files(const char *dir, uint64_t *ret_bytes, uint32_t *ret_crc, struct kerr *err)
{
	cleanup_(verify_clear) struct verify v = { .fs = -EBADF };
	int r;

	r = map_list(&v, dir, err);
	if (r < 0)
		return r;
	*ret_bytes = v.list_n;
	*ret_crc = crc32c_add(0, v.list, v.list_n);
	return 0;
}
