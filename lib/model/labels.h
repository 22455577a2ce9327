/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LABELS_H
#define KUKEON_LABELS_H

#include "err.h"
#include "model.h"

/*
 * What a document's labels may be: not more than KUKE_MAX_LABELS bytes in all, and
 * none of kukeon's own (label_managed(), convert.h) with another value than the one
 * it gets, so that a document that was printed can be applied. -EINVAL.
 */
int labels_check(enum kind kind, const void *doc, struct kerr *err);

#endif
