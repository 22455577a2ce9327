/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni_chain.h"
#include "cni_space.h"
#include "copy.h"
#include "egress.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "str.h"

bool cni_space_is_own(const struct engine *e, const struct addr *space, const struct space_doc *d)
{
	cleanup_free char *generated = layout_object(&e->layout, space, SPACE_CONFLIST);

	return !str_empty(d->spec.cni_config_path) && !streq(d->spec.cni_config_path, generated);
}

int cni_space_path(struct engine *e, const struct addr *space, char **ret, struct kerr *err)
{
	struct addr a = { .realm = space->realm, .space = space->space };
	struct space_doc d = { 0 };
	int r = store_load(&e->layout, &a, 0, &d, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && cni_space_is_own(e, &a, &d)) {
		*ret = xstrdup(d.spec.cni_config_path);
		r = 1;
	}
	model_clear(&space_doc_type, &d);
	return r;
}

/* It may be a link: people have such files where they like. */
static int read_file(const char *path, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[128];
	struct stat st;
	int r;

	if (fd < 0)
		return kerr_plain(err, -errno,
				  "cniConfigPath '%s': %s; put the network's configuration there",
				  path, errno_text(errno, text, sizeof(text)));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return kerr_plain(err, -EINVAL,
				  "cniConfigPath '%s': not a regular file; put the network's "
				  "configuration there",
				  path);
	r = buf_read_fd(ret, fd, err);
	return r < 0 ? kerr_wrap(err, r, "cniConfigPath '%s'", path) : 0;
}

int cni_space_read(const char *path, struct cni_conf *ret, struct buf *ret_text, struct kerr *err)
{
	cleanup_buf struct buf mine = BUF_INIT(CNI_CONF_MAX);
	cleanup_free char *where = xasprintf("cniConfigPath '%s'", path);
	struct buf *text = ret_text ? ret_text : &mine;
	int r = 0;

	if (path[0] != '/')
		r = kerr_plain(err, -EINVAL, "%s: must be an absolute path", where);
	if (r == 0)
		r = read_file(path, text, err);
	return r < 0 ? r : cni_conf_read(buf_str(text), text->len, where, ret, err);
}

int cni_space_check(const struct space_doc *d, enum cni_space_check_flags flags, struct kerr *err)
{
	cleanup_cni_conf struct cni_conf conf = { 0 };
	int r;

	if (d->spec.network && egress_effective(d->spec.network->egress))
		return kerr_plain(
			err, -EINVAL,
			"spec.network.egress cannot be enforced together with spec.cniConfigPath: "
			"the plugins' network is not kukeon's; leave one of them out");
	r = cni_space_read(d->spec.cni_config_path, &conf, NULL, err);
	if (r < 0)
		return r;
	r = flags & CNI_SPACE_PROBE ? cni_chain_probe(&conf, err) : cni_chain_find(&conf, err);
	return r < 0 ? kerr_wrap(err, r, "cniConfigPath '%s'", d->spec.cni_config_path) : 0;
}
