/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_H
#define KUKEON_APPLY_H

#include "context.h"

/*
 * `apply`: all documents are judged first, then each
 * is created, changed or left alone in the order of its kind. A document that
 * fails is a result, not an error; err is for streams that cannot be applied at
 * all. The validation text may be longer than a kerr: ret_text gets it whole.
 */
enum apply_flags {
	APPLY_DRY_RUN = 1 << 0, /* tell what would be done, touch nothing */
};

int apply_documents(struct engine *e, const struct buf *yaml, enum apply_flags flags,
		    struct rpc_apply_result *ret, struct buf *ret_text, struct kerr *err);

#endif
