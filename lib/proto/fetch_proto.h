/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FETCH_PROTO_H
#define KUKEON_FETCH_PROTO_H

#include "proto_msg.h"

/*
 * The protocol between the engine and kukefetch. kukefetch is executed as
 *
 *   kukefetch VERSION control=FD
 *
 * control is a socket for messages of proto_msg.h. Passwords are passed only through it.
 * When the engine's end closes, kukefetch ends.
 *
 * First come the settings; kukefetch does nothing before "begin". An error in them, or
 * a later one that concerns no single request, is reported as "failed" with id 0:
 *
 *   op=config    repository=library/alpine [ca=FILE] (authorities beside the host's)
 *                [insecure=HOST[:PORT],…] (plain HTTP is allowed for these)
 *   op=endpoint  host=HOST[:PORT] schemes=https|https,http|http,https [prefix=/PATH]
 *                [user=… password=…]        (mirrors first, the registry last)
 *   op=begin
 *
 * Then any number of requests at once, a descriptor with each get: a regular file
 * receives the whole content; a pipe receives it once and in order, also when a broken
 * transfer is resumed.
 *
 *   op=get   id=N what=manifests|blobs ref=TAG|DIGEST [size=N] max=N
 *   op=head  id=N what=manifests ref=TAG|DIGEST
 *
 * and the replies. The engine trusts nothing in them and checks sizes and digests
 * itself:
 *
 *   op=progress  id=N bytes=N
 *   op=retry     id=N text=…                (will retry; information only)
 *   op=done      id=N bytes=N [type=MEDIA-TYPE] [digest=DIGEST] [url=URL] host=HOST
 *   op=failed    id=N text=… [status=HTTP] [again=1] (may work later)
 *                [sink=1] (the reader closed the pipe)
 */
enum {
	FETCH_PROTO_VERSION = 1,
};

#endif
