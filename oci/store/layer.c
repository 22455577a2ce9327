/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "buf.h"
#include "imgstore.h"
#include "jscan.h"
#include "layer.h"
#include "mem.h"
#include "path.h"
#include "statefile.h"

enum {
	LAYER_RECORD_MAX = 4096, /* bytes of layer.json */
};

char *layer_path(const struct image_store *s, const struct digest *chain, const char *name)
{
	cleanup_free char *dir = image_store_path(s, NS_SNAPSHOTS, digest_hex(chain));

	return path_join(dir, name, NULL);
}

bool layer_exists(struct image_store *s, const struct digest *chain)
{
	struct layer_info info;

	/* A directory without a readable record is incomplete or damaged: unpack it again. */
	return layer_read_info(s, chain, &info, NULL) == 0;
}

static int parse_digest_key(const struct buf *b, const char *key, struct digest *ret)
{
	char text[DIGEST_TEXT_MAX];
	int r;

	r = jscan_get_str(b->data, b->len, key, text, sizeof(text));
	if (r < 0)
		return r;
	if (*text)
		return digest_parse(text, ret);
	*ret = (struct digest){ 0 };
	return 0;
}

int layer_read_info_in(const char *dir, struct layer_info *ret, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, LAYER_RECORD, NULL);
	cleanup_buf struct buf b = BUF_INIT(LAYER_RECORD_MAX);
	int64_t bytes = 0, entries = 0, opaque = 0, files = 0, crc = 0;
	struct layer_info info = { 0 };
	int r;

	r = state_read_at(AT_FDCWD, path, LAYER_RECORD_MAX, &b, err);
	if (r < 0)
		return r;
	if (b.len == 0 || parse_digest_key(&b, "diffID", &info.diff_id) < 0 ||
	    parse_digest_key(&b, "parent", &info.parent) < 0 ||
	    jscan_get_i64(b.data, b.len, "unpackedBytes", &bytes) < 0 ||
	    jscan_get_i64(b.data, b.len, "entries", &entries) < 0 ||
	    jscan_get_i64(b.data, b.len, "opaqueRoot", &opaque) < 0 ||
	    jscan_get_i64(b.data, b.len, "filesBytes", &files) < 0 ||
	    jscan_get_i64(b.data, b.len, "filesCRC", &crc) < 0)
		return kerr_plain(err, -EINVAL, "'%s' is damaged", path);
	info.unpacked_bytes = (uint64_t) bytes;
	info.entries = (uint64_t) entries;
	info.opaque_root = opaque != 0;
	info.files_bytes = (uint64_t) files;
	info.files_crc = (uint32_t) crc;
	*ret = info;
	return 0;
}

int layer_read_info(struct image_store *s, const struct digest *chain, struct layer_info *ret,
		    struct kerr *err)
{
	cleanup_free char *dir = layer_path(s, chain, NULL);

	return layer_read_info_in(dir, ret, err);
}

int layer_write_info_in(const char *dir, const struct layer_info *info, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, LAYER_RECORD, NULL);
	cleanup_buf struct buf b = BUF_INIT(LAYER_RECORD_MAX);

	buf_addf(&b,
		 "{\"version\":1,\"diffID\":\"%s\",\"parent\":\"%s\",\"unpackedBytes\":%llu,"
		 "\"entries\":%llu,\"opaqueRoot\":%d,\"filesBytes\":%llu,\"filesCRC\":%u}\n",
		 info->diff_id.text, info->parent.text, (unsigned long long) info->unpacked_bytes,
		 (unsigned long long) info->entries, info->opaque_root,
		 (unsigned long long) info->files_bytes, info->files_crc);
	return atomic_write_at(AT_FDCWD, path, b.data, b.len, 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, err);
}
