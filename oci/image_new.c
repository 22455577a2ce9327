/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cas.h"
#include "image_new.h"
#include "mem.h"
#include "str.h"

void image_new_clear(struct image_new *n)
{
	image_record_clear(&n->rec);
	oci_manifest_clear(&n->manifest);
	image_config_clear(&n->config);
}

int image_new_no_platform(const struct platform *host, struct kerr *err)
{
	return kerr_plain(err, -ENOEXEC, "nothing in the index is for this host (%s/%s)", host->os,
			  host->arch);
}

int image_new_check(const struct image_new *n, const struct platform *host, size_t n_layers,
		    struct kerr *err)
{
	struct platform p = { n->config.os, n->config.architecture, n->config.variant };

	if ((!str_empty(p.os) || !str_empty(p.arch)) && platform_match(host, &p) == 0)
		return kerr_plain(err, -ENOEXEC, "it is for %.64s/%.64s, this host is %s/%s", p.os,
				  p.arch, host->os, host->arch);
	if (n->config.diff_ids.n != n_layers)
		return kerr_plain(err, -EINVAL, "image has %zu layers and %zu diff ids", n_layers,
				  n->config.diff_ids.n);
	return 0;
}

int image_new_put(struct image_store *s, struct image_new *n, const struct digest *d,
		  const struct buf *b, struct kerr *err)
{
	strlist_add(&n->rec.blobs, d->text);
	return cas_put(s, buf_str(b), b->len, d, err);
}

int image_new_finish(struct image_store *s, struct image_new *n, const char *name, struct kerr *err)
{
	size_t i;

	n->rec.size = n->manifest.config.size;
	for (i = 0; i < n->manifest.n_layers; i++)
		n->rec.size += n->manifest.layers[i].size;
	free_p(&n->rec.name);
	n->rec.name = xstrdup(name);
	return image_record_save(s, &n->rec, err);
}
