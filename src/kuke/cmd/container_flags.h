/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_FLAGS_H
#define KUKEON_CONTAINER_FLAGS_H

#include "cli.h"

/* The flags of `kuke create container`, location first. */
extern const struct opt container_flags_opts[];

/* Fill in spec and labels of a document that has name and location. -EINVAL. */
int container_flags_read(const struct cli *c, struct container_doc *doc, struct kerr *err);

/* Parsers of one flag each; the caller owns the result. */
char *image_flag_normalise(const char *image) __attribute__((returns_nonnull));
int volume_flag_parse(const char *text, struct volume_mount *ret, struct kerr *err);
int tmpfs_flag_parse(const char *text, struct container_tmpfs *ret, struct kerr *err);
int label_flag_parse(const char *text, struct strmap *labels, struct kerr *err);

#endif
