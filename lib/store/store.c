/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "atomic.h"
#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "overlay.h"
#include "passwords.h"
#include "path.h"
#include "statefile.h"
#include "store.h"
#include "str.h"

/*
 * The sticky bit of an object's directory means: the object is being created and its
 * document is not durable yet, or it is being removed. After a crash or power failure
 * such a directory may be removed. Any other directory without a readable document is
 * damaged.
 */
enum {
	STORE_DIR_MODE = 02750, /* the group reads, new files inherit it */
	STORE_UNFINISHED = S_ISVTX,
	STORE_FILE_MODE = 0644,
};

/* Offsets of a kind's members that are set at every save. */
struct stamps {
	size_t created_at, updated_at, ready_at;
	size_t state;
	unsigned ready;
};

#define STAMPS(doc, ready_state)                                                             \
	{                                                                                    \
		.created_at = offsetof(struct doc, status.created_at),                       \
		.updated_at = offsetof(struct doc, status.updated_at),                       \
		.ready_at = offsetof(struct doc, status.ready_at),                           \
		.state = offsetof(struct doc, status.state), .ready = (unsigned) ready_state \
	}

static const struct stamps stamps_[] = {
	[KIND_REALM] = STAMPS(realm_doc, REALM_STATE_READY),
	[KIND_SPACE] = STAMPS(space_doc, SPACE_STATE_READY),
	[KIND_STACK] = STAMPS(stack_doc, STACK_STATE_READY),
	[KIND_CELL] = STAMPS(cell_doc, CELL_STATE_READY),
};

enum kind store_kind(const struct addr *a)
{
	switch (addr_level(a)) {
	case ADDR_ROOT:
		break;
	case ADDR_REALM:
		return KIND_REALM;
	case ADDR_SPACE:
		return KIND_SPACE;
	case ADDR_STACK:
		return KIND_STACK;
	case ADDR_CELL:
		return KIND_CELL;
	}
	return KIND_INVALID;
}

static struct ktime *doc_time(void *doc, size_t offset)
{
	return (struct ktime *) ((char *) doc + offset);
}

static unsigned doc_state(const void *doc, size_t offset)
{
	unsigned state;

	/* All states are enums of int's size; memcpy keeps the compiler's aliasing rules. */
	memcpy(&state, (const char *) doc + offset, sizeof(state));
	return state;
}

static int parse_doc(enum kind kind, const char *path, const struct buf *text, void *ret_doc,
		     struct kerr *err)
{
	const struct kind_info *info = kind_info(kind);
	struct doc_head *head = ret_doc;
	int r;

	r = model_read_json(info->type, buf_str(text), text->len, ret_doc, err);
	if (r < 0)
		return kerr_wrap(err, r, "read '%s'", path);
	if (str_empty(head->api_version)) {
		free_p(&head->api_version);
		head->api_version = xstrdup("v1beta1");
	}
	if (!streq(head->api_version, "v1beta1"))
		r = kerr_plain(err, -EINVAL, "read '%s': unsupported apiVersion for %s: %s", path,
			       info->name, head->api_version);
	else if (!str_empty(head->kind) && !streq(head->kind, info->name))
		r = kerr_plain(err, -EINVAL, "read '%s': it is a %s, not a %s", path, head->kind,
			       info->name);
	if (r < 0)
		model_clear(info->type, ret_doc);
	return r;
}

bool store_unfinished(const struct layout *l, const struct addr *a)
{
	cleanup_free char *dir = layout_object(l, a, OBJECT_DIR);
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & STORE_UNFINISHED);
}

/* Files of an object in addition to its document. */
static const struct {
	enum addr_level level;
	enum object_file what;
} sides_[] = {
	{ ADDR_REALM, REALM_PASSWORDS },  { ADDR_SPACE, SPACE_NETWORK },
	{ ADDR_SPACE, SPACE_CONFLIST },	  { ADDR_SPACE, SPACE_HOSTS },
	{ ADDR_SPACE, SPACE_LEASES },	  { ADDR_SPACE, SPACE_ATTACHMENTS },
	{ ADDR_SPACE, SPACE_EGRESS },	  { ADDR_CELL, CELL_ETC_HOSTS },
	{ ADDR_CELL, CELL_ETC_HOSTNAME },
};

/* Whether a directory without a document belongs to an object whose document was lost. */
static bool has_lost_document(const struct layout *l, const struct addr *a)
{
	cleanup_free char *dir = layout_object(l, a, OBJECT_DIR);
	cleanup_strlist struct strlist below = { 0 };
	struct stat st;

	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & STORE_UNFINISHED))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(sides_); i++) {
		cleanup_free char *path = NULL;

		if (sides_[i].level != addr_level(a))
			continue;
		path = layout_object(l, a, sides_[i].what);
		if (lstat(path, &st) == 0)
			return true;
	}
	return addr_level(a) != ADDR_CELL && store_list(l, a, &below, NULL) == 0 && below.n > 0;
}

/*
 * Check that a document is the one of this address: it may have been copied here, or
 * its name damaged.
 */
static int check_place(const struct addr *a, const char *path, const void *doc, struct kerr *err)
{
	const struct doc_head *head = doc;
	const char *have[4] = { NULL };
	const char *want[] = { a->realm, a->space, a->stack, a->cell };
	size_t i, n = addr_level(a);

	if (n == ADDR_SPACE) {
		have[0] = ((const struct space_doc *) doc)->spec.realm_id;
	} else if (n == ADDR_STACK) {
		have[0] = ((const struct stack_doc *) doc)->spec.realm_id;
		have[1] = ((const struct stack_doc *) doc)->spec.space_id;
	} else if (n == ADDR_CELL) {
		have[0] = ((const struct cell_doc *) doc)->spec.realm_id;
		have[1] = ((const struct cell_doc *) doc)->spec.space_id;
		have[2] = ((const struct cell_doc *) doc)->spec.stack_id;
	}
	have[n - 1] = head->metadata.name;
	for (i = 0; i < n; i++)
		if (!str_empty(have[i]) && !streq(have[i], want[i]))
			return kerr_plain(err, -EBADMSG, "'%s' belongs to '%s', not to '%s'", path,
					  have[i], want[i]);
	return 0;
}

/* Read the document; the caller decides what a missing one means. */
static int read_doc(const struct layout *l, const struct addr *a, void *ret_doc, struct kerr *err)
{
	cleanup_free char *path = layout_object(l, a, OBJECT_METADATA);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	enum kind kind = store_kind(a);
	int r;

	model_clear(kind_info(kind)->type, ret_doc);
	r = state_read_at(AT_FDCWD, path, KUKE_MAX_RECORD, &text, err);
	/* ENOTDIR: a file in place of a directory; there is no such object either. */
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r == 0)
		r = parse_doc(kind, path, &text, ret_doc, err);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	r = check_place(a, path, ret_doc, err);
	if (r < 0)
		model_clear(kind_info(kind)->type, ret_doc);
	return r;
}

static void mask_passwords(struct realm_doc *doc)
{
	for (size_t i = 0; i < doc->spec.registry_credentials.n; i++) {
		struct registry_credentials *c = &doc->spec.registry_credentials.v[i];

		if (str_empty(c->password))
			continue;
		free_p(&c->password);
		c->password = xstrdup(PASSWORD_MASK);
	}
}

static void load_planned(const void *doc, enum kind kind, enum store_load_flags flags,
			 void *ret_doc)
{
	model_copy(kind_info(kind)->type, ret_doc, doc);
	if (kind == KIND_REALM && !(flags & STORE_LOAD_PASSWORDS))
		mask_passwords(ret_doc);
}

int store_load(const struct layout *l, const struct addr *a, enum store_load_flags flags,
	       void *ret_doc, struct kerr *err)
{
	const void *planned;
	enum kind kind = store_kind(a);
	struct kerr why = { 0 };
	int r;

	assert(kind != KIND_INVALID);
	r = overlay_find(l->overlay, a, &planned);
	if (r > 0)
		load_planned(planned, kind, flags, ret_doc);
	else if (r == 0)
		model_clear(kind_info(kind)->type, ret_doc);
	if (r >= 0)
		return r > 0 ? 0 : -ENOENT;
	r = read_doc(l, a, ret_doc, &why);
	if (r == -ENOENT && has_lost_document(l, a)) {
		cleanup_free char *path = layout_object(l, a, OBJECT_METADATA);

		r = kerr_plain(&why, -EBADMSG, "'%s' is missing", path);
	} else if (r < 0 && (r == -ENOENT || store_unfinished(l, a))) {
		return -ENOENT; /* power failed before its first durable save: not an object */
	}
	if (r < 0) {
		if (err)
			*err = why;
		return r;
	}
	if (kind != KIND_REALM || !(flags & STORE_LOAD_PASSWORDS))
		return r;
	r = passwords_merge(l, a, ret_doc, err);
	if (r < 0)
		model_clear(kind_info(kind)->type, ret_doc);
	return r;
}

/* For an unfinished object: whether its document can be read. */
static int is_readable(const struct layout *l, const struct addr *a)
{
	const struct model_type *type = kind_info(store_kind(a))->type;
	cleanup_free void *doc = xcalloc(1, type->size);
	int r = read_doc(l, a, doc, NULL);

	model_clear(type, doc);
	return r == 0;
}

int store_exists(const struct layout *l, const struct addr *a, struct kerr *err)
{
	cleanup_free char *path = layout_object(l, a, OBJECT_METADATA);
	const void *planned;
	struct stat st;
	int r;

	r = overlay_find(l->overlay, a, &planned);
	if (r >= 0)
		return r;
	if (lstat(path, &st) == 0)
		return store_unfinished(l, a) ? is_readable(l, a) : 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return has_lost_document(l, a);
	return kerr_set(err, -errno, "stat '%s'", path);
}

/* Take createdAt and readyAt from the stored document if doc lacks them. */
static int inherit_times(const struct layout *l, const struct addr *a, void *doc, struct kerr *err)
{
	const struct kind_info *info = kind_info(store_kind(a));
	const struct stamps *s = &stamps_[store_kind(a)];
	struct ktime *created = doc_time(doc, s->created_at);
	struct ktime *ready = doc_time(doc, s->ready_at);
	void *old;
	int r;

	if (created->set)
		return 0;
	old = xcalloc(1, info->type->size);
	r = store_load(l, a, 0, old, err);
	if (r >= 0) {
		*created = *doc_time(old, s->created_at);
		if (!ready->set)
			*ready = *doc_time(old, s->ready_at);
	}
	model_clear(info->type, old);
	free(old);
	return r == -ENOENT ? 0 : r;
}

static void stamp(enum kind kind, enum store_save_flags flags, void *doc)
{
	const struct stamps *s = &stamps_[kind];
	struct ktime now = ktime_now();

	if (!doc_time(doc, s->created_at)->set)
		*doc_time(doc, s->created_at) = now;
	*doc_time(doc, s->updated_at) = now;
	if (!(flags & STORE_SAVE_NOT_YET) && !doc_time(doc, s->ready_at)->set &&
	    doc_state(doc, s->state) == s->ready)
		*doc_time(doc, s->ready_at) = now;
}

static void fill_head(enum kind kind, struct doc_head *head)
{
	free_p(&head->api_version);
	head->api_version = xstrdup("v1beta1");
	free_p(&head->kind);
	head->kind = xstrdup(kind_info(kind)->name);
}

/* mkdir(2) drops the set-group-ID bit, and an existing directory may have any mode. */
static int mark(const char *dir, bool unfinished, struct kerr *err)
{
	if (chmod(dir, STORE_DIR_MODE | (unfinished ? STORE_UNFINISHED : 0)) < 0)
		return kerr_set(err, -errno, "chmod '%s'", dir);
	return 0;
}

int store_begin(const struct layout *l, const struct addr *a, struct kerr *err)
{
	cleanup_free char *dir = layout_object(l, a, OBJECT_DIR);
	int r = mkdir_p(dir, STORE_DIR_MODE, err);

	return r < 0 ? r : mark(dir, true, err);
}

static int write_doc(const struct layout *l, const struct addr *a, enum store_save_flags flags,
		     const void *doc, struct kerr *err)
{
	enum atomic_write_flags how = ATOMIC_WRITE_SUM;
	cleanup_free char *dir = layout_object(l, a, OBJECT_DIR);
	cleanup_free char *path = layout_object(l, a, OBJECT_METADATA);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r;

	model_emit_json(&text, kind_info(store_kind(a))->type, doc, EMIT_INDENT | EMIT_REDACT);
	buf_addc(&text, '\n');
	r = buf_check(&text, path, err);
	if (r < 0)
		return r;
	if (flags & STORE_SAVE_NOSYNC)
		how |= ATOMIC_WRITE_NOSYNC;
	r = atomic_write_at(AT_FDCWD, path, text.data, text.len, STORE_FILE_MODE, how, err);
	if (r < 0 || flags & STORE_SAVE_NOSYNC || !store_unfinished(l, a))
		return r;
	r = mark(dir, false, err);
	return r < 0 ? r : fsync_parent(AT_FDCWD, dir, err); /* the new directory's own name */
}

int store_save(const struct layout *l, const struct addr *a, enum store_save_flags flags, void *doc,
	       struct kerr *err)
{
	enum kind kind = store_kind(a);
	cleanup_(passwords_freep) struct passwords *pw = NULL;
	int there;
	int r;

	assert(kind != KIND_INVALID);
	there = store_exists(l, a, err);
	if (there < 0)
		return there;
	if (there == 0) {
		r = store_begin(l, a, err);
		if (r < 0)
			return r;
	}
	if (!(flags & STORE_SAVE_KEEP_TIMES)) {
		r = inherit_times(l, a, doc, err);
		if (r < 0)
			return r;
		stamp(kind, flags, doc);
	}
	fill_head(kind, doc);
	if (kind == KIND_REALM) {
		r = passwords_prepare(l, a, doc, there > 0, &pw, err);
		if (r < 0)
			return r;
	}
	r = write_doc(l, a, flags, doc, err);
	if (r < 0 || !pw)
		return r;
	return passwords_commit(pw, err);
}

int store_unmask(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		 struct kerr *err)
{
	const void *planned;

	assert(addr_level(realm) == ADDR_REALM);
	if (overlay_find(l->overlay, realm, &planned) > 0) {
		passwords_unmask(planned, doc);
		return 0;
	}
	return passwords_merge(l, realm, doc, err);
}

int store_refuse_masks(const struct realm_doc *doc, struct kerr *err)
{
	return passwords_refuse_masks(doc, err);
}

int store_check_passwords(const struct layout *l, const struct addr *realm,
			  const struct realm_doc *doc, struct kerr *err)
{
	assert(addr_level(realm) == ADDR_REALM);
	return passwords_check(l, realm, doc, err);
}

/* check: leave out what store_exists says is no object. */
static int list(const struct layout *l, const struct addr *parent, bool check, struct strlist *ret,
		struct kerr *err)
{
	cleanup_free char *dir = layout_object(l, parent, OBJECT_DIR);
	cleanup_strlist struct strlist names = { 0 };
	struct dirent *e;
	DIR *d;
	int r = 0;

	assert(addr_level(parent) != ADDR_CELL);
	strlist_make_empty(&names);
	d = opendir(dir);
	if (!d && errno != ENOENT && errno != ENOTDIR)
		return kerr_set(err, -errno, "open '%s'", dir);
	while (d && r >= 0) {
		struct addr child;

		errno = 0;
		e = readdir(d);
		if (!e) {
			if (errno != 0)
				r = kerr_set(err, -errno, "read '%s'", dir);
			break;
		}
		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		child = addr_child(parent, e->d_name);
		/* List it also if the check fails: loading it reports the error. */
		if (!check || store_exists(l, &child, NULL) != 0)
			strlist_add(&names, e->d_name);
	}
	if (d)
		(void) closedir(d);
	if (r < 0)
		return r;
	overlay_list(l->overlay, parent, &names);
	strlist_sort(&names);
	strlist_clear(ret);
	*ret = take_struct(names);
	return 0;
}

int store_list(const struct layout *l, const struct addr *parent, struct strlist *ret,
	       struct kerr *err)
{
	return list(l, parent, true, ret, err);
}

int store_names(const struct layout *l, const struct addr *parent, struct strlist *ret,
		struct kerr *err)
{
	return list(l, parent, false, ret, err);
}

static int delete_sides(const struct layout *l, const struct addr *a, struct kerr *err)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(sides_); i++) {
		cleanup_free char *path = NULL;

		if (sides_[i].level != addr_level(a))
			continue;
		path = layout_object(l, a, sides_[i].what);
		r = remove_tree_at(AT_FDCWD, path, 0, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int store_delete(const struct layout *l, const struct addr *a, enum store_delete_flags flags,
		 struct kerr *err)
{
	cleanup_free char *dir = layout_object(l, a, OBJECT_DIR);
	cleanup_free char *path = layout_object(l, a, OBJECT_METADATA);
	int r;

	assert(store_kind(a) != KIND_INVALID);
	/* Remove the document first: after a crash the rest is not taken for an object. */
	(void) mark(dir, true, NULL); /* the directory may be gone already */
	r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS,
			   err); /* a damaged document may be of any file type */
	if (r == 0 && faccessat(AT_FDCWD, dir, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = fsync_parent(AT_FDCWD, path, err);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	r = delete_sides(l, a, err);
	if (r < 0)
		return r;
	if (flags & STORE_DELETE_TREE)
		return remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	/* Files may be left in the directory; the mark stays, so it is not taken for an object. */
	return errno == ENOTEMPTY || errno == EEXIST ? 0
						     : kerr_set(err, -errno, "remove '%s'", dir);
}
