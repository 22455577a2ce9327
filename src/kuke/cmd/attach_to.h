/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ATTACH_TO_H
#define KUKEON_ATTACH_TO_H

#include "buf.h"
#include "subject.h"
#include "tty_session.h"

/*
 * Show the terminal of a container until the session ends (tty_session.h); o->path is found
 * here. A signal that asks kuke to end does end it, once our terminal is as before. The
 * error says why one cannot attach and what to do about it.
 */
int attach_to(struct cli *c, const struct scope *s, const char *container, struct session_opts *o,
	      enum session_end *ret, struct kerr *err);

/* The container from --container, else the only attachable one beside the root. */
int attach_pick(struct cli *c, const struct scope *s, char **ret, struct kerr *err);

/* What its terminal shows, as a document (kuketty(8)). It is the container's: not to be trusted. */
int attach_screenshot(struct cli *c, const struct scope *s, const char *container, struct buf *ret,
		      struct kerr *err);

#define OPT_ROW_DETACH_KEYS                                                                \
	{                                                                                  \
		"detach-keys", 0, OPT_STRING, "^],^]",                                     \
			"keys that detach: characters or ^ and one, with commas between; " \
			"\"\" for none"                                                    \
	}

/* The keys from --detach-keys. */
int attach_keys(const struct cli *c, struct detach_keys *ret, struct kerr *err);

#endif
