/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "blob_tee.h"
#include "cas.h"
#include "fd.h"
#include "imgstore.h"
#include "mem.h"

enum {
	TEE_BLOCK = 256 << 10
};

struct blob_tee {
	int from, to; /* -EBADF at the end */
	struct cas_writer *kept;
	char *block;
};

struct blob_tee *blob_tee_free(struct blob_tee *t)
{
	if (!t)
		return NULL;
	fd_close_p(&t->from);
	fd_close_p(&t->to);
	t->kept = cas_writer_free(t->kept);
	free(t->block);
	free(t);
	return NULL;
}

int blob_tee_new(struct image_store *s, int owned_from, int owned_to, struct blob_tee **ret,
		 struct kerr *err)
{
	cleanup_(blob_tee_freep) struct blob_tee *t = xcalloc(1, sizeof(*t));
	int r;

	t->from = owned_from;
	t->to = owned_to;
	t->block = xmalloc(TEE_BLOCK);
	r = cas_writer_new(s, &t->kept, err);
	if (r < 0)
		return r;
	*ret = take_ptr(t);
	return 0;
}

int blob_tee_fd(const struct blob_tee *t)
{
	return t->from;
}

int blob_tee_pump(struct blob_tee *t, struct kerr *err)
{
	ssize_t n;
	int r;

	do
		n = read(t->from, t->block, TEE_BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return kerr_set(err, -errno, "read a layer");
	if (n == 0) {
		fd_close_p(&t->from);
		fd_close_p(&t->to);
		return 0;
	}
	r = cas_writer_add(t->kept, t->block, (size_t) n, err);
	if (r < 0)
		return r;
	r = fd_write_all(t->to, t->block, (size_t) n);
	if (r == -EPIPE) {
		fd_close_p(&t->from);
		fd_close_p(&t->to);
		return 0;
	}
	return r < 0 ? kerr_set(err, r, "copy a layer to kukeunpack") : 0;
}

int blob_tee_commit(struct blob_tee *t, const struct digest *want, struct kerr *err)
{
	struct digest have;

	cas_writer_digest(t->kept, &have);
	if (!digest_eq(&have, want))
		return kerr_plain(err, -EBADMSG, "layer %s: content has digest %s", want->text,
				  have.text);
	return cas_writer_commit(t->kept, err);
}
