/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ERR_H
#define KUKEON_ERR_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "defs.h"

/*
 * An error with a message for people. A plain value owned by the caller: it may be
 * copied and sent over pipes as it is. Every function that takes a `struct kerr *err`
 * accepts NULL, and leaves *err alone when it succeeds.
 *
 * msg has no errno text; kerr_text() appends it. kind is 0 or one of the classes of
 * lib/model/errkind.h: the outermost class set stays.
 */
struct kerr {
	int kind;
	int sys_errno;
	char msg[512];
};

/* Replace *err and return r (negative), so that one line can do both: return kerr_set(…). */
int kerr_set(struct kerr *err, int r, const char *fmt, ...) printf_like(3, 4);

/* The same with an error class and without errno text (sys_errno is 0). */
int kerr_setk(struct kerr *err, int kind, int r, const char *fmt, ...) printf_like(4, 5);

/* Like kerr_set but without the errno text: for errors of our own making. */
int kerr_plain(struct kerr *err, int r, const char *fmt, ...) printf_like(3, 4);

/* Put "context: " in front of the message. A truncated message ends in "...". Returns r. */
int kerr_wrap(struct kerr *err, int r, const char *fmt, ...) printf_like(3, 4);

/*
 * The whole text: "msg: errno text", or msg alone. buf is filled and returned.
 * errno texts start in lower case ("no such file or directory").
 */
const char *kerr_text(const struct kerr *err, char *buf, size_t size);

/* The text of one errno value (positive), in lower case. buf is filled and returned. */
const char *errno_text(int e, char *buf, size_t size);

/*
 * Make the result negative, which callers rely on: a call may fail without setting
 * errno, and its -errno would then be 0, which means success.
 */
static inline int kerr_negative(int r)
{
	return r < 0 ? r : -EIO;
}

#define kerr_set(err, r, ...) kerr_negative((kerr_set) (err, r, __VA_ARGS__))
#define kerr_setk(err, kind, r, ...) kerr_negative((kerr_setk) (err, kind, r, __VA_ARGS__))
#define kerr_plain(err, r, ...) kerr_negative((kerr_plain) (err, r, __VA_ARGS__))
#define kerr_wrap(err, r, ...) kerr_negative((kerr_wrap) (err, r, __VA_ARGS__))

#define KERR_TEXT_MAX (sizeof(((struct kerr *) 0)->msg) + 128)

#endif
