/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EMIT_H
#define KUKEON_EMIT_H

#include "buf.h"
#include "clock.h"
#include "vec.h"

/*
 * Writers for output that is not described by rows. Misuse is only asserted: begin and
 * end must match, and every value in a map needs a key.
 */
enum emit_flags {
	EMIT_INDENT = 1 << 0, /* JSON: two spaces a level, as in files and -o json */
	EMIT_REDACT = 1 << 1, /* FIELD_SECRET rows as ******** */
};

#define EMIT_REDACTED "********"

#endif
