/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_VERIFY_H
#define KUKEON_LAYER_VERIFY_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"
#include "vec.h"

enum {
	LAYER_VERIFY_MAX_PROBLEMS = 1000, /* listed problems; further ones are only counted */
};

/* The result of verifying a layer. The texts are escaped for a terminal. */
struct layer_report {
	struct strlist problems;
	uint64_t more; /* number of further problems */
	uint64_t files; /* that were checked */
};

void layer_report_clear(struct layer_report *r);
#define cleanup_layer_report cleanup_(layer_report_clear)

/*
 * Compare an unpacked layer with its record and list of files: existence, type, size,
 * content, link target, mode and owner of each file. Problems are put into *ret. The
 * caller holds the store.
 */
void layer_verify(struct image_store *s, const struct digest *chain, struct layer_report *ret);

/* Compute size and CRC-32C of the list of files in a layer's directory. */
int layer_sum_files(const char *dir, uint64_t *ret_bytes, uint32_t *ret_crc, struct kerr *err);

#endif
