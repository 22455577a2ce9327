/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOC_CHECK_H
#define DOC_CHECK_H

#include "node.h"

/*
 * Decode the tree as every kind. What is accepted must come out of both writers
 * and be the same when read again. Aborts where that fails.
 */
void doc_check(const struct node *n);

#endif
