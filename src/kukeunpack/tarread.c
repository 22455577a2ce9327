/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "mem.h"
#include "paxcheck.h"
#include "str.h"
#include "tarread.h"

struct tar_reader {
	struct inflow *flow;
	struct paxcheck check;
	struct archive *a;
	struct archive_entry *entry; /* current entry; owned by a */
	struct kerr flow_err; /* the error that ended the input */
	int flow_r;
	bool opened;
	bool first; /* nothing was read yet */
	bool empty; /* the input has no bytes */
};

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret)
{
	struct tar_reader *t = ctx;
	ssize_t n;

	n = inflow_next(t->flow, ret, &t->flow_err);
	if (t->first)
		t->empty = n == 0;
	t->first = false;
	if (n > 0 && paxcheck_feed(&t->check, *ret, (size_t) n, &t->flow_err) < 0)
		n = -EBADMSG;
	if (n >= 0)
		return n;
	t->flow_r = (int) n;
	archive_set_error(a, -t->flow_r, "input failed");
	return ARCHIVE_FATAL;
}

struct tar_reader *tar_new(struct inflow *f)
{
	struct tar_reader *t = xcalloc(1, sizeof(*t));

	t->flow = f;
	t->first = true;
	t->a = archive_read_new();
	if (!t->a)
		abort(); /* out of memory */
	return t;
}

struct tar_reader *tar_free(struct tar_reader *t)
{
	if (!t)
		return NULL;
	(void) archive_read_free(t->a);
	free(t);
	return NULL;
}

/* Return libarchive's error, or that of the input if it is the cause. */
static int fail(struct tar_reader *t, struct kerr *err)
{
	const char *text = archive_error_string(t->a);

	if (t->flow_r < 0) {
		if (err)
			*err = t->flow_err;
		return t->flow_r;
	}
	if (text && strstr(text, "Unrecognized archive format"))
		return kerr_plain(err, -EBADMSG, "layer is not a tar archive");
	/* libarchive's warnings are errors here, so drop its word "Ignoring". */
	if (text && str_has_prefix(text, "Ignoring "))
		text += strlen("Ignoring ");
	return kerr_plain(err, -EBADMSG, "bad tar archive: %s", text ? text : "unknown error");
}

/*
 * Names are treated as bytes. In the C locale, libarchive returns the bytes of a pax
 * name unchanged but with this warning. All other warnings are errors.
 */
static bool is_name_warning(struct tar_reader *t)
{
	const char *text = archive_error_string(t->a);

	return text && strstr(text, "can't be converted from");
}

static int open_reader(struct tar_reader *t, struct kerr *err)
{
	int r;

	t->opened = true;
	(void) archive_read_support_format_tar(t->a);
	(void) archive_read_set_options(t->a, "hdrcharset=BINARY");
	r = archive_read_open(t->a, t, NULL, on_read, NULL);
	if (r != ARCHIVE_OK && !t->empty)
		return fail(t, err);
	return 0;
}

static void fill_entry(struct tar_entry *ret, struct archive_entry *e)
{
	const char *hard = archive_entry_hardlink(e);

	*ret = (struct tar_entry){
		.path = archive_entry_pathname(e),
		.link = hard ? hard : archive_entry_symlink(e),
		.hardlink = hard,
		.type = archive_entry_filetype(e),
		.mode = archive_entry_perm(e) & 07777,
		.uid = archive_entry_uid(e),
		.gid = archive_entry_gid(e),
		.size = archive_entry_size(e),
		.mtime = { archive_entry_mtime(e), archive_entry_mtime_nsec(e) },
		.dev_major = (uint64_t) archive_entry_rdevmajor(e),
		.dev_minor = (uint64_t) archive_entry_rdevminor(e),
		.n_xattrs = (size_t) archive_entry_xattr_reset(e),
	};
}

int tar_next(struct tar_reader *t, struct tar_entry *ret, struct kerr *err)
{
	int r;

	r = t->opened ? 0 : open_reader(t, err);
	if (r < 0)
		return r;
	if (t->empty)
		return 0;
	archive_clear_error(t->a);
	r = archive_read_next_header(t->a, &t->entry);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_name_warning(t)))
		return fail(t, err);
	fill_entry(ret, t->entry);
	if (!ret->path)
		return kerr_plain(err, -EBADMSG, "bad tar archive: an entry without a name");
	return 1;
}

int tar_data(struct tar_reader *t, const void **ret, size_t *ret_n, int64_t *ret_offset,
	     struct kerr *err)
{
	la_int64_t offset = 0;
	int r;

	r = archive_read_data_block(t->a, ret, ret_n, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return fail(t, err);
	*ret_offset = offset;
	return 1;
}

int tar_next_xattr(struct tar_reader *t, const char **ret_name, const void **ret, size_t *ret_n)
{
	return archive_entry_xattr_next(t->entry, ret_name, ret, ret_n) == ARCHIVE_OK;
}

void tar_rewind_xattrs(struct tar_reader *t)
{
	(void) archive_entry_xattr_reset(t->entry);
}
