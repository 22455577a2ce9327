/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_OVERLAP_H
#define KUKEON_NET_OVERLAP_H

#include "context.h"

/*
 * Warn of each route and address of the host, of both families, that overlaps the subnet of a
 * space and was not there when the subnet was chosen: what it leads to, or the space, cannot
 * be reached.
 */
void net_overlap_warn(struct engine *e);

#endif
