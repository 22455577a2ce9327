/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_CONFIG_H
#define KUKEON_IMAGE_CONFIG_H

#include "vec.h"

/*
 * The fields of an image configuration (OCI image-spec, "Image Configuration") that are needed to
 * run a container. The parser limits sizes and counts; the values are untrusted and are
 * checked where they are used. Volumes, ExposedPorts and Healthcheck are left out:
 * running does not use them. A zeroed struct is an empty configuration.
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

/* Free the members and zero the struct; it may be zeroed or partly filled. */
void image_config_clear(struct image_config *c);
#define cleanup_image_config cleanup_(image_config_clear)

#endif
