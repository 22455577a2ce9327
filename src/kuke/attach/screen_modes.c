/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "screen_modes.h"

enum {
	ESC = 0x1b,
	NUMBER_MAX = 99999, /* greater ones are no mode */
};

enum {
	PLAIN = 0,
	ESCAPED, /* after ESC */
	SEQUENCE, /* after ESC [ */
};

/*
 * In the order in which they are switched off: the mouse first, the other screen last but
 * the cursor, as leaving it moves that.
 */
static const struct {
	unsigned number;
	bool usual; /* it is on before a program does anything */
} rows[] = {
	{ 1003, false }, { 1002, false }, { 1001, false }, { 1000, false }, { 9, false },
	{ 1016, false }, { 1015, false }, { 1006, false }, { 1005, false }, { 1004, false },
	{ 2004, false }, { 2026, false }, { 1, false },	   { 6, false },    { 7, true },
	{ 1049, false }, { 1047, false }, { 47, false },   { 25, true },
};

#define KEYPAD (1U << 31) /* ESC =, switched off by ESC > */

static uint32_t row_of(unsigned number)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].number == number)
			return 1U << i;
	return 0;
}

/* Bits of rows that differ from what is usual. on has 1 for those. */
static void set(struct screen_modes *m, uint32_t named, bool to)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t bit = 1U << i;

		if ((named & bit) == 0)
			continue;
		if (to != rows[i].usual)
			m->on |= bit;
		else
			m->on &= ~bit;
	}
}

static void after_escape(struct screen_modes *m, char c)
{
	m->state = PLAIN;
	if (c == '[') {
		m->state = SEQUENCE;
		m->private = false;
		m->number = 0;
		m->named = 0;
	} else if (c == '=') {
		m->on |= KEYPAD;
	} else if (c == '>') {
		m->on &= ~KEYPAD;
	} else if (c == 'c') {
		m->on = 0; /* everything is as at first */
	} else if (c == ESC) {
		m->state = ESCAPED;
	}
}

static void in_sequence(struct screen_modes *m, char c)
{
	if (c >= '0' && c <= '9') {
		m->number = m->number * 10 + (unsigned) (c - '0');
		if (m->number > NUMBER_MAX)
			m->number = NUMBER_MAX;
	} else if (c == '?') {
		m->private = true;
	} else if (c == ';' || c == 'h' || c == 'l') {
		m->named |= row_of(m->number);
		m->number = 0;
		if (c == ';')
			return;
		if (m->private)
			set(m, m->named, c == 'h');
		m->state = PLAIN;
	} else if (c == ESC) {
		m->state = ESCAPED;
	} else if ((c >= 0x40 && c <= 0x7e) || c == 0x18 || c == 0x1a) {
		m->state = PLAIN; /* another sequence, or one that was given up */
	}
}

void screen_modes_feed(struct screen_modes *m, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (m->state == ESCAPED)
			after_escape(m, p[i]);
		else if (m->state == SEQUENCE)
			in_sequence(m, p[i]);
		else if (p[i] == ESC)
			m->state = ESCAPED;
	}
}

static void add(const struct screen_modes *m, struct buf *out, bool off)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((m->on & (1U << i)) != 0)
			buf_addf(out, "\x1b[?%u%c", rows[i].number,
				 rows[i].usual == off ? 'h' : 'l');
	if ((m->on & KEYPAD) != 0)
		buf_adds(out, off ? "\x1b>" : "\x1b=");
}

void screen_modes_off(const struct screen_modes *m, struct buf *out)
{
	buf_adds(out, "\x18\x1b[0m"); /* CAN ends a sequence that was cut */
	add(m, out, true);
}

void screen_modes_on(const struct screen_modes *m, struct buf *out)
{
	add(m, out, false);
}
