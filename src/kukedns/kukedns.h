/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_KUKEDNS_H
#define KUKEON_KUKEDNS_H

#include "cache.h"
#include "denied.h"
#include "policy.h"
#include "poller.h"
#include "proto_msg.h"
#include "revmap.h"
#include "upstream.h"

/* Shared by the files of kukedns: all that it knows, in one thread. */

/* What a watched descriptor is, and what the poller hands out for it. */
enum watch {
	WATCH_CONTROL = 1, /* struct kukedns */
	WATCH_UPSTREAM, /* struct upstream_lane */
	WATCH_SOCKET, /* struct space_socket */
	WATCH_CONN, /* struct conn */
};

enum space_kind {
	SPACE_UDP,
	SPACE_UDP6,
	SPACE_TCP,
	SPACE_TCP6,
	SPACE_CAPTURE,
	_SPACE_KINDS,
};

struct space_socket {
	struct space *space;
	enum space_kind kind;
	int fd;
};

struct space {
	int64_t id;
	bool ipv6;
	struct policy policy, next; /* the one that counts, and one that is coming in */
	uint64_t generation; /* of the one that counts */
	struct space_socket sockets[_SPACE_KINDS];
	unsigned n_waiting; /* queries that wait for an answer */
	unsigned n_conns;
	int64_t second_ms; /* when frames were counted from */
	unsigned n_frames;
	bool paused; /* until d->resume_ms no frames are taken */
};

struct kukedns {
	int control;
	bool control_full; /* nothing is sent until it can be written to */
	struct poller poller;
	struct upstream *upstream;
	struct space **spaces;
	size_t n_spaces;
	int64_t resume_ms; /* -1: none is paused */
	struct cache cache;
	struct revmap revmap;
	struct denied denied;
	struct table conns; /* by id; the one that did something last is the newest */
	struct table questions; /* in flight */
	uint64_t last_id; /* of a connection or a question */
	unsigned n_waiting;
	struct proto_msg msg; /* the one that is read or sent */
	struct buf reply, out; /* what is being answered */
	uint64_t queries, refused, asked;
};

#endif
