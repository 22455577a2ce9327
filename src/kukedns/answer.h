/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ANSWER_H
#define KUKEON_ANSWER_H

#include "clients.h"

/* Answer one query, from n bytes, at once or when what it needs has come. */
void answer_query(struct kukedns *d, const struct client *c, const uint8_t *p, size_t n);

#endif
