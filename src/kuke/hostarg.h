/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTARG_H
#define KUKEON_HOSTARG_H

#include "err.h"

/*
 * HOST[:PORT] of a command line: "name", "name:443", "192.0.2.1:443", "10.0.0.0/8:443",
 * "2001:db8::1", "[2001:db8::1]:443". The port is cut off, and so are brackets. 0: no port.
 */
int hostarg_split(char *host, int64_t *ret_port, struct kerr *err);

#endif
