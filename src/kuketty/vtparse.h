/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VTPARSE_H
#define KUKEON_VTPARSE_H

#include "defs.h"

/*
 * What a program writes to its terminal, cut into characters, controls and sequences
 * (ECMA-48, ECMA-35, UTF-8). It keeps its state between calls, so text may be cut anywhere,
 * and has a fixed size: what is longer than a terminal needs is cut or ignored.
 */
enum {
	VTPARSE_PARAMS_MAX = 32,
	VTPARSE_PARAM_LIMIT = 65535, /* larger numbers are this one */
	VTPARSE_OSC_MAX = 512, /* bytes of an OSC that are kept, and a NUL */
};

enum vtparse_event {
	VTPARSE_END, /* all was taken */
	VTPARSE_TEXT, /* a run of printable ASCII: text, n_text */
	VTPARSE_CHAR, /* c, not ASCII */
	VTPARSE_CONTROL, /* c, below 0x20 */
	VTPARSE_ESC, /* inter, final */
	VTPARSE_CSI, /* prefix, param, inter, final */
	VTPARSE_OSC, /* osc */
};

enum vtparse_state {
	VTPARSE_GROUND,
	VTPARSE_IN_ESC,
	VTPARSE_IN_ESC_INTER,
	VTPARSE_IN_CSI,
	VTPARSE_IN_CSI_INTER,
	VTPARSE_IN_CSI_BAD,
	VTPARSE_IN_OSC,
	VTPARSE_IN_STRING, /* DCS, SOS, PM, APC: not for us */
};

struct vtparse {
	enum vtparse_state state;
	uint32_t c;
	uint32_t least; /* of the UTF-8 sequence that has begun: what it has to encode at least */
	int more; /* bytes that it still needs */
	const char *text; /* in what was fed */
	size_t n_text;
	char prefix; /* one of <=>? or 0 */
	char inter; /* the intermediate byte, 0 without one; 1: several */
	char final;
	size_t n_params; /* at least 1 */
	bool given[VTPARSE_PARAMS_MAX]; /* it was not left out */
	bool sub[VTPARSE_PARAMS_MAX]; /* a colon is before it */
	uint16_t param[VTPARSE_PARAMS_MAX];
	size_t n_osc;
	char osc[VTPARSE_OSC_MAX]; /* ended by NUL */
};

/* The next event from *p on, which is moved; it is complete, and gone with the next call. */
enum vtparse_event vtparse_next(struct vtparse *v, const char **p, const char *end);

/* Nothing has begun that is not complete. */
static inline bool vtparse_idle(const struct vtparse *v)
{
	return v->state == VTPARSE_GROUND && v->more == 0;
}

#endif
