/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTROL_H
#define KUKEON_CONTROL_H

#include "kukedns.h"

/*
 * Receive messages of the engine and do what they say (dns_proto.h). 1, 0 when it has
 * closed, or -errno.
 */
int control_ready(struct kukedns *d, struct kerr *err);
/* Do what d->msg says, with its descriptor, which is taken over if it has one. */
void control_message(struct kukedns *d, int fd);

#endif
