/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_CONFIG_H
#define KUKEON_IMAGE_CONFIG_H

#include "vec.h"

/*
 * What running a container needs of an image's config (OCI image spec,
 * "config"). All of it is text from outside: whoever reads the JSON bounds it,
 * whoever uses it checks it. Volumes, ExposedPorts and Healthcheck play no part
 * in running and are not here. A zeroed one is that of no image.
 */
struct image_config {
	char *architecture; /* "amd64" */
	char *os; /* "linux" */
	char *variant; /* "v7", "" */
	char *user; /* as written: "name", "uid", "name:group", … */
	struct strlist env; /* KEY=value */
	struct strlist entrypoint;
	struct strlist cmd;
	char *working_dir;
	struct strmap labels;
	char *stop_signal; /* "SIGTERM", "TERM" or "15" */
	char *rootfs_type; /* "layers" */
	struct strlist diff_ids; /* rootfs.diff_ids, base layer first */
	char *created; /* RFC 3339, as written */
};

/* Free what it holds and zero it. Works on zeroed and half-filled ones. */
void image_config_clear(struct image_config *c);
#define cleanup_image_config cleanup_(image_config_clear)

#endif
