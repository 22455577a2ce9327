/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_H
#define KUKEON_APPLY_H

#include "context.h"

/*
 * `apply`: all documents are validated first; then each is created, changed or left alone,
 * parents before children. A document that fails is reported in the result; err is for a
 * stream that cannot be applied at all. The validation text may be longer than a kerr:
 * ret_text gets all of it.
 */
enum apply_flags {
	APPLY_DRY_RUN = 1 << 0, /* report what would be done; change nothing */
};

int apply_documents(struct engine *e, const struct buf *yaml, enum apply_flags flags,
		    struct rpc_apply_result *ret, struct buf *ret_text, struct kerr *err);

#endif
