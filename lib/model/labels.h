/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LABELS_H
#define KUKEON_LABELS_H

#include "err.h"
#include "model.h"

/*
 * Check a document's labels: at most KUKE_MAX_LABELS bytes in all, and managed labels
 * (label_managed(), convert.h) only with the value that kukeon sets, so that printed
 * documents can be applied again. -EINVAL.
 */
int labels_check(enum kind kind, const void *doc, struct kerr *err);

#endif
