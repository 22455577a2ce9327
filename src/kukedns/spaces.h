/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SPACES_H
#define KUKEON_SPACES_H

#include "kukedns.h"

/* The spaces whose cells are served, and their sockets. */
enum {
	SPACE_FRAMES = 2000, /* of a space in a second; what is more is dropped by the kernel */
};

struct space *space_find(const struct kukedns *d, int64_t id);
struct space *space_add(struct kukedns *d, int64_t id);
/* What else refers to it must be gone (questions, connections). */
void space_remove(struct kukedns *d, struct space *s);
/* By the name of the kind in a message. -EINVAL. */
int space_kind_parse(const char *text, enum space_kind *ret);
/* Take a socket over, in place of an earlier one of its kind. */
int space_take_socket(struct kukedns *d, struct space *s, enum space_kind kind, int fd);

/* Whether one more frame may be taken now. If not, none are until spaces_resume. */
bool space_may_take(struct kukedns *d, struct space *s, int64_t now_ms);
/* Go on with those that are paused. */
void spaces_resume(struct kukedns *d, int64_t now_ms);

#endif
