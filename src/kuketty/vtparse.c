/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "vtparse.h"

enum {
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1a,
	ESC = 0x1b,
	DEL = 0x7f,
	REPLACEMENT = 0xfffd,
	INTER_SEVERAL = 1,
};

/* Of the bytes of one step, that the caller goes on without an event. */
#define NOTHING ((enum vtparse_event) - 1)

static void begin_sequence(struct vtparse *v)
{
	v->state = VTPARSE_IN_ESC;
	v->prefix = v->inter = v->final = '\0';
	v->n_params = 1;
	v->param[0] = 0;
	v->given[0] = v->sub[0] = false;
}

static enum vtparse_event broken(struct vtparse *v)
{
	v->more = 0;
	v->c = REPLACEMENT;
	return VTPARSE_CHAR;
}

static enum vtparse_event begin_utf8(struct vtparse *v, unsigned char b)
{
	if (b < 0xc2 || b > 0xf4)
		return broken(v);
	v->more = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
	v->c = b & (0x3fU >> v->more);
	v->least = v->more == 1 ? 0x80 : v->more == 2 ? 0x800 : 0x10000;
	return NOTHING;
}

/* A byte that does not go on with it is looked at again. */
static enum vtparse_event go_on_utf8(struct vtparse *v, const char **p)
{
	unsigned char b = (unsigned char) **p;

	if ((b & 0xc0) != 0x80)
		return broken(v);
	(*p)++;
	v->c = v->c << 6 | (b & 0x3f);
	if (--v->more > 0)
		return NOTHING;
	if (v->c < v->least || v->c > 0x10ffff || (v->c >= 0xd800 && v->c < 0xe000))
		return broken(v);
	return VTPARSE_CHAR;
}

static bool is_plain(char b)
{
	return (unsigned char) b >= 0x20 && (unsigned char) b < DEL;
}

static enum vtparse_event ground(struct vtparse *v, const char **p, const char *end)
{
	unsigned char b = (unsigned char) **p;
	const char *q = *p;

	if (v->more > 0)
		return go_on_utf8(v, p);
	while (q < end && is_plain(*q))
		q++;
	if (q > *p) {
		v->text = *p;
		v->n_text = (size_t) (q - *p);
		*p = q;
		return VTPARSE_TEXT;
	}
	(*p)++;
	if (b == DEL)
		return NOTHING;
	if (b >= 0x80)
		return begin_utf8(v, b);
	v->c = b;
	return VTPARSE_CONTROL;
}

static void add_inter(struct vtparse *v, char b)
{
	v->inter = v->inter == '\0' ? b : INTER_SEVERAL;
}

static enum vtparse_event finish(struct vtparse *v, char b, enum vtparse_event event)
{
	v->final = b;
	v->state = VTPARSE_GROUND;
	return event;
}

static enum vtparse_event in_esc(struct vtparse *v, char b)
{
	if (b >= 0x20 && b < 0x30) {
		add_inter(v, b);
		v->state = VTPARSE_IN_ESC_INTER;
		return NOTHING;
	}
	if (v->state == VTPARSE_IN_ESC_INTER)
		return finish(v, b, VTPARSE_ESC);
	switch (b) {
	case '[':
		v->state = VTPARSE_IN_CSI;
		return NOTHING;
	case ']':
		v->state = VTPARSE_IN_OSC;
		v->n_osc = 0;
		return NOTHING;
	case 'P':
	case 'X':
	case '^':
	case '_':
		v->state = VTPARSE_IN_STRING;
		return NOTHING;
	default:
		return finish(v, b, VTPARSE_ESC);
	}
}

static void add_digit(struct vtparse *v, char b)
{
	size_t i = v->n_params - 1;
	uint32_t n = v->param[i] * 10U + (uint32_t) (b - '0');

	v->param[i] = (uint16_t) (n < VTPARSE_PARAM_LIMIT ? n : VTPARSE_PARAM_LIMIT);
	v->given[i] = true;
}

static void next_param(struct vtparse *v, bool sub)
{
	if (v->n_params == VTPARSE_PARAMS_MAX) {
		v->state = VTPARSE_IN_CSI_BAD;
		return;
	}
	v->param[v->n_params] = 0;
	v->given[v->n_params] = false;
	v->sub[v->n_params++] = sub;
}

static enum vtparse_event in_csi(struct vtparse *v, char b)
{
	if (b >= 0x40)
		return v->state == VTPARSE_IN_CSI_BAD ? finish(v, b, NOTHING)
						      : finish(v, b, VTPARSE_CSI);
	if (v->state == VTPARSE_IN_CSI_BAD)
		return NOTHING;
	if (b < 0x30) {
		add_inter(v, b);
		v->state = VTPARSE_IN_CSI_INTER;
	} else if (v->state == VTPARSE_IN_CSI_INTER)
		v->state = VTPARSE_IN_CSI_BAD;
	else if (b >= '0' && b <= '9')
		add_digit(v, b);
	else if (b == ';' || b == ':')
		next_param(v, b == ':');
	else if (v->prefix == '\0' && v->n_params == 1 && !v->given[0])
		v->prefix = b;
	else
		v->state = VTPARSE_IN_CSI_BAD;
	return NOTHING;
}

static enum vtparse_event end_osc(struct vtparse *v)
{
	v->osc[v->n_osc] = '\0';
	return VTPARSE_OSC;
}

static enum vtparse_event in_osc(struct vtparse *v, char b)
{
	if (b == BEL) {
		v->state = VTPARSE_GROUND;
		return end_osc(v);
	}
	if (b != '\0' && v->n_osc + 1 < sizeof(v->osc))
		v->osc[v->n_osc++] = b;
	return NOTHING;
}

/* Most of a long string is nothing to look at. */
static void skip_string(const char **p, const char *end)
{
	while (*p < end && **p != ESC && **p != CAN && **p != SUB)
		(*p)++;
}

static enum vtparse_event in_sequence(struct vtparse *v, char b)
{
	if ((unsigned char) b < 0x20) { /* a control is obeyed in the midst of a sequence */
		v->c = (unsigned char) b;
		return VTPARSE_CONTROL;
	}
	if (b == DEL)
		return NOTHING;
	if ((unsigned char) b >= 0x80) { /* no sequence has it */
		v->state = VTPARSE_GROUND;
		return NOTHING;
	}
	return v->state == VTPARSE_IN_ESC || v->state == VTPARSE_IN_ESC_INTER ? in_esc(v, b)
									      : in_csi(v, b);
}

static enum vtparse_event step(struct vtparse *v, const char **p, const char *end)
{
	enum vtparse_state was = v->state;
	char b = **p;

	if (v->more == 0 && b == ESC) {
		(*p)++;
		begin_sequence(v);
		return was == VTPARSE_IN_OSC ? end_osc(v) : NOTHING;
	}
	if (was == VTPARSE_GROUND)
		return ground(v, p, end);
	if (b == CAN || b == SUB) {
		(*p)++;
		v->state = VTPARSE_GROUND;
		return NOTHING;
	}
	if (was == VTPARSE_IN_STRING) {
		skip_string(p, end);
		return NOTHING;
	}
	(*p)++;
	return was == VTPARSE_IN_OSC ? in_osc(v, b) : in_sequence(v, b);
}

enum vtparse_event vtparse_next(struct vtparse *v, const char **p, const char *end)
{
	enum vtparse_event event;

	while (*p < end) {
		event = step(v, p, end);
		if (event != NOTHING)
			return event;
	}
	return VTPARSE_END;
}
