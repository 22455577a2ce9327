/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "atomic.h"
#include "emit.h"
#include "emit_json.h"
#include "image_record.h"
#include "imgstore.h"
#include "jval.h"
#include "mem.h"
#include "path.h"
#include "sha256.h"
#include "statefile.h"
#include "str.h"

enum {
	IMAGE_RECORD_MAX = 1 << 20, /* bytes of one record */
};

void image_record_clear(struct image_record *r)
{
	free_p(&r->name);
	free_p(&r->media_type);
	strlist_clear(&r->blobs);
	strlist_clear(&r->chain_ids);
	*r = (struct image_record){ 0 };
}

int image_record_check_name(const char *name, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(4 * IMAGE_MAX_NAME + 16);
	size_t i, n = strnlen(name, IMAGE_MAX_NAME + 1);
	bool ok = n > 0 && n <= IMAGE_MAX_NAME && utf8_valid(name, n);

	for (i = 0; ok && i < n; i++)
		ok = (unsigned char) name[i] > ' ' && name[i] != 0x7f;
	if (ok)
		return 0;
	str_vis(&shown, name, n < IMAGE_MAX_NAME ? n : IMAGE_MAX_NAME);
	return kerr_plain(err, -EINVAL, "invalid image name '%s'", buf_str(&shown));
}

static char *record_path(struct image_store *s, const char *name)
{
	cleanup_free char *file = NULL;
	char hex[SHA256_HEX];

	sha256_hex_of(name, strlen(name), hex);
	file = xasprintf("%s.json", hex);
	return image_store_path(s, NS_IMAGES, file);
}

static void emit(const struct image_record *r, struct buf *out)
{
	struct jemit j;

	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "name");
	jemit_str(&j, r->name);
	jemit_key(&j, "digest");
	jemit_str(&j, r->digest.text);
	jemit_key(&j, "mediaType");
	jemit_str(&j, r->media_type);
	jemit_key(&j, "size");
	jemit_i64(&j, r->size);
	jemit_key(&j, "createdAt");
	jemit_time(&j, &r->created_at);
	jemit_key(&j, "manifest");
	jemit_str(&j, r->manifest.text);
	jemit_key(&j, "blobs");
	jemit_strlist(&j, &r->blobs);
	jemit_key(&j, "chainIds");
	jemit_strlist(&j, &r->chain_ids);
	jemit_key(&j, "pulled");
	jemit_bool(&j, r->pulled);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

static int parse_digests(const struct jval *list, struct strlist *ret)
{
	struct digest d;

	strlist_make_empty(ret);
	for (size_t i = 0; i < jval_count(list); i++) {
		if (digest_parse(jval_str(jval_item(list, i)), &d) < 0)
			return -EINVAL;
		strlist_add(ret, d.text);
	}
	return 0;
}

static int parse(const struct buf *b, struct image_record *r)
{
	cleanup_jval struct jval *root = NULL;
	const char *name, *type, *created;
	int q;

	q = jval_read(buf_str(b), b->len, "image record", &root, NULL);
	if (q < 0)
		return q;
	name = jval_str(jval_get(root, "name"));
	type = jval_str(jval_get(root, "mediaType"));
	created = jval_str(jval_get(root, "createdAt"));
	if (!name || !type || !created || ktime_parse(created, &r->created_at) < 0 ||
	    jval_i64(jval_get(root, "size"), &r->size) < 0 ||
	    digest_parse(jval_str(jval_get(root, "digest")), &r->digest) < 0 ||
	    digest_parse(jval_str(jval_get(root, "manifest")), &r->manifest) < 0 ||
	    parse_digests(jval_get(root, "blobs"), &r->blobs) < 0 ||
	    parse_digests(jval_get(root, "chainIds"), &r->chain_ids) < 0)
		return -EINVAL;
	(void) jval_bool(jval_get(root, "pulled"), &r->pulled); /* missing: the image was loaded */
	r->name = xstrdup(name);
	r->media_type = xstrdup(type);
	return 0;
}

/* A record's file name must be the digest of the image name in it. */
static bool is_in_place(const char *path, const struct image_record *rec)
{
	char hex[SHA256_HEX];

	sha256_hex_of(rec->name, strlen(rec->name), hex);
	return str_has_prefix(path_basename(path), hex);
}

static int load_path(const char *path, struct image_record *ret, struct kerr *err)
{
	cleanup_buf struct buf b = BUF_INIT(IMAGE_RECORD_MAX);
	cleanup_image_record struct image_record rec = { 0 };
	int r;

	r = state_read_at(AT_FDCWD, path, IMAGE_RECORD_MAX, &b, err);
	if (r < 0)
		return r;
	r = parse(&b, &rec);
	if (r < 0 || !is_in_place(path, &rec))
		return kerr_plain(err, -EINVAL, "image record '%s' is damaged", path);
	*ret = take_struct(rec);
	return 0;
}

static int save_locked(const char *path, struct image_record *rec, struct kerr *err)
{
	cleanup_image_record struct image_record old = { 0 };
	cleanup_buf struct buf b = BUF_INIT(IMAGE_RECORD_MAX);
	int r;

	r = load_path(path, &old, NULL);
	rec->created_at = r == 0 ? old.created_at : ktime_now();
	emit(rec, &b);
	r = buf_check(&b, "image record", err);
	return r < 0 ? r
		     : atomic_write_at(AT_FDCWD, path, b.data, b.len, 0600, ATOMIC_WRITE_SUM, err);
}

int image_record_save(struct image_store *s, struct image_record *rec, struct kerr *err)
{
	cleanup_free char *path = record_path(s, rec->name);
	char hex[SHA256_HEX];
	struct lock_id id;
	int r;

	sha256_hex_of(rec->name, strlen(rec->name), hex);
	id = lock_id_blob(s->ns, hex);
	r = locks_take(s->locks, &id, 0, err);
	if (r < 0)
		return r;
	r = save_locked(path, rec, err);
	locks_drop(s->locks, &id);
	return r;
}

int image_record_load(struct image_store *s, const char *name, struct image_record *ret,
		      struct kerr *err)
{
	cleanup_free char *path = record_path(s, name);

	return load_path(path, ret, err);
}

static int remove_path(const char *path, struct kerr *err)
{
	int r;

	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return -ENOENT;
	/* a damaged record may even be a directory */
	r = remove_tree_at(AT_FDCWD, path, REMOVE_TREE_SAME_FS, err);
	return r < 0 ? r : fsync_parent(AT_FDCWD, path, err);
}

int image_record_remove(struct image_store *s, const char *name, struct kerr *err)
{
	cleanup_free char *path = record_path(s, name);

	return remove_path(path, err);
}

int image_record_remove_file(struct image_store *s, const char *file, struct kerr *err)
{
	cleanup_free char *path = NULL;

	if (!image_store_is_record(file))
		return -ENOENT;
	path = image_store_path(s, NS_IMAGES, file);
	return remove_path(path, err);
}

int image_record_walk(struct image_store *s, image_record_fn *fn, void *ctx, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(s, NS_IMAGES, NULL);
	struct dirent *e;
	DIR *d;
	int r = 0;

	d = opendir(dir);
	if (!d)
		return kerr_set(err, -errno, "open '%s'", dir);
	while (r >= 0 && (e = readdir(d))) {
		cleanup_image_record struct image_record rec = { 0 };
		cleanup_free char *path = image_store_path(s, NS_IMAGES, e->d_name);
		struct kerr why = { 0 };

		if (!image_store_is_record(e->d_name))
			continue;
		r = load_path(path, &rec, &why);
		if (r == -ENOENT)
			r = 0; /* removed meanwhile by another process */
		else
			r = fn(ctx, e->d_name, r == 0 ? &rec : NULL, r == 0 ? NULL : &why);
	}
	(void) closedir(d);
	return r < 0 ? r : 0;
}
