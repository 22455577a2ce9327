/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCHEMA_H
#define KUKEON_SCHEMA_H

#include "buf.h"
#include "model.h"

/*
 * The JSON Schema (2020-12) of a kind, indented by two spaces, with a final newline;
 * appended to out.
 */
void schema_json(struct buf *out, enum kind kind);

#endif
