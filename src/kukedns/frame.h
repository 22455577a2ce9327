/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FRAME_H
#define KUKEON_FRAME_H

#include "ipaddr.h"

/* What a dropped frame was for. */
struct frame {
	struct ipaddr from, to;
	uint8_t proto; /* of IP, behind extension headers */
	uint16_t port; /* the destination's; 0 if the protocol has none */
};

enum {
	FRAME_BYTES = 256, /* of a frame, all that is looked at */
};

/*
 * Read an Ethernet frame, of which n bytes are there. False for those that need no report:
 * no IP, cut short, later fragments, multicast and broadcasts, neighbour discovery, DHCP.
 */
bool frame_read(const uint8_t *p, size_t n, struct frame *ret);

#endif
