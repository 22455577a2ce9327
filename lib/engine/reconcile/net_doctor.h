/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_DOCTOR_H
#define KUKEON_NET_DOCTOR_H

#include "engine_config.h"
#include "methods.h"

/*
 * Compare the networks of this host with what the documents say: forwarding, packet filter
 * rules, the bridge of each space, the link of each started cell, and what belongs to no
 * object. repair: put in order first what can be, and remove what belongs to no object of
 * this instance (a pass and a sweep). Takes no lock while it compares: a snapshot.
 *
 * A finding for each thing that was looked at, in the order above; *ret is cleared by the
 * caller. -errno only if the objects cannot be listed.
 */
int net_doctor(struct engine *e, bool repair, struct rpc_doctor_network_result *ret,
	       struct kerr *err);

#endif
