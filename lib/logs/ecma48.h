/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ECMA48_H
#define KUKEON_ECMA48_H

#include "buf.h"
#include "defs.h"

/*
 * What a program sent to a terminal without the control sequences in it (ECMA-48, and what
 * xterm makes of it): CSI, ESC with a final byte, the strings of OSC, DCS, SOS, PM and APC to
 * their end, and single control characters but for tab and line feed. Bytes that are not part of
 * such are kept, whatever they are.
 *
 * C1 controls are known as ESC and a byte of 0x40 to 0x5f, and as the characters U+0080 to
 * U+009f in UTF-8. A single byte of that range is part of a character in other encodings
 * and kept: no terminal that is set to UTF-8 takes it for a control.
 *
 * CR LF is a line feed. A CR alone goes, and what a program writes over a line with it
 * follows on the same line.
 */
enum ecma48_state {
	ECMA48_TEXT = 0,
	ECMA48_C1, /* 0xc2 has been read, and it is not known yet what follows */
	ECMA48_ESC,
	ECMA48_ESC_MIDDLE, /* ESC and an intermediate byte */
	ECMA48_CSI,
	ECMA48_CSI_BAD, /* a byte that does not belong there: ignored to the final one */
	ECMA48_STRING, /* OSC, DCS, SOS, PM or APC */
	ECMA48_STRING_ESC, /* ESC in one, which ends it with the next byte */
	ECMA48_STRING_C1, /* 0xc2 in one, which may be the begin of ST */
	_ECMA48_STATE_MAX,
};

/* All zero at the beginning of a stream, which may come in pieces of any size. */
struct ecma48 {
	enum ecma48_state state;
	bool bel_ends; /* the string is an OSC */
	size_t length; /* bytes of the sequence so far */
	unsigned char last; /* the last byte of text */
};

/*
 * A string that has no end within that many bytes is none: without this a program that died in
 * the middle of one would hide all that comes after it.
 */
enum {
	ECMA48_STRING_MAX = 1 << 20,
};

/* Append to out what of p is text. */
void ecma48_strip(struct ecma48 *e, const char *p, size_t n, struct buf *out);
/* The stream has ended: append what was held back. */
void ecma48_end(struct ecma48 *e, struct buf *out);

#endif
