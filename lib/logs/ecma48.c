/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ecma48.h"

enum {
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1a,
	ESC = 0x1b,
	DEL = 0x7f,
	C1_UTF8 = 0xc2, /* first byte of U+0080 to U+00bf */
	C1_FIRST = 0x80,
	C1_LAST = 0x9f,
	ST_8BIT = 0x9c,
};

static void enter(struct ecma48 *e, enum ecma48_state state)
{
	e->state = state;
	e->length = 0;
}

/*
 * Not what would be a control together with the byte before it, which stood apart from it until
 * the sequence between them was taken out.
 */
static void emit(struct ecma48 *e, unsigned char c, struct buf *out)
{
	if (e->last == C1_UTF8 && c >= C1_FIRST && c <= C1_LAST)
		return;
	e->last = c;
	buf_addc(out, (char) c);
}

/* c is what follows ESC, or would: 0x9b is ESC and 0x5b. */
static void introduce(struct ecma48 *e, unsigned char c)
{
	e->bel_ends = c == ']';
	switch (c) {
	case '[':
		enter(e, ECMA48_CSI);
		break;
	case ']': /* OSC */
	case 'P': /* DCS */
	case 'X': /* SOS */
	case '^': /* PM */
	case '_': /* APC */
		enter(e, ECMA48_STRING);
		break;
	default:
		enter(e, c >= 0x20 && c <= 0x2f ? ECMA48_ESC_MIDDLE : ECMA48_TEXT);
	}
}

/* Controls that act in the middle of a sequence; true where c was one. */
static bool take_control(struct ecma48 *e, unsigned char c, struct buf *out)
{
	if (c == ESC)
		enter(e, ECMA48_ESC);
	else if (c == CAN || c == SUB)
		enter(e, ECMA48_TEXT);
	else if (c == '\n' || c == '\t')
		emit(e, c, out); /* a terminal acts on it and goes on with the sequence */
	else if (c >= 0x20 && c != DEL)
		return false;
	return true;
}

static void take_text(struct ecma48 *e, unsigned char c, struct buf *out)
{
	if (c == C1_UTF8)
		enter(e, ECMA48_C1);
	else if (!take_control(e, c, out))
		emit(e, c, out);
}

static void take_c1(struct ecma48 *e, unsigned char c, struct buf *out)
{
	enter(e, ECMA48_TEXT);
	if (c >= C1_FIRST && c <= C1_LAST) {
		introduce(e, c - 0x40);
		return;
	}
	emit(e, C1_UTF8, out);
	if (c >= 0x80 && c < 0xc0) {
		emit(e, c, out);
		return;
	}
	take_text(e, c, out);
}

static void take_escape(struct ecma48 *e, unsigned char c, struct buf *out)
{
	if (take_control(e, c, out))
		return;
	if (c >= 0x80) { /* no sequence: the ESC alone goes */
		enter(e, ECMA48_TEXT);
		take_text(e, c, out);
	} else if (e->state == ECMA48_ESC) {
		introduce(e, c);
	} else if (c > 0x2f) {
		enter(e, ECMA48_TEXT); /* the final byte */
	}
}

static void take_csi(struct ecma48 *e, unsigned char c, struct buf *out)
{
	if (take_control(e, c, out))
		return;
	if (c >= 0x80) {
		enter(e, ECMA48_TEXT);
		take_text(e, c, out);
	} else if (c >= 0x40) {
		enter(e, ECMA48_TEXT);
	} else if (c >= 0x20 && c <= 0x2f) {
		e->length = 1; /* intermediate: a parameter must not follow */
	} else if (e->length) {
		e->state = ECMA48_CSI_BAD;
	}
}

static void take_string(struct ecma48 *e, unsigned char c)
{
	if (++e->length > ECMA48_STRING_MAX || c == CAN || c == SUB || (c == BEL && e->bel_ends))
		enter(e, ECMA48_TEXT);
	else if (c == ESC)
		e->state = ECMA48_STRING_ESC;
	else if (c == C1_UTF8)
		e->state = ECMA48_STRING_C1;
}

static void take(struct ecma48 *e, unsigned char c, struct buf *out)
{
	switch (e->state) {
	case ECMA48_TEXT:
		take_text(e, c, out);
		break;
	case ECMA48_C1:
		take_c1(e, c, out);
		break;
	case ECMA48_ESC:
	case ECMA48_ESC_MIDDLE:
		take_escape(e, c, out);
		break;
	case ECMA48_CSI:
	case ECMA48_CSI_BAD:
		take_csi(e, c, out);
		break;
	case ECMA48_STRING:
		take_string(e, c);
		break;
	case ECMA48_STRING_ESC: /* ESC \ is its end; ESC and something else begins anew */
		enter(e, ECMA48_ESC);
		take_escape(e, c, out);
		break;
	case ECMA48_STRING_C1:
		e->state = ECMA48_STRING;
		if (c == ST_8BIT)
			enter(e, ECMA48_TEXT);
		else
			take_string(e, c);
		break;
	case _ECMA48_STATE_MAX:
		break;
	}
}

void ecma48_strip(struct ecma48 *e, const char *p, size_t n, struct buf *out)
{
	const char *at = p, *end = p + n, *q;

	while (at < end) {
		/* Most of a log is plain text. */
		for (q = at; e->state == ECMA48_TEXT && q < end && *q >= 0x20 && *q < DEL; q++)
			;
		if (q > at)
			e->last = 0;
		buf_add(out, at, (size_t) (q - at));
		at = q;
		if (at < end)
			take(e, (unsigned char) *at++, out);
	}
}

void ecma48_end(struct ecma48 *e, struct buf *out)
{
	if (e->state == ECMA48_C1)
		emit(e, C1_UTF8, out);
	*e = (struct ecma48){ 0 };
}
