/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IPADDR_H
#define KUKEON_IPADDR_H

#include <netinet/in.h>

#include "defs.h"

/* An address of either family, as bytes in network order; unused bytes are 0. */
struct ipaddr {
	uint8_t family; /* 4, 6; 0: none */
	uint8_t b[16];
};

#define IPADDR_TEXT_MAX 46

/* The bytes of an address of that family: 4 or 16. */
size_t ipaddr_size(const struct ipaddr *a);
/* Exactly 4 or 16 bytes. */
struct ipaddr ipaddr_of(const uint8_t *p, size_t n);
struct ipaddr ipaddr_of_socket(const struct sockaddr_storage *s);
/* -EINVAL. */
int ipaddr_parse(const char *text, struct ipaddr *ret);
/* buf is filled and returned; "" of none. */
const char *ipaddr_text(const struct ipaddr *a, char buf[IPADDR_TEXT_MAX]);
bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b);

#endif
